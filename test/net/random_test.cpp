#include "net/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using websocket::net::fill_with_random;

namespace {

std::vector<std::byte> random_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  fill_with_random(bytes);
  return bytes;
}

}  // namespace

TEST_SUITE_BEGIN("random");

TEST_CASE("every byte is filled, however many are wanted, and never twice with the same") {
  for (const std::size_t size : {1U, 16U, 32U, 255U, 256U, 257U, 2048U, 100'000U}) {
    CAPTURE(size);
    // Each byte is left as it was by chance only: one in 256 times.
    std::vector<bool> was_changed(size);
    for (int round = 0; round < 16; ++round) {
      const auto bytes = random_bytes(size);
      for (std::size_t i = 0; i < size; ++i) {
        if (bytes[i] != std::byte{0}) was_changed[i] = true;
      }
    }
    CHECK(std::count(was_changed.begin(), was_changed.end(), false) == 0);
    if (size >= 16) CHECK(random_bytes(size) != random_bytes(size));
  }
  fill_with_random({});
}

TEST_CASE("each value comes about as often as any other") {
  constexpr int values = 256;
  constexpr int each = 1000;
  for (const std::size_t at_once : {std::size_t{32}, std::size_t{4096}}) {
    CAPTURE(at_once);
    std::vector<int> times(values);
    for (std::size_t drawn = 0; drawn < std::size_t{values} * each; drawn += at_once) {
      for (const std::byte byte : random_bytes(at_once)) ++times[std::to_integer<unsigned>(byte)];
    }
    // Eight times the deviation that chance has: it never happens.
    const auto [fewest, most] = std::minmax_element(times.begin(), times.end());
    CHECK(*fewest > each - 260);
    CHECK(*most < each + 260);
  }
}

TEST_SUITE_END();
