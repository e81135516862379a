// A loop that is refused memory forgets nothing that it has taken.
#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <new>

#include "net/asio_loop.hpp"
#include "support/deadline.hpp"
#include "support/refused_memory.hpp"

using namespace websocket;
using namespace std::chrono_literals;
using support::refuse_in_turn;
using support::until_one_is_refused;

namespace {

// As a foreign loop does.
template <class Condition>
bool poll_until(net::AsioLoop& loop, int handle, Condition holds) {
  const support::Deadline deadline(support::default_deadline);
  while (!holds() && !deadline.over()) {
    constexpr int a_while = 100;
    ::pollfd ready{handle, POLLIN, 0};
    ::poll(&ready, 1, a_while);
    loop.poll();
  }
  return holds();
}

}  // namespace

TEST_CASE("what was posted is done once, and what could not be posted is not") {
  refuse_in_turn([](int which) {
    net::AsioLoop loop;
    const int handle = loop.wait_handle();
    if (handle < 0) return;  // not on this platform
    int posted = 0;
    int done = 0;
    bool is_tried = false;
    const auto timer = loop.at(loop.now(), [&] {  // at the reactor
      is_tried = true;
      until_one_is_refused = which;
      try {
        loop.post([&] { ++done; });
        ++posted;
      } catch (const std::bad_alloc&) {
      }
      until_one_is_refused = 0;
      loop.post([&] { ++done; });
      ++posted;
    });
    CHECK(poll_until(loop, handle, [&] { return is_tried && done >= posted; }));
    CHECK(done == posted);
  });
}

TEST_CASE("a timer that could not be made keeps none of the others from coming") {
  refuse_in_turn([](int which) {
    net::AsioLoop loop;
    const int handle = loop.wait_handle();
    if (handle < 0) return;
    bool has_come = false;
    const auto before = loop.at(loop.now() + 20ms, [] {});
    until_one_is_refused = which;
    net::OperationPtr earlier;
    try {
      earlier = loop.at(loop.now() + 10ms, [] {});
    } catch (const std::bad_alloc&) {
    }
    until_one_is_refused = 0;
    const auto later = loop.at(loop.now() + 30ms, [&] { has_come = true; });
    REQUIRE(poll_until(loop, handle, [&] { return has_come; }));
  });
}
