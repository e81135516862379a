// RunOptions::dispatcher: handlers run where it puts them, in order, and what is left over. What lags: lagging_test.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/handler_queue.hpp"
#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::comes_true;
using api_test::HandlerQueue;
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

TEST_SUITE("WebSocketApp: dispatcher") {
  TEST_CASE("every handler runs on the dispatcher's thread, in order") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 200; ++i) connection.write_text(std::to_string(i));
      connection.write(support::server_frame(true, 9, "p") + support::server_frame(true, 10, "q"));
      connection.shutdown();
      connection.wait_for_end();
    });
    HandlerQueue queue;
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
    HandlerQueue queue;
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
    HandlerQueue queue;
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

  TEST_CASE("the handlers of a run that has ended come before those of the next") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 20; ++i) connection.write_text("x");  // two runs stay below the lag
      connection.write_close(1000);
      connection.wait_for_end();
    });
    HandlerQueue queue;
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
    HandlerQueue queue;
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
    HandlerQueue queue;
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
