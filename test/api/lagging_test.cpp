// Handlers that lag behind what comes, and dispatchers that do not take them.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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
using websocket::Message;
using websocket::SendResult;
using websocket::State;
using websocket::WebSocketApp;

TEST_SUITE("WebSocketApp: handlers that lag") {
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
    HandlerQueue queue;
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
    HandlerQueue queue;
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
    HandlerQueue queue;
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
    HandlerQueue queue;
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

  TEST_CASE("an app that lags goes when the server answers its Close frame") {
    const int count = 300;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < count; ++i) all += support::server_frame(true, 2, std::to_string(i));
      connection.write(all);
      connection.write_close(connection.read_frame().close_code());
    });
    HandlerQueue queue;
    auto options = quick();
    options.close_timeout = std::chrono::minutes(10);
    const Watchdog watchdog("destroying an app that lags and has its answer");
    auto app = std::make_unique<WebSocketApp>(server.url(), options);
    app->on_message = [](WebSocketApp&, const Message&) {};
    app->start(queue.options());
    REQUIRE(comes_true([&] { return queue.size() > 0 && app->state() == State::open; }));
    SUBCASE("destroyed") {}
    SUBCASE("closed before") { app->close(); }
    app.reset();
    queue.run_what_is_there();
  }

  TEST_CASE("what a dispatcher refuses is offered again, though nothing else comes") {
    int refused_call = 0;
    std::string all;
    std::size_t expected = 0;
    const auto add = [&](std::size_t count, std::size_t size) {
      for (std::size_t i = 0; i < count; ++i) {
        all += support::server_frame(true, 2, std::string(size, 'x'));
      }
      expected = count * size;
    };
    SUBCASE("the first thing of all") {
      refused_call = 1;
      add(1, 1);
    }
    SUBCASE("when much waits") {
      refused_call = 2;
      add(1, 2'000'000);
    }
    SUBCASE("when it is to go on with what waits") {
      refused_call = 3;
      add(40, 1);
    }
    SUBCASE("and more than that") {
      refused_call = 3;
      add(400, 1);
    }
    support::Event may_write;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      if (!may_write.wait()) return;
      connection.write(all);
      connection.wait_for_end();
    });
    HandlerQueue queue;
    WebSocketApp app(server.url(), quick());
    std::size_t bytes = 0;
    app.on_open = [&](WebSocketApp&) { may_write.set(); };
    app.on_message = [&](WebSocketApp&, const Message& message) { bytes += message.data.size(); };
    std::atomic<int> calls{0};
    const auto into_queue = queue.options().dispatcher;
    app.start({.dispatcher = [&](std::function<void()> work) {
      if (++calls == refused_call) throw 42;
      into_queue(std::move(work));
    }});
    CHECK(queue.run_until([&] { return bytes == expected; }));
    CHECK(calls >= refused_call);
  }

  TEST_CASE("what a dispatcher refuses and keeps all the same does nothing") {
    constexpr int count = 40;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < count; ++i) all += support::server_frame(true, 2, std::to_string(i));
      connection.write(all);
      connection.wait_for_end();
    });
    HandlerQueue queue;
    WebSocketApp app(server.url(), quick());
    std::function<void()> kept;
    int messages = 0;
    bool in_order = true;
    app.on_message = [&](WebSocketApp&, std::string_view data) {
      in_order = in_order && data == std::to_string(messages++);
      const int before = messages;
      if (kept) kept();
      in_order = in_order && messages == before;
    };
    int calls = 0;
    const auto into_queue = queue.options().dispatcher;
    app.start({.dispatcher = [&](std::function<void()> work) {
      if (++calls != 2) return into_queue(std::move(work));
      kept = std::move(work);
      throw 42;
    }});
    CHECK(queue.run_until([&] { return messages == count; }));
    CHECK(kept);
    CHECK(in_order);
  }

  TEST_CASE("a dispatcher is not called when the app is gone") {
    for (int last = 0; last < 20; ++last) {
      CAPTURE(last);
      support::Event may_write;
      RawServer server([&](RawConnection& connection) {
        connection.accept_handshake();
        if (!may_write.wait()) return;
        std::string all;
        for (int i = 0; i < 20; ++i) all += support::server_frame(true, 2, "x");
        connection.write(all);
        connection.wait_for_end();
      });
      HandlerQueue queue;
      auto app = std::make_unique<WebSocketApp>(server.url(), quick());
      app->on_open = [&](WebSocketApp&) { may_write.set(); };
      std::atomic<bool> gone{false};
      int messages = 0;
      app->on_message = [&](WebSocketApp&, const Message&) {
        if (messages++ != last) return;
        std::atomic<bool>& is_gone = gone;  // the handler goes with the app
        app.reset();
        is_gone = true;
      };
      std::atomic<int> late_calls{0};
      const auto into_queue = queue.options().dispatcher;
      app->start({.dispatcher = [&](std::function<void()> work) {
        if (gone) ++late_calls;
        into_queue(std::move(work));
      }});
      REQUIRE(queue.run_one());  // on_open
      REQUIRE(queue.run_until([&] { return gone.load(); }));
      queue.run_what_is_there();
      CHECK(app == nullptr);
      CHECK(late_calls == 0);
    }
  }

  // Of the former connection there is still on_drain to be told while the next one is made.
  TEST_CASE("the answer to the handshake is not kept waiting") {
    std::atomic<int> connections{0};
    support::Event buffer_is_full;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      if (++connections > 1) return connection.wait_for_end();
      std::string all;
      for (int i = 0; i < 61; ++i) all += support::server_frame(true, 2, "x");
      connection.write(all);
      CHECK(buffer_is_full.wait());
      connection.reset();
    });
    HandlerQueue queue;
    auto options = quick();
    options.limits.max_send_buffer = 20'000'000;  // more than the system's buffers take
    options.compression.enabled = false;
    WebSocketApp app(server.url(), options);
    Probe probe;
    probe.attach(app);
    auto run = queue.options();
    run.reconnect = websocket::ReconnectPolicy{.initial_delay = websocket::Duration(1)};
    app.start(run);
    REQUIRE(comes_true([&] { return app.state() == State::open; }));
    REQUIRE(comes_true(
        [&] { return app.send(std::string(1'000'000, 'x')) == SendResult::buffer_full; }));
    buffer_is_full.set();
    // Nobody runs the queue.
    CHECK(comes_true([&] { return connections == 2 && app.state() == State::open; }));
    REQUIRE(queue.run_until([&] { return probe.count("reconnect") == 1; }));
    CHECK(probe.count("message x") == 61);
    CHECK(probe.count("drain") == 1);
    CHECK(probe.count("error") == 1);
  }
}
