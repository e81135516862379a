// The waits between attempts.
#include "engine/backoff.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

using namespace websocket;
using engine::Backoff;
using std::chrono::milliseconds;

namespace {

ReconnectPolicy plain(Duration initial, Duration cap, double multiplier) {
  return {.initial_delay = initial, .max_delay = cap, .multiplier = multiplier, .jitter = false};
}

std::vector<int> waits(const ReconnectPolicy& policy, std::size_t count) {
  Backoff backoff(policy, [](std::span<std::byte>) { FAIL("nothing random is wanted"); });
  std::vector<int> found;
  while (found.size() < count) found.push_back(static_cast<int>(backoff.next().count()));
  return found;
}

}  // namespace

TEST_SUITE("backoff") {
  TEST_CASE("each wait is longer than the one before, up to the cap") {
    CHECK((waits(plain(milliseconds(500), milliseconds(60000), 2), 9) ==
           std::vector<int>{500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}));
    CHECK((waits(plain(milliseconds(100), milliseconds(1000), 10), 4) ==
           std::vector<int>{100, 1000, 1000, 1000}));
  }

  TEST_CASE("the first wait keeps to the cap too") {
    CHECK((waits(plain(milliseconds(5000), milliseconds(70), 2), 2) == std::vector<int>{70, 70}));
  }

  TEST_CASE("after reset it begins anew") {
    Backoff backoff(plain(milliseconds(10), milliseconds(1000), 3), {});
    backoff.next();
    backoff.next();
    backoff.reset();
    CHECK(backoff.next() == milliseconds(10));
    CHECK(backoff.next() == milliseconds(30));
  }

  TEST_CASE("senseless settings make no storm: never no wait, never a shorter one") {
    for (const auto& policy :
         {plain(milliseconds(0), milliseconds(0), 0), plain(milliseconds(-5), milliseconds(-5), -1),
          plain(milliseconds(10), milliseconds(100), 0.1)}) {
      const std::vector<int> found = waits(policy, 5);
      CHECK(found.front() > 0);
      CHECK(std::is_sorted(found.begin(), found.end()));
    }
  }

  TEST_CASE("small waits grow as well") {
    CHECK(waits(plain(milliseconds(1), milliseconds(60000), 1.5), 60).back() == 60000);
    CHECK(waits(plain(milliseconds(2), milliseconds(60000), 1.4), 60).back() == 60000);
  }

  TEST_CASE("many attempts do not overflow") {
    Backoff backoff(plain(milliseconds(500), Duration::max(), 1e300), {});
    Duration before{0};
    for (int i = 0; i < 50; ++i) {
      const Duration wait = backoff.next();
      CHECK(wait >= before);
      before = wait;
    }
    CHECK(before > std::chrono::hours(24));
  }

  TEST_CASE("with jitter a wait is anything from nothing to the plain one") {
    unsigned char value = 0;
    ReconnectPolicy policy = plain(milliseconds(1000), milliseconds(1000), 2);
    policy.jitter = true;
    Backoff backoff(policy, [&value](std::span<std::byte> into) {
      std::fill(into.begin(), into.end(), static_cast<std::byte>(value));
    });
    CHECK(backoff.next() == milliseconds(0));
    value = 0xff;
    CHECK(backoff.next() == milliseconds(1000));
    value = 0x80;
    CHECK(backoff.next() >= milliseconds(490));
    CHECK(backoff.next() <= milliseconds(510));
  }
}
