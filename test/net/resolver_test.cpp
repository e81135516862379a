#include "net/resolver.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "run_loop.hpp"
#include "support/event.hpp"
#include "tcp_peer.hpp"

using namespace net_test;

namespace {

using Addresses = std::vector<net::Address>;

// A name server that answers nobody before it is let go. Shared, for look-ups outlive loops and
// tests.
struct HangingServer {
  support::Event let_go;
  support::Mailbox<std::string> asked;
  support::Mailbox<std::string> answered;
};

net::LookUpFunction hanging(const std::shared_ptr<HangingServer>& server) {
  return [server](const std::string& host, std::uint16_t port) -> base::Outcome<Addresses> {
    server->asked.push(host);
    static_cast<void>(server->let_go.wait());
    server->answered.push(host);
    return Addresses{loopback(port)};
  };
}

}  // namespace

TEST_SUITE_BEGIN("resolver");

TEST_CASE("a numeric address is known without a look-up") {
  const net::AsioLoop loop([](const std::string&, std::uint16_t) -> base::Outcome<Addresses> {
    throw std::logic_error("nobody should be asked");
  });
  REQUIRE(loop.numeric_address("::1", 80));
  CHECK(loop.numeric_address("::1", 80)->text == "[::1]:80");
  CHECK_FALSE(loop.numeric_address("localhost", 80));
}

TEST_CASE("an answer wakes a loop that nobody else reaches, however long it waits") {
  net::AsioLoop loop(net::AsioLoop::Reached::from_its_own_thread);
  TcpPeer peer;
  const auto stream = connect(loop, peer);  // which it waits for
  Listening listener;
  stream->set_listener(&listener);
  for (const bool has_socket : {false, true}) {
    CAPTURE(has_socket);
    if (has_socket) stream->wait_to_read();
    ToldAddresses told;
    const auto operation = loop.resolve("localhost", 80, told.handler());
    const auto deadline = net::Clock::now() + support::default_deadline;
    while (!told) REQUIRE(loop.run_one_until(deadline) > 0);
    CHECK(net::Clock::now() < deadline);
    CHECK_FALSE(told.has_failed());
  }
  CHECK(listener.reads == 0);
}

TEST_CASE("localhost is looked up") {
  net::AsioLoop loop;
  ToldAddresses told;
  const auto operation = loop.resolve("localhost", 80, told.handler());
  REQUIRE(run_until(loop, [&] { return bool{told}; }));
  CHECK_FALSE(told.value().empty());
}

TEST_CASE("the look-up runs on another thread, with every signal blocked") {
  std::thread::id looked_up_on;
  bool blocked = false;
  net::AsioLoop loop([&](const std::string&, std::uint16_t port) -> base::Outcome<Addresses> {
    looked_up_on = std::this_thread::get_id();
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1 &&
              sigismember(&mask, SIGPIPE) == 1;
    return Addresses{loopback(port)};
  });
  ToldAddresses told;
  const auto operation = loop.resolve("a.example", 7, told.handler());
  REQUIRE(run_until(loop, [&] { return bool{told}; }));
  CHECK(told.value().front().text == "127.0.0.1:7");
  CHECK(looked_up_on != std::this_thread::get_id());
  CHECK(blocked);

  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  CHECK(sigismember(&mine, SIGTERM) == 0);
}

TEST_CASE("a failure of the look-up is told as it came") {
  net::AsioLoop loop([](const std::string& host, std::uint16_t) -> base::Outcome<Addresses> {
    return base::Failure{Errc::host_not_found, "no address is known for '" + host + "'"};
  });
  ToldAddresses told;
  const auto operation = loop.resolve("nosuch.example", 80, told.handler());
  REQUIRE(run_until(loop, [&] { return bool{told}; }));
  CHECK(told.failure().code == Errc::host_not_found);
  CHECK(told.failure().message == "no address is known for 'nosuch.example'");
}

TEST_CASE("an exception in the look-up is a failure, and stays on its thread") {
  net::AsioLoop loop([](const std::string&, std::uint16_t) -> base::Outcome<Addresses> {
    throw std::runtime_error("out of memory");
  });
  ToldAddresses told;
  const auto operation = loop.resolve("a.example", 80, told.handler());
  REQUIRE(run_until(loop, [&] { return bool{told}; }));
  CHECK(told.failure().code == Errc::resolve_failed);
  CHECK(told.failure().message == "'a.example' could not be looked up: out of memory");
}

