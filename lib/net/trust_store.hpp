// The authorities this system trusts. What differs from platform to platform about them is here
// alone.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>

namespace websocket::net {

// Makes the context trust them; false when none were found.
bool trust_system(SSL_CTX& context);

// Whether OpenSSL would find an authority in that directory, by names like "5ed36f99.0".
bool holds_hashed_certificates(const std::filesystem::path& directory);

}  // namespace websocket::net
