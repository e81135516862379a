#include "net/asio_loop.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "run_loop.hpp"
#include "support/event.hpp"
#include "tcp_peer.hpp"

using namespace net_test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("AsioLoop");

TEST_CASE("posted work runs later and in order") {
  net::AsioLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) loop.post([&, i] { order.push_back(i); });
  CHECK(order.empty());
  CHECK(loop.poll() == 3);
  CHECK(order == std::vector{0, 1, 2});
  CHECK(loop.poll() == 0);
}

TEST_CASE("work that work posts comes after what was posted before it") {
  net::AsioLoop loop;
  std::vector<int> order;
  loop.post([&] {
    order.push_back(1);
    loop.post([&] { order.push_back(3); });
  });
  loop.post([&] { order.push_back(2); });
  run_ready(loop);
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("poll comes back although there is always more") {
  net::AsioLoop loop;
  SUBCASE("to a program that asks again") {}
  SUBCASE("to a foreign loop") { loop.wait_handle(); }
  int left = 2'000'000;  // many times what it can do meanwhile
  std::function<void()> more = [&] {
    if (--left > 0) loop.post(more);
  };
  loop.post(more);
  CHECK(loop.poll() > 0);
  REQUIRE(left > 0);
  const int left_before = left;
  loop.poll();
  CHECK(left < left_before);
}

TEST_CASE("posting from another thread wakes the loop") {
  net::AsioLoop loop;
  std::thread::id ran_on;
  std::thread other([&] { loop.post([&] { ran_on = std::this_thread::get_id(); }); });
  CHECK(loop.run_one_until(net::Clock::time_point::max()) == 1);
  CHECK(ran_on == std::this_thread::get_id());
  other.join();
}

TEST_CASE("a timer runs its work once, and not before its time") {
  net::AsioLoop loop;
  int times = 0;
  const auto when = loop.now() + 5ms;
  net::Clock::time_point ran;
  const auto timer = loop.at(when, [&] {
    ++times;
    ran = loop.now();
  });
  CHECK(times == 0);
  REQUIRE(run_until(loop, [&] { return times > 0; }));
  CHECK(ran >= when);
  run_ready(loop);
  CHECK(times == 1);
}

TEST_CASE("timers run in the order of their times, those of the past too, but never at once") {
  net::AsioLoop loop;
  std::vector<int> order;
  const auto now = loop.now();
  const auto later = loop.at(now + 2ms, [&] { order.push_back(3); });
  const auto earlier = loop.at(now - 1h, [&] { order.push_back(1); });
  const auto recent = loop.at(now - 1s, [&] { order.push_back(2); });
  CHECK(order.empty());
  REQUIRE(run_until(loop, [&] { return order.size() == 3; }));
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("a timer for the end of time never comes due") {
  net::AsioLoop loop;
  bool called = false;
  const auto timer = loop.at(net::Clock::time_point::max(), [&] { called = true; });
  CHECK(loop.run_one_until(loop.now() + 2ms) == 0);
  CHECK_FALSE(called);
}

TEST_CASE("a timer destroyed just as its handler is queued does not call it") {
  net::AsioLoop loop;
  const auto when = loop.now() - 1ms;  // both are due in the same turn of the loop
  std::array<net::OperationPtr, 2> timers;
  int calls = 0;
  for (std::size_t i = 0; i < timers.size(); ++i) {
    timers[i] = loop.at(when, [&, i] {
      ++calls;
      timers[1 - i].reset();
    });
  }
  REQUIRE(run_until(loop, [&] { return calls > 0; }));
  run_ready(loop);
  CHECK(calls == 1);
}

TEST_CASE("a timer may be destroyed from within its own handler") {
  net::AsioLoop loop;
  net::OperationPtr timer;
  auto value = std::make_shared<int>(1);
  int seen = 0;
  timer = loop.at(loop.now(), [&, value] {
    timer.reset();
    seen = *value;  // the handler itself is still there
  });
  REQUIRE(run_until(loop, [&] { return seen == 1; }));
  CHECK(value.use_count() == 1);
}

TEST_CASE("destroying a timer destroys its handler at once") {
  net::AsioLoop loop;
  const auto held = std::make_shared<int>(0);
  auto timer = loop.at(loop.now() + 1h, [held] {});
  CHECK(held.use_count() > 1);
  timer.reset();
  CHECK(held.use_count() == 1);
}

TEST_CASE("run_one_until returns 0 at the deadline") {
  net::AsioLoop loop;
  const auto deadline = loop.now() + 3ms;
  CHECK(loop.run_one_until(deadline) == 0);
  CHECK(loop.now() >= deadline);
}

TEST_CASE("run_one_until runs what is ready even when the deadline has passed") {
  net::AsioLoop loop;
  bool called = false;
  loop.post([&] { called = true; });
  CHECK(loop.run_one_until(loop.now() - 1s) == 1);
  CHECK(called);
}

TEST_CASE("run goes on without anything to do until it is stopped, and can run again") {
  net::AsioLoop loop;
  for (int round = 0; round < 2; ++round) {
    support::Event ran;
    std::thread runner([&] { loop.run(); });
    loop.post([&] { ran.set(); });
    CHECK(ran.wait());
    loop.stop();
    runner.join();
  }
}

TEST_CASE("a stop that comes before run is not lost") {
  net::AsioLoop loop;
  loop.stop();
  loop.run();  // returns at once
  CHECK(loop.run_one_until(loop.now() + 1ms) == 0);
}

TEST_CASE("stop ends a wait without deadline, and the next one waits again") {
  net::AsioLoop loop;
  std::thread stopper([&] { loop.stop(); });
  CHECK(loop.run_one_until(net::Clock::time_point::max()) == 0);
  stopper.join();
  loop.post([] {});
  CHECK(loop.run_one_until(net::Clock::time_point::max()) == 1);
}

TEST_CASE("destroying the loop destroys handlers uncalled, and operations may outlive it") {
  const auto held = std::make_shared<int>(0);
  bool called = false;
  const auto handler = [held, &called](auto&&...) { called = true; };
  TcpPeer peer;
  std::vector<net::OperationPtr> operations;
  std::unique_ptr<net::Stream> stream;
  Listening listener;
  {
    net::AsioLoop loop;
    stream = connect(loop, peer);
    stream->set_listener(&listener);
    stream->wait_to_read();
    loop.post(handler);
    operations.push_back(loop.at(loop.now(), handler));
    operations.push_back(loop.at(loop.now() + 1h, handler));
    operations.push_back(loop.connect(peer.address(), {}, handler));
    operations.push_back(loop.resolve("localhost", 80, handler));
  }
  stream.reset();
  operations.clear();
  CHECK_FALSE(called);
  CHECK(listener.reads == 0);
  CHECK(held.use_count() == 2);  // `handler` itself
}

TEST_CASE("a handler may own the operation it belongs to") {
  const auto held = std::make_shared<int>(0);
  {
    net::AsioLoop loop;
    auto own = std::make_shared<net::OperationPtr>();
    loop.post([own, held] {});
    *own = loop.at(loop.now() + 1h, [] {});
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("the read buffer is one for all, and its size is known to suit small messages") {
  net::AsioLoop loop;
  const std::span<char> buffer = loop.read_buffer();
  CHECK(buffer.size() == 128 * 1024);
  CHECK(loop.read_buffer().data() == buffer.data());
}

TEST_CASE("a read buffer that was lent is the next loop's, and no two loops have the same") {
  net::AsioLoop first;
  net::AsioLoop second;
  const char* const buffer = first.read_buffer().data();
  CHECK(second.read_buffer().data() != buffer);
  first.lend_read_buffer();
  first.lend_read_buffer();
  net::AsioLoop third;
  CHECK(third.read_buffer().data() == buffer);
  CHECK(first.read_buffer().data() != buffer);
  CHECK(first.read_buffer().data() != second.read_buffer().data());
}

TEST_CASE("read buffers are lent from thread to thread, and each has one owner") {
  std::vector<std::thread> threads;
  std::atomic<int> mistakes{0};
  for (char mine = 0; mine < 4; ++mine) {
    threads.emplace_back([&, mine] {
      net::AsioLoop loops[4];
      for (int round = 0; round < 2000; ++round) {
        for (net::AsioLoop& loop : loops) loop.read_buffer()[0] = mine;
        for (net::AsioLoop& loop : loops) {
          if (loop.read_buffer()[0] != mine) ++mistakes;
          loop.lend_read_buffer();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(mistakes == 0);
}

TEST_CASE("random bytes differ from call to call and fill everything") {
  net::AsioLoop loop;
  std::set<std::array<std::byte, 16>> seen;
  for (int i = 0; i < 64; ++i) {
    std::array<std::byte, 16> bytes{};
    loop.random(bytes);
    CHECK(seen.insert(bytes).second);
  }
  loop.random({});
}

TEST_SUITE_END();
