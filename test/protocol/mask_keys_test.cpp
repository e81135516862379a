// The supply of masking keys: all of the source's entropy, none of it twice.
#include "protocol/mask_keys.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>

using namespace websocket::protocol;

namespace {

// Counts what it gives out, so that every four bytes are different.
struct Source {
  std::uint32_t given = 0;
  int asked = 0;

  void operator()(std::span<std::byte> into) {
    ++asked;
    REQUIRE(into.size() % 4 == 0);
    for (std::size_t i = 0; i < into.size(); i += 4) {
      ++given;
      for (unsigned j = 0; j < 4; ++j) into[i + j] = static_cast<std::byte>(given >> (8U * j));
    }
  }
};

}  // namespace

TEST_SUITE("RFC 6455 5.3: masking keys") {
  TEST_CASE("every key is given once, also across refills") {
    Source source;
    MaskKeys keys([&source](std::span<std::byte> into) { source(into); });
    std::set<MaskKey> seen;
    for (int i = 0; i < 5000; ++i) CHECK(seen.insert(keys.next()).second);
  }

  TEST_CASE("a key is four bytes of the source as they came") {
    Source source;
    MaskKeys keys([&source](std::span<std::byte> into) { source(into); });
    CHECK(keys.next() == MaskKey{1, 0, 0, 0});
    CHECK(keys.next() == MaskKey{2, 0, 0, 0});
  }

  TEST_CASE("what is filled with other bytes from the supply is given to nobody else") {
    Source source;
    MaskKeys keys([&source](std::span<std::byte> into) { source(into); });
    std::array<std::byte, 6> bytes{};
    keys.fill(bytes);
    CHECK(bytes == std::array{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{2},
                              std::byte{0}});
    CHECK(keys.next() == MaskKey{3, 0, 0, 0});
    keys.fill({});
    CHECK(keys.next() == MaskKey{4, 0, 0, 0});
  }

  TEST_CASE("the source is not asked before a key is wanted, and seldom after that") {
    Source source;
    MaskKeys keys([&source](std::span<std::byte> into) { source(into); });
    CHECK(source.asked == 0);
    for (int i = 0; i < 1024; ++i) keys.next();
    CHECK(source.asked >= 1);
    CHECK(source.asked <= 64);
  }
}
