#include "net/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <random>

namespace websocket::net {
namespace {

// RAND_bytes fails where OpenSSL's generator cannot be seeded or configured. std::random_device
// asks the system itself, and throws rather than giving us something that can be guessed.
void fill_from_system(std::span<std::byte> into) {
  std::random_device device;
  for (std::byte& byte : into) byte = static_cast<std::byte>(device() & 0xFFU);
}

}  // namespace

void fill_with_random(std::span<std::byte> into) {
  constexpr std::size_t most = INT_MAX;  // of RAND_bytes
  while (!into.empty()) {
    const std::span<std::byte> part = into.first(std::min(into.size(), most));
    auto* const bytes = reinterpret_cast<unsigned char*>(part.data());
    if (RAND_bytes(bytes, static_cast<int>(part.size())) != 1) fill_from_system(part);
    into = into.subspan(part.size());
  }
}

}  // namespace websocket::net
