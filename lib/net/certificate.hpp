// What a person wants to know of a certificate. The server wrote it: text from it is made safe to
// print.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace websocket::net {

std::string subject_of(const X509& certificate);    // "CN=localhost, O=Example"
std::string issuer_of(const X509& certificate);     // likewise
std::string first_day_of(const X509& certificate);  // "2026-12-31"
std::string last_day_of(const X509& certificate);   // likewise
// The hosts it is for: names and IP addresses of its subjectAltName, or else its common name.
std::vector<std::string> hosts_of(const X509& certificate);

}  // namespace websocket::net
