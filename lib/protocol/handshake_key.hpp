// The key of the opening handshake and the answer to it: RFC 6455 1.3, 4.1 and 4.2.2.
// The only file of this layer that uses libcrypto. Randomness comes in from outside.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace websocket::protocol {

// Sec-WebSocket-Key. RFC 6455 4.1: "a nonce consisting of a randomly selected 16-byte value that
// has been base64-encoded"
std::string make_key(std::span<const std::byte, 16> nonce);

// The Sec-WebSocket-Accept that belongs to a key. Empty, which is equal to no server's answer, if
// libcrypto has no SHA-1.
std::string accept_for(std::string_view key);

// RFC 4648 4.
std::string base64(std::string_view bytes);

}  // namespace websocket::protocol
