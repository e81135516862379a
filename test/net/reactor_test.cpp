// Sockets that wait together do so at Asio's reactor, which is made when the second of them waits;
// whatever else a loop does goes on there, and when one is left it waits alone again.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "run_loop.hpp"
#include "support/event.hpp"
#include "tcp_peer.hpp"

using namespace net_test;
using namespace std::chrono_literals;

namespace {

// Reads, waits again, and ends run() when it was told that often.
struct Stopping : Listening {
  net::AsioLoop* loop = nullptr;
  net::Stream* stream = nullptr;
  int most = 1;
  std::function<void()> when_told = [] {};
  void ready_to_read() override {
    Listening::ready_to_read();
    char byte = 0;
    CHECK(stream->read({&byte, 1}).size == 1);
    stream->wait_to_read();
    when_told();
    if (reads == most) loop->stop();
  }
};

// Two streams of a loop that wait to read.
struct Two {
  net::AsioLoop loop;
  TcpPeer peers[2];
  std::unique_ptr<net::Stream> streams[2];
  Stopping listeners[2];

  Two() {
    for (int i = 0; i < 2; ++i) {
      streams[i] = connect(loop, peers[i]);
      listeners[i].loop = &loop;
      listeners[i].stream = streams[i].get();
      streams[i]->set_listener(&listeners[i]);
    }
    for (const auto& stream : streams) stream->wait_to_read();
  }
};

bool is_readable(int descriptor, std::chrono::milliseconds within) {
  pollfd asked{descriptor, POLLIN, 0};
  return ::poll(&asked, 1, static_cast<int>(within.count())) == 1;
}

// Longer than a poll goes on.
void take_long() {
  const auto long_enough = net::Clock::now() + 20ms;
  while (net::Clock::now() < long_enough) {
  }
}

enum class By { run, run_one_until, poll };

By each_way() {
  By by = By::run;
  SUBCASE("by run") {}
  SUBCASE("by run_one_until") { by = By::run_one_until; }
  SUBCASE("by poll") { by = By::poll; }
  return by;
}

// Runs the loop in that way until a handler sets `happened`.
void run(net::AsioLoop& loop, By by, const bool& happened) {
  const auto too_late =
      loop.at(net::Clock::now() + support::default_deadline, [&] { loop.stop(); });
  const support::Deadline deadline(support::default_deadline);
  switch (by) {
    case By::run:
      loop.run();
      break;
    case By::run_one_until:
      run_until(loop, [&] { return happened; });
      break;
    case By::poll:
      while (!happened && !deadline.over()) loop.poll();
      break;
  }
  CHECK(happened);
  CHECK_FALSE(deadline.over());  // a stopped run would have made up for a lost wake-up
}

// No descriptor is left for this process while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::fcntl(0, F_DUPFD, 0);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_SUITE_BEGIN("AsioLoop: sockets that wait together");

TEST_CASE("timers come in their order, also those that are added meanwhile") {
  Two two;
  const By by = each_way();
  std::string order;
  bool done = false;
  net::OperationPtr third;
  const auto now = net::Clock::now();
  const auto never = two.loop.at(now + 1h, [&] { order += "never"; });
  const auto second = two.loop.at(now + 2ms, [&] {
    order += "2";
    two.loop.post([&] {
      third = two.loop.at(now + 10ms, [&] {
        order += "3";
        done = true;
        if (by == By::run) two.loop.stop();
      });
    });
  });
  const auto first = two.loop.at(now + 1ms, [&] { order += "1"; });
  auto dropped = two.loop.at(now + 1ms, [&] { order += "dropped"; });
  dropped.reset();
  run(two.loop, by, done);
  CHECK(order == "123");
  CHECK(net::Clock::now() >= now + 10ms);
}

TEST_CASE("what another thread posts is run") {
  Two two;
  const By by = each_way();
  bool done = false;
  std::thread other([&] {
    two.loop.post([&] {
      done = true;
      if (by == By::run) two.loop.stop();
    });
  });
  run(two.loop, by, done);
  other.join();
}

TEST_CASE("another thread stops it, now or when it is run next") {
  Two two;
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] { two.loop.stop(); });
    if (round % 2 == 0) {
      two.loop.run();
    } else {
      // What is left of the stop before it may be run first.
      while (two.loop.run_one_until(net::Clock::time_point::max()) > 0) {
      }
    }
    other.join();
  }
  two.peers[1].write("x");
  CHECK(run_until(two.loop, [&] { return two.listeners[1].reads == 1; }));
}

TEST_CASE("a handler stops it: no other handler is called before it is run again") {
  Two two;
  const By by = each_way();
  for (auto& peer : two.peers) peer.write("x");
  const auto reads = [&] { return two.listeners[0].reads + two.listeners[1].reads; };
  switch (by) {
    case By::run:
      two.loop.run();
      break;
    case By::run_one_until:
      CHECK(two.loop.run_one_until(net::Clock::time_point::max()) == 0);
      break;
    case By::poll:
      two.loop.poll();
      break;
  }
  CHECK(reads() == 1);
  two.loop.run();
  CHECK(reads() == 2);
}

