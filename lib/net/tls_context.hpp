// TlsOptions made into what OpenSSL wants for every connection.
#pragma once

#include <memory>
#include <vector>

#include "net/loop.hpp"
#include "net/openssl.hpp"
#include "net/public_key_pin.hpp"
#include "net/tls_authorities.hpp"

namespace websocket::net {

struct OpenSslContext final : TlsContext {
  SslCtxPtr ssl;
  TlsOptions options;  // without key_password
  std::vector<PublicKeyPin> pins;
  Authorities authorities = Authorities::some;
};

base::Outcome<std::shared_ptr<const OpenSslContext>> make_tls_context(const TlsOptions& options);

}  // namespace websocket::net
