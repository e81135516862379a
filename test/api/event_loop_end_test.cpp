// EventLoop and its apps destroyed in every order.
#include <doctest/doctest.h>

#include <chrono>
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

TEST_SUITE("EventLoop: destruction") {
  TEST_CASE("a loop destroyed before its apps ends them with 1006") {
    EchoServer server;
    auto loop = std::make_unique<EventLoop>();
    const Watchdog watchdog("destroying a loop before its apps");
    WebSocketApp app(*loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    Events expected;
    SUBCASE("that was never run") {
      app.start();
      expected = {"close 1006"};
    }
    SUBCASE("that was stopped before it was run") {
      app.start();
      loop->stop();
      expected = {"close 1006"};
    }
    SUBCASE("that was polled") {
      app.start();
      REQUIRE(poll_until(*loop, [&] { return app.state() == State::open; }));
      expected = {"open", "close 1006"};
    }
    SUBCASE("that runs on its own thread") {
      loop->start();
      app.start();
      REQUIRE(probe.opened.wait());
      expected = {"open", "close 1006"};
    }
    loop.reset();
    CHECK(probe.events() == expected);
    CHECK(app.state() == State::closed);
    CHECK(app.wait_for(support::default_deadline));
    CHECK_THROWS_AS(app.start(), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(app.run_forever()), std::logic_error);
    CHECK(app.send("x") == websocket::SendResult::closed);
    app.close();
  }

  TEST_CASE("a stop() from a handler does not keep the destructor from ending the apps") {
    EchoServer server;
    auto loop = std::make_unique<EventLoop>();
    const Watchdog watchdog("destroying a loop that a handler stops");
    WebSocketApp app(*loop, server.url(), quick());
    bool is_open = false;
    app.on_open = [&](WebSocketApp&) { is_open = true; };
    SUBCASE("in a poll that took long") {
      app.on_open = [&](WebSocketApp&) {
        const auto long_enough = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
        while (std::chrono::steady_clock::now() < long_enough) {
        }
        loop->stop();
        is_open = true;
      };
    }
    SUBCASE("called by the destructor itself") {
      app.on_close = [&loop = *loop](WebSocketApp&, const CloseInfo&) { loop.stop(); };
    }
    app.start();
    REQUIRE(poll_until(*loop, [&] { return is_open; }));
    loop.reset();
    CHECK(app.state() == State::closed);
    CHECK(app.wait_for(support::default_deadline));
  }

  TEST_CASE("a loop destroyed while a thread waits for its app lets that thread go") {
    EchoServer server;
    auto loop = std::make_unique<EventLoop>();
    loop->start();
    const Watchdog watchdog("waiting for an app whose loop goes");
    WebSocketApp app(*loop, server.url(), quick());
    Probe probe;
    probe.attach(app);
    std::thread waiter([&] { app.run_forever(); });
    REQUIRE(probe.opened.wait());
    loop.reset();
    waiter.join();
    CHECK(probe.events() == Events{"open", "close 1006"});
  }

  TEST_CASE("an app destroyed before its loop") {
    EchoServer server;
    EventLoop loop;
    const Watchdog watchdog("destroying an app before its loop");
    Probe probe;
    auto app = std::make_unique<WebSocketApp>(loop, server.url(), quick());
    probe.attach(*app);
    std::size_t told = 0;
    SUBCASE("before the loop runs") {
      app->start();
      app.reset();
      CHECK(loop.poll() <= 10);
    }
    SUBCASE("while the loop runs on its thread") {
      loop.start();
      app->start();
      REQUIRE(probe.opened.wait());
      app.reset();
      told = 1;
    }
    SUBCASE("in a handler on the loop's thread") {
      support::Event destroyed;
      app->on_open = [&](WebSocketApp&) {
        app.reset();
        destroyed.set();
      };
      loop.start();
      app->start();
      REQUIRE(destroyed.wait());
    }
    SUBCASE("in another app's handler on the loop's thread") {
      support::Event destroyed;
      WebSocketApp other(loop, server.url(), quick());
      loop.start();
      app->start();
      REQUIRE(probe.opened.wait());
      other.on_open = [&](WebSocketApp&) {
        app.reset();
        destroyed.set();
      };
      other.start();
      REQUIRE(destroyed.wait());
      told = 1;
    }
    CHECK(probe.events().size() == told);
    // The loop still serves others.
    if (!app) {
      WebSocketApp next(loop, server.url(), quick());
      next.on_open = [](WebSocketApp& self) { self.close(); };
      next.start();
      CHECK(comes_true([&] {
        try {
          loop.poll();
        } catch (const std::logic_error&) {
          // its own thread runs it
        }
        return next.wait_for(std::chrono::milliseconds(0));
      }));
    }
  }

  TEST_CASE("the server of a destroyed app is told 1001") {
    support::Mailbox<std::uint16_t> codes;
    support::RawServer server([&](support::RawConnection& connection) {
      connection.accept_handshake();
      codes.push(connection.read_frame().close_code());
    });
    EventLoop loop;
    loop.start();
    auto app = std::make_unique<WebSocketApp>(loop, server.url(), quick());
    Probe probe;
    probe.attach(*app);
    app->start();
    REQUIRE(probe.opened.wait());
    app.reset();
    CHECK(codes.pop() == 1001);
  }

  TEST_CASE("the loop's destructor waits for a handler that is running") {
    EchoServer server;
    auto loop = std::make_unique<EventLoop>();
    WebSocketApp app(*loop, server.url(), quick());
    support::Event entered;
    support::Event go_on;
    std::atomic<bool> left{false};
    app.on_open = [&](WebSocketApp&) {
      entered.set();
      CHECK(go_on.wait());
      left = true;
    };
    loop->start();
    app.start();
    REQUIRE(entered.wait());
    std::thread destroyer([&] {
      loop.reset();
      CHECK(left);
    });
    go_on.set();
    destroyer.join();
    CHECK(app.state() == State::closed);
  }

  TEST_CASE("a loop with apps in every state is destroyed") {
    EchoServer server;
    api_test::RefusingPort unanswered;
    unanswered.stay_silent();
    const api_test::RefusingPort refusing;
    const Watchdog watchdog("destroying a loop with apps in every state");
    auto loop = std::make_unique<EventLoop>();
    std::vector<std::unique_ptr<WebSocketApp>> apps;
    std::atomic<int> ended{0};
    support::Latch reached(3);
    for (const std::string& url :
         {server.url(), server.url(), unanswered.url(), refusing.url(), std::string("nonsense")}) {
      auto& app = *apps.emplace_back(std::make_unique<WebSocketApp>(*loop, url, quick()));
      app.on_open = [&](WebSocketApp&) { reached.arrive(); };
      app.on_error = [&](WebSocketApp&, const websocket::Error& error) {
        if (error.will_reconnect) reached.arrive();
      };
      app.on_close = [&](WebSocketApp& self, const CloseInfo& info) {
        CHECK_FALSE(info.will_reconnect);
        CHECK(self.state() == State::closed);
        ++ended;
      };
      app.start({.reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::hours(1),
                                                         .max_delay = std::chrono::hours(1),
                                                         .jitter = false}});
    }
    loop->start();
    REQUIRE(reached.wait());
    loop.reset();
    CHECK(ended == 5);
    for (const auto& app : apps) CHECK(app->wait_for(support::default_deadline));
  }
}