TEST_CASE("the one that is left is told, in the same run, and so is everybody when another comes") {
  Two two;
  SUBCASE("after one has been told") {
    two.peers[0].write("x");
    two.loop.run();
    CHECK(two.listeners[0].reads == 1);
  }
  SUBCASE("while both wait") {}
  two.listeners[1].most = 5;
  two.listeners[1].when_told = [&] {
    if (two.listeners[1].reads == 2) two.streams[0].reset();
    if (two.listeners[1].reads < 5) two.peers[1].write("x");
  };
  two.peers[1].write("x");
  two.loop.run();
  CHECK(two.listeners[1].reads == 5);

  TcpPeer third_peer;
  const auto third = connect(two.loop, third_peer);
  Stopping thirds;
  thirds.loop = &two.loop;
  thirds.stream = third.get();
  third->set_listener(&thirds);
  third->wait_to_read();
  third_peer.write("x");
  two.loop.run();
  CHECK(thirds.reads == 1);
  two.listeners[1].most = 6;
  two.peers[1].write("x");
  two.loop.run();
  CHECK(two.listeners[1].reads == 6);
}

TEST_CASE(
    "where no descriptor is left for the reactor, the second one is told so, and the first waits") {
  net::AsioLoop loop;
  TcpPeer peers[2];
  const auto first = connect(loop, peers[0]);
  const auto second = connect(loop, peers[1]);
  Listening listeners[2];
  first->set_listener(&listeners[0]);
  second->set_listener(&listeners[1]);
  const NoDescriptors now;
  first->wait_to_read();
  second->wait_to_read();
  CHECK(run_until(loop, [&] { return listeners[1].reads == 1; }));
  char byte = 0;
  const net::IoResult result = second->read({&byte, 1});
  CHECK(result.status == net::IoStatus::failed);
  CHECK(result.error == std::errc::too_many_files_open);
  CHECK(second->write({"x", 1}).status == net::IoStatus::failed);
  peers[0].write("x");
  CHECK(run_until(loop, [&] { return listeners[0].reads == 1; }));
}

TEST_CASE("what a poll leaves undone makes the foreign loop come again") {
  net::AsioLoop loop;
  const int handle = loop.wait_handle();
  if (handle < 0) return;
  run_ready(loop);
  bool throws = false;
  bool ran = false;
  SUBCASE("for it was stopped by what it did") {
    loop.post([&] { loop.stop(); });
  }
  SUBCASE("for it was stopped by another thread") {
    loop.post([&] { std::thread([&] { loop.stop(); }).join(); });
  }
  SUBCASE("for something was thrown") {
    throws = true;
    loop.post([] { throw std::runtime_error("thrown"); });
  }
  loop.post([&] { ran = true; });
  REQUIRE(is_readable(handle, support::default_deadline));
  if (throws) {
    CHECK_THROWS_AS(loop.poll(), std::runtime_error);
  } else {
    loop.poll();
  }
  CHECK_FALSE(ran);
  REQUIRE(is_readable(handle, support::default_deadline));
  run_ready(loop);
  CHECK(ran);
  // And then there is peace.
  for (int i = 0; i < 10 && is_readable(handle, 0ms); ++i) run_ready(loop);
  CHECK_FALSE(is_readable(handle, 0ms));
}

TEST_CASE("a poll that took long makes the foreign loop come again for who was not told") {
  Two two;
  const int handle = two.loop.wait_handle();
  if (handle < 0) return;
  run_ready(two.loop);
  for (auto& listener : two.listeners) {
    listener.most = 2;
    listener.when_told = take_long;
  }
  for (auto& peer : two.peers) peer.write("x");
  const auto reads = [&] { return two.listeners[0].reads + two.listeners[1].reads; };
  REQUIRE(is_readable(handle, support::default_deadline));
  two.loop.poll();
  REQUIRE(reads() == 1);
  while (reads() == 1) {
    REQUIRE(is_readable(handle, support::default_deadline));
    two.loop.poll();
  }
}

TEST_CASE("where a socket's handler throws, the foreign loop comes again for the other's") {
  Two two;
  const int handle = two.loop.wait_handle();
  if (handle < 0) return;
  run_ready(two.loop);
  for (auto& listener : two.listeners) {
    listener.when_told = [] { throw std::runtime_error("thrown"); };
  }
  for (auto& peer : two.peers) peer.write("x");
  const auto reads = [&] { return two.listeners[0].reads + two.listeners[1].reads; };
  int thrown = 0;
  while (thrown < 2) {
    REQUIRE(is_readable(handle, support::default_deadline));
    try {
      two.loop.poll();
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  CHECK(reads() == 2);
}

TEST_CASE("a stop in a poll that took long ends that poll and no other") {
  net::AsioLoop loop;
  SUBCASE("of a program that asks again") {}
  SUBCASE("of a foreign loop") { loop.wait_handle(); }
  bool ran = false;
  loop.post([&] {
    take_long();
    loop.stop();
  });
  loop.post([&] { ran = true; });
  loop.poll();
  CHECK_FALSE(ran);
  loop.poll();
  CHECK(ran);
}

TEST_CASE("where no descriptor is left at all, a loop has its timers and hears other threads") {
  TcpPeer peer;
  const NoDescriptors now;
  net::AsioLoop loop;
  bool timer_ran = false;
  const auto timer = loop.at(net::Clock::now() + 1ms, [&] { timer_ran = true; });
  CHECK(run_until(loop, [&] { return timer_ran; }));
  bool ran = false;
  support::Event waits;
  loop.post([&] { waits.set(); });
  std::thread other([&] {
    CHECK(waits.wait());
    loop.post([&] { ran = true; });
  });
  CHECK(run_until(loop, [&] { return ran; }));
  other.join();
  ToldStream told;
  const auto connecting = loop.connect(peer.address(), {}, told.handler());
  CHECK(run_until(loop, [&] { return told.times() == 1; }));
  REQUIRE(told.has_failed());
  CHECK(told.failure().code == Errc::connect_failed);
  CHECK(told.failure().message.find("no socket could be opened") != std::string::npos);
}

TEST_SUITE_END();
