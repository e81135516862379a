// See public_key_pin.hpp.
#include "net/public_key_pin.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace websocket::net {
namespace {

constexpr std::string_view prefix = "sha256//";
constexpr std::size_t encoded_size = 44;  // 32 bytes, and one "=" of padding

}  // namespace

std::optional<PublicKeyPin> parse_pin(std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::string_view encoded = text.substr(prefix.size());
  if (encoded.size() != encoded_size) return std::nullopt;

  std::array<unsigned char, 33> decoded{};  // EVP_DecodeBlock counts the padding as a byte
  const int size =
      EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(encoded.data()),
                      static_cast<int>(encoded.size()));
  if (size != static_cast<int>(decoded.size())) return std::nullopt;

  PublicKeyPin pin;
  std::copy_n(decoded.begin(), pin.size(), pin.begin());
  // It overlooks white space and wrong padding; what doesn't read the same way back was no pin.
  return pin_text(pin) == text ? std::optional(pin) : std::nullopt;
}

std::optional<PublicKeyPin> pin_of(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size <= 0) return std::nullopt;
  PublicKeyPin pin;
  const int hashed =
      EVP_Digest(der, static_cast<std::size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return hashed == 1 ? std::optional(pin) : std::nullopt;
}

std::string pin_text(const PublicKeyPin& pin) {
  std::array<unsigned char, encoded_size + 1> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), pin.data(), static_cast<int>(pin.size()));
  return std::string(prefix) + std::string(encoded.begin(), encoded.begin() + std::max(size, 0));
}

}  // namespace websocket::net
