// RunOptions::dispatcher: handlers run where it puts them, in order; what lags, and what is left over.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::comes_true;
using api_test::Probe;
using api_test::quick;
using api_test::Watchdog;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Message;
using websocket::RunOptions;
using websocket::State;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

// A GUI's queue of things to do, run by the test's own thread.
class Queue {
 public:
  RunOptions options() {
    return {.dispatcher = [this](std::function<void()> work) { work_.push(std::move(work)); }};
  }
  /// Runs the next thing; false when none came in time.
  bool run_one(support::Milliseconds deadline = support::default_deadline) {
    auto work = work_.pop(deadline);
    if (work) (*work)();
    return work.has_value();
  }
  bool run_until(const std::function<bool()>& condition) {
    while (!condition()) {
      if (!run_one()) return false;
    }
    return true;
  }
  void run_what_is_there() {
    while (!work_.empty()) run_one();
  }
  std::size_t size() const { return work_.size(); }

 private:
  support::Mailbox<std::function<void()>> work_;
};

}  // namespace

TEST_SUITE("WebSocketApp: dispatcher") {
  TEST_CASE("every handler runs on the dispatcher's thread, in order") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 200; ++i) connection.write_text(std::to_string(i));
      connection.write(support::server_frame(true, 9, "p") + support::server_frame(true, 10, "q"));
      connection.shutdown();
      connection.wait_for_end();
    });
    Queue queue;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    std::thread::id handler_thread;
    app.on_open = [&](WebSocketApp&) {
      probe.add("open");
      handler_thread = std::this_thread::get_id();
    };
    app.start(queue.options());
    REQUIRE(queue.run_until([&] { return probe.ended.is_set(); }));
    CHECK(handler_thread == std::this_thread::get_id());
    Events expected{"open"};
    for (int i = 0; i < 200; ++i) expected.push_back("message " + std::to_string(i));
    expected.insert(expected.end(), {"ping p", "pong q", "error closed", "close 1006"});
    CHECK(probe.events() == expected);
  }

  TEST_CASE("a dispatcher that runs what it is given at once") {
    samples::EchoServer server;
    const Watchdog watchdog("a dispatcher that runs things at once");
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    Probe probe;
    probe.attach(*app);
    app->on_open = [](WebSocketApp& self) { self.send("x"); };
    const RunOptions at_once{.dispatcher = [](const std::function<void()>& work) { work(); }};
    SUBCASE("closed in a handler") {
      app->on_message = [](WebSocketApp& self, const Message&) { self.close(); };
      CHECK_FALSE(app->run_forever(at_once));
      CHECK(probe.events() == Events{"close 1000"});
    }
    SUBCASE("destroyed in a handler") {
      app->on_message = [&](WebSocketApp&, const Message&) { app.reset(); };
      app->run_forever(at_once);
      CHECK(app == nullptr);
      CHECK(probe.events().empty());
    }
  }

  TEST_CASE("a dispatcher with several threads never runs two handlers at once") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 500; ++i) connection.write_text(std::to_string(i));
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    std::atomic<int> inside{0};
    std::atomic<bool> overlap{false};
    int next = 0;
    bool in_order = true;
    support::Event ended;
    app.on_message = [&](WebSocketApp&, std::string_view text) {
      overlap = overlap || ++inside > 1;
      in_order = in_order && text == std::to_string(next++);
      --inside;
    };
    app.on_close = [&](WebSocketApp&, const CloseInfo&) { ended.set(); };
    support::Mailbox<std::function<void()>> work;
    std::vector<std::thread> pool;
    for (int i = 0; i < 3; ++i) {
      pool.emplace_back([&] {
        while (const auto item = work.pop()) {
          if (!*item) return;
          (*item)();
        }
      });
    }
    app.start({.dispatcher = [&](std::function<void()> item) { work.push(std::move(item)); }});
    CHECK(ended.wait());
    app.wait();
    for (std::size_t i = 0; i < pool.size(); ++i) work.push(nullptr);
    for (std::thread& thread : pool) thread.join();
    CHECK_FALSE(overlap);
    CHECK(in_order);
    CHECK(next == 500);
  }

  TEST_CASE("what is still queued when the app goes away does nothing") {
    samples::EchoServer server;
    Queue queue;
    Probe probe;
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    probe.attach(*app);
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = captured;
    app->on_open = [&, held = std::move(captured)](WebSocketApp&) { probe.add("open"); };
    app->start(queue.options());
    REQUIRE(comes_true([&] { return queue.size() > 0; }));
    app.reset();
    queue.run_what_is_there();
    CHECK(probe.events().empty());
    CHECK(watched.expired());
  }

  TEST_CASE("a dispatcher that never runs anything hangs neither close, wait nor destruction") {
    samples::EchoServer server;
    Queue queue;
    const Watchdog watchdog("a dispatcher that never runs anything");
    Probe probe;
    {
      WebSocketApp app(server.url(), quick());
      probe.attach(app);
      app.start(queue.options());
      REQUIRE(comes_true([&] { return app.state() == State::open; }));
      SUBCASE("destroyed") {}
      SUBCASE("closed and waited for") {
        app.close();
        app.wait();
        CHECK(app.state() == State::closed);
      }
    }
    CHECK(probe.events().empty());
  }

  TEST_CASE("a dispatcher that drops or refuses what it is given hangs nothing") {
    samples::EchoServer server;
    const Watchdog watchdog("a dispatcher that drops things");
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    SUBCASE("drops") {
      app.start({.dispatcher = [](const std::function<void()>&) {}});
    }
    SUBCASE("throws") {
      app.start({.dispatcher = [](const std::function<void()>&) { throw 42; }});
    }
    REQUIRE(comes_true([&] { return app.state() == State::open; }));
    app.close();
    app.wait();
    CHECK(probe.events().empty());
  }

  TEST_CASE("while handlers lag no more is read, and what was read is answered at once") {
    constexpr std::size_t size = 100000;
    support::Event stalled;
    std::atomic<int> written{0};
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_frame(true, 9, "are you there");
      const auto pong = connection.read_frame();
      CHECK(pong.opcode == 10);
      CHECK(pong.payload == "are you there");
      // 200 MB: more than any socket buffer takes.
      const std::string frame = support::server_frame(true, 2, std::string(size, 'x'));
      for (int i = 0; i < 2000; ++i) {
        try {
          connection.write(
              frame, stalled.is_set() ? support::default_deadline : support::Milliseconds(300));
        } catch (const support::RawError&) {
          stalled.set();  // TCP pushes back, as it should; what was cut is of no use
          connection.wait_for_end();
          return;
        }
        ++written;
      }
    });
    Queue queue;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_message = [&](WebSocketApp&, const Message&) { probe.add("message"); };
    app.start(queue.options());
    // Nobody runs the queue: the pong goes out nevertheless, the messages pile up at the server.
    REQUIRE(stalled.wait());
    CHECK(written < 2000);
    CHECK(probe.events().empty());
    // Read on until the server's buffers are empty: it all arrives.
    const auto whole = static_cast<std::size_t>(written.load());
    REQUIRE(queue.run_until([&] { return probe.count("message") >= whole; }));
    CHECK(probe.count("message") == whole);
    CHECK(probe.events()[1] == "ping are you there");
  }

  TEST_CASE(
      "of what one read has brought no more waits for the dispatcher than of what is read later") {
    constexpr int count = 3000;  // some 20 KB: there at once
    support::Event written;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < count; ++i) all += support::server_frame(true, 2, std::to_string(i));
      connection.write(all + support::server_frame(true, 8, std::string("\x03\xe8", 2)));
      written.set();
      connection.wait_for_end();
    });
    samples::EchoServer echo_server;
    Queue queue;
    websocket::EventLoop loop;
    // Another one on the same loop, which always has something to read.
    WebSocketApp other(loop, echo_server.url(), quick());
    const std::string others_message(20'000, 'y');
    other.on_open = [&](WebSocketApp& self) { self.send(others_message); };
    int others_messages = 0;
    other.on_message = [&](WebSocketApp& self, std::string_view) {
      ++others_messages;
      self.send(others_message);
    };
    other.start();
    WebSocketApp app(loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    int next = 0;
    bool in_order = true;
    app.on_message = [&](WebSocketApp&, std::string_view data) {
      in_order = in_order && data == std::to_string(next++);
    };
    app.start(queue.options());
    int most_at_once = 0;
    REQUIRE(comes_true([&] {
      loop.poll();
      const int before = next;
      queue.run_what_is_there();  // while the loop does nothing
      most_at_once = std::max(most_at_once, next - before);
      return probe.ended.is_set() && others_messages > 20;
    }));
    CHECK(in_order);
    CHECK(next == count);
    CHECK(most_at_once < 200);
    CHECK(probe.events().back() == "close 1000");
  }

  TEST_CASE("reading goes on when handlers have caught up") {
    constexpr int count = 5000;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < count; ++i) {
        connection.write_frame(true, 2, std::to_string(i) + ' ' + std::string(3000, 'x'));
      }
      connection.write_close(1000);
      connection.wait_for_end();
    });
    Queue queue;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    int next = 0;
    bool in_order = true;
    app.on_message = [&](WebSocketApp&, std::string_view data) {
      in_order = in_order && data.starts_with(std::to_string(next++) + ' ');
    };
    app.start(queue.options());
    REQUIRE(queue.run_until([&] { return probe.ended.is_set(); }));
    CHECK(in_order);
    CHECK(next == count);
    CHECK(probe.events().back() == "close 1000");
  }

  TEST_CASE("an app that lags is closed and destroyed like any other") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      const std::string frame = support::server_frame(true, 2, std::string(100000, 'x'));
      for (int i = 0; i < 1000; ++i) connection.write(frame);
    });
    Queue queue;
    const Watchdog watchdog("destroying an app that lags");
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    app->on_message = [](WebSocketApp&, const Message&) {};
    app->start(queue.options());
    REQUIRE(comes_true([&] { return queue.size() > 0 && app->state() == State::open; }));
    SUBCASE("destroyed") {}
    SUBCASE("closed before") { app->close(); }
    app.reset();
    queue.run_what_is_there();
  }

  TEST_CASE("the handlers of a run that has ended come before those of the next") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 20; ++i) connection.write_text("x");  // two runs stay below the lag
      connection.write_close(1000);
      connection.wait_for_end();
    });
    Queue queue;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start(queue.options());
    app.wait();
    app.start(queue.options());
    app.wait();
    REQUIRE(queue.run_until([&] { return probe.count("close") == 2; }));
    Events expected;
    for (int run = 0; run < 2; ++run) {
      expected.emplace_back("open");
      expected.insert(expected.end(), 20, "message x");
      expected.emplace_back("close 1000");
    }
    CHECK(probe.events() == expected);
  }

  TEST_CASE("a handler on the dispatcher's thread may start the next run and destroy the app") {
    samples::EchoServer server;
    Queue queue;
    const Watchdog watchdog("destroying on the dispatcher's thread");
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    int runs = 0;
    app->on_open = [](WebSocketApp& self) { self.close(); };
    app->on_close = [&](WebSocketApp& self, const CloseInfo&) {
      CHECK_FALSE(self.wait_for(std::chrono::hours(1)));
      CHECK_THROWS_AS(self.wait(), std::logic_error);
      if (++runs < 3) return self.start(queue.options());
      app.reset();
    };
    app->start(queue.options());
    REQUIRE(queue.run_until([&] { return app == nullptr; }));
    CHECK(runs == 3);
  }

  TEST_CASE("messages are still whole when their handlers run later") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("first");
      connection.write_text(std::string(100000, 'y'));
      connection.write_close(1000);
      connection.wait_for_end();
    });
    Queue queue;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start(queue.options());
    app.wait();
    queue.run_what_is_there();
    CHECK(probe.messages.pop()->data == "first");
    CHECK(probe.messages.pop()->data == std::string(100000, 'y'));
  }
}
