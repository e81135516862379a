// The key of the opening handshake: see handshake_key.hpp. RFC 6455 4.2.2, RFC 4648 4.
#include "protocol/handshake_key.hpp"

#include <openssl/evp.h>

#include <array>

namespace websocket::protocol {

namespace {

// EVP_sha1() would be looked up among OpenSSL's providers each time it is used. Never freed:
// connections on other threads may outlive the statics of main().
const EVP_MD* sha1_method() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return fetched != nullptr ? fetched : EVP_sha1();
}

constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

}  // namespace

std::string make_key(std::span<const std::byte, 16> nonce) {
  return base64({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
}

// RFC 6455 4.2.2: "constructed by concatenating /key/, defined above in step 4 in Section 4.2.2,
// with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1 hash of this
// concatenated value to obtain a 20-byte value and base64-encoding (see Section 4 of [RFC4648])
// this 20-byte hash."
std::string accept_for(std::string_view key) {
  std::string hashed;
  hashed.reserve(key.size() + guid.size());
  hashed.append(key).append(guid);
  std::array<char, EVP_MAX_MD_SIZE> hash{};
  auto* const to = reinterpret_cast<unsigned char*>(hash.data());
  unsigned int size = 0;
  if (EVP_Digest(hashed.data(), hashed.size(), to, &size, sha1_method(), nullptr) != 1) return {};
  return base64({hash.data(), size});
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  for (auto to = text.begin(); !bytes.empty(); to += 4) {
    const std::string_view group = bytes.substr(0, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    // Every byte begins one digit more; the last group may be short of some.
    for (unsigned i = 0; i <= group.size(); ++i) to[i] = digits[bits >> (18U - 6U * i) & 63U];
    bytes.remove_prefix(group.size());
  }
  return text;
}

}  // namespace websocket::protocol