TEST_CASE("the operation may be destroyed from within its handler") {
  net::AsioLoop loop;
  net::OperationPtr operation;
  bool called = false;
  operation = loop.resolve("localhost", 80, [&](const auto&) {
    operation.reset();
    called = true;
  });
  CHECK(run_until(loop, [&] { return called; }));
}

TEST_CASE("a name server that hangs is walked away from at once, also by the loop") {
  const auto server = std::make_shared<HangingServer>();
  const auto held = std::make_shared<int>(0);
  bool called = false;
  net::OperationPtr left;
  {
    net::AsioLoop loop(hanging(server));
    auto abandoned =
        loop.resolve("one.example", 80, [held, &called](const auto&) { called = true; });
    REQUIRE(server->asked.pop() == "one.example");
    abandoned.reset();
    CHECK(held.use_count() == 1);  // the helper thread holds nothing of ours
    left = loop.resolve("two.example", 80, [held, &called](const auto&) { called = true; });
    REQUIRE(server->asked.pop() == "two.example");
  }
  // Neither waited for the name server: it has answered nobody.
  CHECK(server->answered.empty());
  server->let_go.set();
  REQUIRE(server->answered.pop());
  REQUIRE(server->answered.pop());
  left.reset();
  CHECK_FALSE(called);
  CHECK(held.use_count() == 1);
}

TEST_CASE("an answer that is already on its way is not told after abandoning") {
  const auto server = std::make_shared<HangingServer>();
  net::AsioLoop loop(hanging(server));
  ToldAddresses told;
  ToldAddresses second;
  auto operation = loop.resolve("a.example", 80, told.handler());
  const auto other = loop.resolve("b.example", 80, second.handler());
  server->let_go.set();
  REQUIRE(server->answered.pop());
  REQUIRE(server->answered.pop());
  operation.reset();
  REQUIRE(run_until(loop, [&] { return bool{second}; }));
  run_ready(loop);
  CHECK(told.times() == 0);
}

TEST_CASE("look-ups beyond the bound wait for a thread, and can be abandoned while they do") {
  const auto server = std::make_shared<HangingServer>();
  net::AsioLoop loop(hanging(server));
  constexpr std::size_t more = 8;
  std::vector<ToldAddresses> told(net::max_running_look_ups + more);
  std::vector<net::OperationPtr> operations;
  for (std::size_t i = 0; i < told.size(); ++i) {
    operations.push_back(loop.resolve(std::to_string(i) + ".example", 80, told[i].handler()));
  }
  for (std::size_t i = 0; i < net::max_running_look_ups; ++i) REQUIRE(server->asked.pop());
  CHECK(server->asked.empty());  // nobody else gets a thread while these hang

  const std::size_t dropped = net::max_running_look_ups;  // the first that waits
  operations[dropped].reset();
  server->let_go.set();
  REQUIRE(run_until(loop, [&] {
    std::size_t count = 0;
    for (const auto& one : told) count += one ? 1U : 0U;
    return count == told.size() - 1;
  }));
  CHECK(told[dropped].times() == 0);
  for (std::size_t i = 0; i < more - 1; ++i) {
    CHECK(server->asked.pop() != std::to_string(dropped) + ".example");
  }
  CHECK(server->asked.empty());
}

TEST_CASE("loops on many threads resolve and abandon side by side") {
  const auto quick = [](const std::string&, std::uint16_t port) -> base::Outcome<Addresses> {
    return Addresses{loopback(port)};
  };
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        net::AsioLoop loop(quick);
        auto abandoned = loop.resolve("a.example", 80, [](const auto&) { FAIL("abandoned"); });
        ToldAddresses told;
        const auto wanted = loop.resolve("b.example", 80, told.handler());
        abandoned.reset();
        if (run_until(loop, [&] { return bool{told}; })) ++answers;
        auto left = loop.resolve("c.example", 80, [](const auto&) {});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answers == 200);
}

TEST_SUITE_END();
