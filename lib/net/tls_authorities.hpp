// Whom to trust: the system's authorities, or those that TlsOptions names instead.
#pragma once

#include <openssl/ssl.h>

#include <variant>
#include <websocket/options.hpp>

#include "base/failure.hpp"

namespace websocket::net {

enum class Authorities { some, none };  // none: nothing on this system says whom to trust

base::Outcome<Authorities> trust_authorities(SSL_CTX& context, const TlsOptions& options);

}  // namespace websocket::net
