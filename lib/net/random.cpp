#include "net/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <random>

#if __has_include(<sys/random.h>)
#include <sys/random.h>
#include <unistd.h>
#endif

namespace websocket::net {
namespace {

// OpenSSL's generator is the faster one for much, but takes some seven thousand instructions for each
// question. A little is asked of the system itself: false where it does not answer that.
bool ask_system([[maybe_unused]] std::span<std::byte> into) noexcept {
#if __has_include(<sys/random.h>)
  constexpr std::size_t most = 256;  // of getentropy
  return into.size() <= most && ::getentropy(into.data(), into.size()) == 0;
#else
  return false;
#endif
}

bool ask_openssl(std::span<std::byte> into) noexcept {
  auto* const bytes = reinterpret_cast<unsigned char*>(into.data());
  return RAND_bytes(bytes, static_cast<int>(into.size())) == 1;
}

// It throws rather than giving us something that can be guessed.
void ask_device(std::span<std::byte> into) {
  std::random_device device;
  for (std::byte& byte : into) byte = static_cast<std::byte>(device() & 0xFFU);
}

}  // namespace

// Where OpenSSL's generator cannot be seeded or configured it says so.
void fill_with_random(std::span<std::byte> into) {
  constexpr std::size_t most = INT_MAX;  // of RAND_bytes
  while (!into.empty()) {
    const std::span<std::byte> part = into.first(std::min(into.size(), most));
    if (!ask_system(part) && !ask_openssl(part)) ask_device(part);
    into = into.subspan(part.size());
  }
}

}  // namespace websocket::net
