// The authorities this system trusts. What differs from platform to platform about them is here
// alone.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <string>
#include <vector>

namespace websocket::net {

// Makes the context trust them; false when none were found.
bool trust_system(SSL_CTX& context);

// The files and directories that it would look at.
std::vector<std::string> system_trust_paths();

// Whether OpenSSL would find an authority in that directory, by names like "5ed36f99.0".
bool holds_hashed_certificates(const std::filesystem::path& directory);

}  // namespace websocket::net
