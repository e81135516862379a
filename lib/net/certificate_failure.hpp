// Why a certificate was refused, with what matters about it.
#pragma once

#include <openssl/x509.h>

#include <string>

#include "base/failure.hpp"
#include "net/tls_authorities.hpp"

namespace websocket::net {

struct Refusal {
  int reason;               // X509_V_ERR_...
  int depth;                // in the chain; 0: the server's own certificate
  const X509* certificate;  // the one it is about; may be null
};

base::Failure certificate_failure(const Refusal& refusal, const std::string& host,
                                  Authorities authorities);

}  // namespace websocket::net
