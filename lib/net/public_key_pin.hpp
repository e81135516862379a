// Pins: "sha256//" and the base64 of SHA-256 over a certificate's public key (its
// SubjectPublicKeyInfo in DER, as RFC 7469 2.4 hashes it). It survives a renewal of the certificate
// with the same key.
#pragma once

#include <openssl/x509.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace websocket::net {

using PublicKeyPin = std::array<unsigned char, 32>;

std::optional<PublicKeyPin> parse_pin(std::string_view text);
std::optional<PublicKeyPin> pin_of(const X509& certificate);
std::string pin_text(const PublicKeyPin& pin);

}  // namespace websocket::net
