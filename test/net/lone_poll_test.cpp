// run_one_until() while a single socket waits, which is then waited for without Asio's reactor:
// everything else that a loop does goes on as ever.
#include "net/lone_poll.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "run_loop.hpp"
#include "tcp_peer.hpp"

using namespace net_test;
using namespace std::chrono_literals;

namespace {

// A stream of a loop that waits to read.
struct Waiting {
  net::AsioLoop loop;
  TcpPeer peer;
  std::unique_ptr<net::Stream> stream = connect(loop, peer);
  Listening listener;

  Waiting() {
    stream->set_listener(&listener);
    stream->wait_to_read();
  }
};

}  // namespace

TEST_SUITE_BEGIN("AsioLoop: a socket that waits alone");

TEST_CASE("is told, and run_one_until counts that") {
  Waiting w;
  run_ready(w.loop);
  w.stream->wait_to_write();
  CHECK(w.loop.run_one_until(net::Clock::time_point::max()) == 1);
  CHECK(w.listener.writes == 1);
  CHECK(w.listener.reads == 0);
  w.peer.write("x");
  CHECK(w.loop.run_one_until(net::Clock::time_point::max()) == 1);
  CHECK(w.listener.reads == 1);
}

TEST_CASE("does not keep the deadline from passing, and is told even after it") {
  Waiting w;
  const auto deadline = net::Clock::now() + 5ms;
  while (w.loop.run_one_until(deadline) > 0) {
  }
  CHECK(net::Clock::now() >= deadline);
  CHECK(w.listener.reads == 0);
  w.peer.write("x");
  CHECK(run_until(w.loop, [&] { return w.listener.reads == 1; }));
  w.stream->wait_to_read();
  CHECK(w.loop.run_one_until(net::Clock::now() - 1h) == 1);
  CHECK(w.listener.reads == 2);
}

TEST_CASE("does not keep timers waiting, also when it is ready all the time") {
  Waiting w;
  bool is_ready_all_the_time = false;
  SUBCASE("it has nothing to read") {}
  SUBCASE("it always has") { is_ready_all_the_time = true; }
  if (is_ready_all_the_time) w.peer.write("x");
  int timers = 0;
  const auto when = net::Clock::now() + 5ms;
  const auto first = w.loop.at(when, [&] { ++timers; });
  const auto second = w.loop.at(when, [&] { ++timers; });
  CHECK(run_until(w.loop, [&] {
    w.stream->wait_to_read();
    return timers == 2;
  }));
  CHECK((w.listener.reads > 0) == is_ready_all_the_time);
}

TEST_CASE("does not keep what is posted waiting: before, by a handler, from another thread") {
  Waiting w;
  int posted = 0;
  w.loop.post([&] { ++posted; });
  w.loop.post([&] { w.loop.post([&] { ++posted; }); });
  CHECK(run_until(w.loop, [&] { return posted == 2; }));
  for (int round = 3; round < 200; ++round) {
    std::thread other([&] { w.loop.post([&] { ++posted; }); });
    CHECK(run_until(w.loop, [&] { return posted == round; }));
    other.join();
  }
  CHECK(w.listener.reads == 0);
}

TEST_CASE("does not keep the loop from being stopped") {
  Waiting w;
  while (w.loop.run_one_until(net::Clock::now()) > 0) {
  }
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] { w.loop.stop(); });
    CHECK(w.loop.run_one_until(net::Clock::time_point::max()) == 0);
    other.join();
  }
  w.peer.write("x");
  CHECK(run_until(w.loop, [&] { return w.listener.reads == 1; }));
}

TEST_CASE("is not told after a handler has stopped the loop, before that is run again") {
  Waiting w;
  SUBCASE("a timer") {
    const auto timer = w.loop.at(net::Clock::now(), [&] { w.loop.stop(); });
    w.peer.write("x");
    w.loop.run();
  }
  SUBCASE("what was posted") {
    w.loop.post([&] { w.loop.stop(); });
    w.loop.post([&] { w.stream->wait_to_write(); });
    w.peer.write("x");
    w.loop.run();
    CHECK(w.listener.writes == 0);
  }
  CHECK(w.listener.reads == 0);
  CHECK(run_until(w.loop, [&] { return w.listener.reads == 1; }));
}

TEST_CASE("is told while handlers post again and again, and does not starve them") {
  Waiting w;
  int posted = 0;
  const std::function<void()> again = [&] {
    ++posted;
    w.loop.post(again);
  };
  w.loop.post(again);
  w.peer.write("x");
  CHECK(run_until(w.loop, [&] { return w.listener.reads > 0 && posted > 10; }));
}

TEST_CASE("what was posted before a stop runs after it") {
  Waiting w;
  while (w.loop.run_one_until(net::Clock::now()) > 0) {
  }
  bool ran = false;
  w.loop.post([&] { ran = true; });
  w.loop.stop();
  CHECK(w.loop.run_one_until(net::Clock::time_point::max()) == 0);
  CHECK_FALSE(ran);
  CHECK(w.loop.run_one_until(net::Clock::time_point::max()) == 1);
  CHECK(ran);
}

TEST_CASE("is joined by others: all of them are told, however the loop is run") {
  bool by_poll = false;
  SUBCASE("by run_one_until") {}
  SUBCASE("by poll") { by_poll = true; }
  Waiting w;
  TcpPeer other_peer;
  const auto other = connect(w.loop, other_peer);  // while the first one waits
  Listening others;
  other->set_listener(&others);
  const auto told = [&](int first, int second) {
    const support::Deadline deadline(support::default_deadline);
    const auto both = [&] { return w.listener.reads == first && others.reads == second; };
    if (!by_poll) return run_until(w.loop, both);
    while (!both() && !deadline.over()) w.loop.poll();
    return both();
  };
  other->wait_to_read();
  other_peer.write("x");
  CHECK(told(0, 1));
  w.peer.write("x");
  CHECK(told(1, 1));
  other->wait_to_read();
  w.stream->wait_to_read();
  CHECK(told(2, 2));
}

TEST_CASE("goes while it waits, and leaves the loop as it was") {
  Waiting w;
  int timers = 0;
  const auto timer = w.loop.at(net::Clock::now() + 1ms, [&] {
    ++timers;
    w.stream.reset();
  });
  w.peer.write("x");
  w.stream.reset();
  CHECK(run_until(w.loop, [&] { return timers == 1; }));
  CHECK(w.listener.reads == 0);
}

TEST_SUITE_END();
