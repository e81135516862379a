// EventLoop: many apps on one thread, run in three ways. Its end, and that of its apps:
// event_loop_end_test.cpp.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::comes_true;
using api_test::Probe;
using api_test::quick;
using api_test::Watchdog;
using samples::EchoServer;
using websocket::CloseInfo;
using websocket::EventLoop;
using websocket::Message;
using websocket::State;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

bool poll_until(EventLoop& loop, const std::function<bool()>& condition) {
  return comes_true([&] {
    loop.poll();
    return condition();
  });
}

}  // namespace

TEST_SUITE("EventLoop") {
  TEST_CASE("an app that a handler on the same loop starts and closes at once ends") {
    const Watchdog watchdog("start() and close() in a handler of another app");
    EchoServer server;
    EventLoop loop;
    loop.start();
    WebSocketApp first(loop, server.url(), quick());
    WebSocketApp second(loop, server.url(), quick());
    Probe probe;
    probe.attach(second);
    first.on_open = [&](WebSocketApp&) {
      second.start();
      second.close();
    };
    first.start();
    CHECK(probe.ended.wait());
    second.wait();
    CHECK(second.state() == State::closed);
    CHECK(probe.events() == Events{"close 1006"});
  }

  TEST_CASE("many apps share one thread") {
    constexpr int count = 50;
    EchoServer server;
    EventLoop loop;
    loop.start();
    std::mutex mutex;
    std::vector<std::thread::id> threads;
    support::Latch ended(count);
    std::vector<std::unique_ptr<WebSocketApp>> apps;
    for (int i = 0; i < count; ++i) {
      auto& app = *apps.emplace_back(std::make_unique<WebSocketApp>(loop, server.url(), quick()));
      app.on_open = [i](WebSocketApp& self) { self.send(std::to_string(i)); };
      app.on_message = [&, i](WebSocketApp& self, std::string_view text) {
        CHECK(text == std::to_string(i));
        const std::lock_guard lock(mutex);
        threads.push_back(std::this_thread::get_id());
        self.close();
      };
      app.on_close = [&](WebSocketApp&, const CloseInfo& info) {
        CHECK(info.code == 1000);
        ended.arrive();
      };
      app.start();
    }
    REQUIRE(ended.wait());
    for (const auto& app : apps) app->wait();
    CHECK(threads.size() == count);
    CHECK(std::all_of(threads.begin(), threads.end(), [&](auto id) { return id == threads[0]; }));
    CHECK(threads[0] != std::this_thread::get_id());
  }

  TEST_CASE("poll runs apps on the calling thread, without waiting") {
    EchoServer server;
    EventLoop loop;
    CHECK(loop.poll() == 0);
    WebSocketApp app(loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [&](WebSocketApp& self) {
      CHECK(loop.poll() == 0);  // as from a dialog's loop
      CHECK_THROWS_AS(loop.run(), std::logic_error);
      self.send("x");
    };
    app.on_message = [](WebSocketApp& self, const Message&) { self.close(); };
    app.start();
    CHECK(app.state() == State::connecting);
    REQUIRE(poll_until(loop, [&] { return app.wait_for(std::chrono::milliseconds(0)); }));
    CHECK(probe.events() == Events{"close 1000"});
    CHECK(app.state() == State::closed);
  }

  TEST_CASE("run() runs apps until stop() is called in a handler, and goes on when called again") {
    EchoServer server;
    EventLoop loop;
    WebSocketApp app(loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [&](WebSocketApp&) {
      probe.add("open");
      loop.stop();
    };
    app.on_close = [&](WebSocketApp&, const CloseInfo& info) {
      probe.add(Probe::words(info));
      loop.stop();
    };
    app.start();
    const Watchdog watchdog("EventLoop::run");
    loop.run();
    CHECK(probe.events() == Events{"open"});
    CHECK(app.state() == State::open);
    app.close();
    loop.run();
    CHECK(probe.events() == Events{"open", "close 1000"});
    REQUIRE(poll_until(loop, [&] { return app.wait_for(std::chrono::milliseconds(0)); }));
  }

  TEST_CASE("stop() on a loop that nobody runs has no effect on the next run") {
    EchoServer server;
    EventLoop loop;
    WebSocketApp app(loop, server.url(), quick());
    app.on_open = [](WebSocketApp& self) { self.close(); };
    loop.start();
    loop.stop();
    loop.stop();
    app.start();
    loop.start();
    CHECK(app.wait_for(support::default_deadline));
  }

  TEST_CASE("a loop stopped in a handler can be started again") {
    EchoServer server;
    EventLoop loop;
    WebSocketApp app(loop, server.url(), quick());
    support::Event opened;
    app.on_open = [&](WebSocketApp&) {
      loop.stop();
      opened.set();
    };
    loop.start();
    app.start();
    REQUIRE(opened.wait());
    const auto has_ended = [&] {
      try {
        loop.poll();
        return true;
      } catch (const std::logic_error&) {
        return false;
      }
    };
    SUBCASE("after its thread has ended and another stop()") {
      REQUIRE(comes_true(has_ended));
      loop.stop();
      CHECK_NOTHROW(loop.start());
    }
    SUBCASE("after another stop(), which waits for its thread") {
      loop.stop();
      CHECK_NOTHROW(loop.start());
    }
    SUBCASE("as soon as its thread has ended") {
      CHECK(comes_true([&] {
        try {
          loop.start();
          return true;
        } catch (const std::logic_error&) {
          return false;
        }
      }));
    }
    app.close();
    CHECK(app.wait_for(support::default_deadline));
  }

  TEST_CASE("misuse throws") {
    EventLoop loop;
    loop.start();
    CHECK_THROWS_AS(loop.start(), std::logic_error);
    CHECK_THROWS_AS(loop.run(), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(loop.poll()), std::logic_error);
    loop.stop();
    CHECK(loop.poll() == 0);
  }

  TEST_CASE("start() while another thread is in run() throws") {
    EchoServer server;
    EventLoop loop;
    WebSocketApp app(loop, server.url(), quick());
    support::Event opened;
    app.on_open = [&](WebSocketApp&) { opened.set(); };
    app.start();
    std::thread runner([&] { loop.run(); });
    REQUIRE(opened.wait());
    CHECK_THROWS_AS(loop.start(), std::logic_error);
    loop.stop();
    runner.join();
  }

  TEST_CASE("run_forever on a shared loop waits on another thread") {
    EchoServer server;
    EventLoop loop;
    loop.start();
    WebSocketApp app(loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) { self.close(); };
    SUBCASE("closed in order: false") { CHECK_FALSE(app.run_forever()); }
    SUBCASE("again and again") {
      for (int i = 0; i < 10; ++i) CHECK_FALSE(app.run_forever());
    }
    CHECK(probe.count("close 1000") == probe.events().size());
    const api_test::RefusingPort port;
    WebSocketApp refused(loop, port.url(), quick());
    CHECK(refused.run_forever());
  }

  TEST_CASE("waiting on the loop's own thread throws instead of waiting for ever") {
    EchoServer server;
    EventLoop loop;
    loop.start();
    // They outlive this test case where the loop hangs in them.
    const auto first = std::make_shared<WebSocketApp>(loop, server.url(), quick());
    const auto second = std::make_shared<WebSocketApp>(loop, server.url(), quick());
    const Watchdog watchdog("run_forever in a handler of another app of the same loop");
    support::Event acted;
    bool run_forever = false;
    SUBCASE("run_forever") { run_forever = true; }
    SUBCASE("wait") {}
    second->on_open = [](WebSocketApp& self) { self.close(); };
    first->on_open = [&](WebSocketApp& self) {
      if (run_forever) {
        CHECK_THROWS_AS(static_cast<void>(second->run_forever()), std::logic_error);
      } else {
        second->start();
        CHECK_THROWS_AS(second->wait(), std::logic_error);
        CHECK_FALSE(second->wait_for(std::chrono::hours(1)));
      }
      self.close();
      acted.set();
    };
    first->start();
    REQUIRE(acted.wait());
    first->wait();
  }

  TEST_CASE("the last on_close on a shared loop may start a new run") {
    EchoServer server;
    EventLoop loop;
    loop.start();
    WebSocketApp app(loop, server.url(), quick());
    support::Event third;
    int runs = 0;
    app.on_open = [](WebSocketApp& self) { self.close(); };
    app.on_close = [&](WebSocketApp& self, const CloseInfo&) {
      if (++runs == 3) return third.set();
      self.start();
    };
    app.start();
    REQUIRE(third.wait());
    app.wait();
    CHECK(runs == 3);
  }

  TEST_CASE("a dispatcher works on a shared loop too") {
    EchoServer server;
    EventLoop loop;
    loop.start();
    support::Mailbox<std::function<void()>> queue;
    WebSocketApp app(loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [&](WebSocketApp& self) {
      probe.add("open");
      self.close();
    };
    app.start({.dispatcher = [&](std::function<void()> work) { queue.push(std::move(work)); }});
    while (!probe.ended.is_set()) {
      const auto work = queue.pop();
      REQUIRE(work);
      (*work)();
    }
    CHECK(probe.events() == Events{"open", "close 1000"});
  }
}
