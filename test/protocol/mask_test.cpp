// Masking, held against RFC 6455 5.3's formula.
#include "protocol/mask.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "protocol/wire.hpp"

using namespace websocket::protocol;

namespace {

constexpr MaskKey key = {0x37, 0xfa, 0x21, 0x3d};

std::string by_formula(std::string bytes, std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ key[(i + offset) % 4]);
  }
  return bytes;
}

}  // namespace

TEST_SUITE("RFC 6455 5.3: masking") {
  TEST_CASE("the RFC's example: Hello, masked") {
    std::string masked(5, '\0');
    mask_copy(masked.data(), "Hello", 5, key);
    CHECK(masked == "\x7f\x9f\x4d\x51\x58");
  }

  TEST_CASE("every size at every offset and every alignment is as the formula says") {
    const std::string source = wire::filling(200);
    for (std::size_t size = 0; size <= 150; ++size) {
      for (std::size_t offset = 0; offset < 8; ++offset) {
        for (std::size_t shift = 0; shift < 4; ++shift) {
          std::string to(size + shift + 1, '#');
          mask_copy(to.data() + shift, source.data() + 3 * shift, size, key, offset);
          REQUIRE(to.substr(shift, size) == by_formula(source.substr(3 * shift, size), offset));
          REQUIRE(to.back() == '#');
        }
      }
    }
  }

  TEST_CASE("every size works in place, at every offset") {
    const std::string source = wire::filling(150);
    for (std::size_t size = 0; size <= source.size(); ++size) {
      for (std::size_t offset = 0; offset < 4; ++offset) {
        std::string bytes = source;
        mask_copy(bytes.data(), bytes.data(), size, key, offset);
        REQUIRE(bytes == by_formula(source.substr(0, size), offset) + source.substr(size));
      }
    }
  }

  TEST_CASE("long ones are as the formula says, wherever they begin, also in place") {
    const std::string source = wire::filling(1200);
    for (std::size_t size = 1000; size <= 1100; ++size) {
      for (std::size_t shift = 0; shift < 64; ++shift) {
        const std::string expected = by_formula(source.substr(3, size), shift);
        std::string to(shift + size + 1, '#');
        mask_copy(to.data() + shift, source.data() + 3, size, key, shift);
        REQUIRE(to.substr(shift) == expected + "#");
        to.replace(shift, size, source, 3, size);
        mask_copy(to.data() + shift, to.data() + shift, size, key, shift);
        REQUIRE(to.substr(shift) == expected + "#");
      }
    }
  }

  TEST_CASE("it works in place, and twice is as it was") {
    const std::string source = wire::filling(1000);
    std::string bytes = source;
    mask_copy(bytes.data(), bytes.data(), bytes.size(), key);
    CHECK(bytes == by_formula(source, 0));
    mask_copy(bytes.data(), bytes.data(), bytes.size(), key);
    CHECK(bytes == source);
  }

  TEST_CASE("a payload masked in pieces is as masked whole") {
    const std::string source = wire::filling(5000);
    for (unsigned seed = 0; seed < 30; ++seed) {
      CAPTURE(seed);
      std::string pieces;
      for (const std::string_view piece : wire::cut_at_random(source, seed)) {
        std::string masked(piece.size(), '\0');
        mask_copy(masked.data(), piece.data(), piece.size(), key, pieces.size());
        pieces += masked;
      }
      CHECK(pieces == by_formula(source, 0));
    }
  }

  TEST_CASE("the key 0 leaves the bytes as they are") {
    std::string to(5, '\0');
    mask_copy(to.data(), "Hello", 5, MaskKey{});
    CHECK(to == "Hello");
  }
}
