// The certificate and key we show to servers that ask for one.
#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <websocket/options.hpp>

#include "base/failure.hpp"

namespace websocket::net {

std::optional<base::Failure> use_client_certificate(SSL_CTX& context, const TlsOptions& options);

}  // namespace websocket::net
