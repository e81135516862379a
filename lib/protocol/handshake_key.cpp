// The key of the opening handshake: see handshake_key.hpp. RFC 6455 4.2.2, RFC 4648 4.
#include "protocol/handshake_key.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace websocket::protocol {

namespace {

std::string sha1(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    return {};
  }
  return {digest.begin(), digest.begin() + size};
}

}  // namespace

std::string make_key(std::span<const std::byte, 16> nonce) {
  std::string bytes;
  for (const std::byte byte : nonce) bytes += static_cast<char>(byte);
  return base64(bytes);
}

// RFC 6455 4.2.2: "constructed by concatenating /key/, defined above in step 4 in Section 4.2.2,
// with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1 hash of this
// concatenated value to obtain a 20-byte value and base64-encoding (see Section 4 of [RFC4648])
// this 20-byte hash."
std::string accept_for(std::string_view key) {
  return base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string base64(std::string_view bytes) {
  // In pieces because libcrypto counts in int; whole triples, so that padding comes last alone.
  constexpr std::size_t piece_size = 3 * 1024;
  std::array<unsigned char, piece_size / 3 * 4 + 1> encoded{};  // libcrypto ends it with a NUL
  std::string text;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_size);
    const auto* data = reinterpret_cast<const unsigned char*>(piece.data());
    const int size = EVP_EncodeBlock(encoded.data(), data, static_cast<int>(piece.size()));
    text.append(encoded.begin(), encoded.begin() + size);
    bytes.remove_prefix(piece.size());
  }
  return text;
}

}  // namespace websocket::protocol
