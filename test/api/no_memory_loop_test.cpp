// What no_memory_run_test.cpp says of a run, on a loop that has others.
#include <doctest/doctest.h>
#include <poll.h>

#include <memory>
#include <new>
#include <string>

#include "api/probe.hpp"
#include "api/refusing.hpp"
#include "echo_server.hpp"
#include "support/deadline.hpp"
#include "support/refused_memory.hpp"

using namespace api_test;
using support::RawConnection;
using support::RawServer;
using support::refuse_in_turn;
using support::until_one_is_refused;
using websocket::Duration;
using websocket::SendResult;
using websocket::WebSocketApp;

TEST_SUITE("Each thing refused on an EventLoop") {
  TEST_CASE("a run that finds none for something ends in order, and the others come back") {
    const Watchdog watchdog("without memory on an EventLoop");
    const RawServer server(say_hello);
    samples::EchoServer echoes;
    Probe neighbour;
    websocket::EventLoop loop;
    loop.start();
    WebSocketApp beside(loop, echoes.url(), quick());
    neighbour.attach(beside);
    websocket::RunOptions run;
    run.reconnect.emplace();
    run.reconnect->initial_delay = run.reconnect->max_delay = Duration(1);
    beside.start(run);
    REQUIRE(neighbour.opened.wait());
    refuse_in_turn([&](int which) {
      WebSocketApp app(loop, server.url(), refusing(which));
      int closed = 0;
      int told_of_memory = 0;
      int opened = 0;
      app.on_open = [&](WebSocketApp&) { ++opened; };
      app.on_message = [](WebSocketApp& self, const websocket::Message&) {
        try {
          self.close();
        } catch (const std::bad_alloc&) {
          self.close();
        }
      };
      app.on_error = [&](WebSocketApp&, const websocket::Error& error) {
        if (error.message.find("memory") != std::string::npos) ++told_of_memory;
      };
      app.on_close = [&](WebSocketApp&, const websocket::CloseInfo&) {
        until_one_is_refused = 0;  // of the loop's thread
        ++closed;
      };
      app.start();
      REQUIRE(app.wait_for(Duration(10'000)));
      REQUIRE(closed == 1);
      CHECK((told_of_memory == 1 || opened == 1));
      // What is sent while it fails is lost with it.
      REQUIRE(comes_true([&] {
        constexpr support::Milliseconds a_moment(50);
        (void)beside.send("there again");
        return neighbour.messages.pop(a_moment).has_value();
      }));
    });
  }

  TEST_CASE("a silent server is found out, among others on an EventLoop") {
    const Watchdog watchdog("keepalive without memory");
    const RawServer server(say_hello_and_wait);
    samples::EchoServer echoes;
    refuse_in_turn([&](int which) {
      Probe neighbour;
      websocket::EventLoop loop;
      WebSocketApp beside(loop, echoes.url(), quick());
      WebSocketApp app(loop, server.url(), quick());
      neighbour.attach(beside);
      const Ends ends(app);
      app.on_message = [&](WebSocketApp&, const websocket::Message&) {
        until_one_is_refused = which;
      };
      loop.start();
      beside.start();
      REQUIRE(neighbour.opened.wait());
      websocket::RunOptions run;
      run.ping_interval = Duration(10);
      run.ping_timeout = Duration(20);
      app.start(run);
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(ends.count() == 1);
    });
  }

  TEST_CASE("an EventLoop that goes ends what is on it") {
    const Watchdog watchdog("ending an EventLoop without memory");
    const RawServer server(say_hello_and_wait);
    refuse_in_turn([&](int which) {
      auto loop = std::make_unique<websocket::EventLoop>();
      WebSocketApp one(*loop, server.url(), quick());
      WebSocketApp other(*loop, server.url(), quick());
      const Ends ends_of_one(one);
      const Ends ends_of_other(other);
      support::Latch heard(2);
      one.on_message =
          other.on_message = [&](WebSocketApp&, const websocket::Message&) { heard.arrive(); };
      loop->start();
      one.start();
      other.start();
      REQUIRE(heard.wait());
      until_one_is_refused = which;
      loop.reset();
      until_one_is_refused = 0;
      CHECK(one.wait_for(Duration(10'000)));
      CHECK(other.wait_for(Duration(10'000)));
      CHECK(ends_of_one.count() == 1);
      CHECK(ends_of_other.count() == 1);
    });
  }

  TEST_CASE("a run that could not begin can begin again") {
    const Watchdog watchdog("starting without memory");
    const RawServer server(say_hello);
    websocket::EventLoop loop;
    loop.start();
    refuse_in_turn([&](int which) {
      WebSocketApp app(loop, server.url(), quick());
      const Ends ends(app);
      app.on_message = [](WebSocketApp& self, const websocket::Message&) { self.close(); };
      until_one_is_refused = which;
      try {
        app.start();
        until_one_is_refused = 0;
      } catch (const std::bad_alloc&) {
        CHECK(app.wait_for(Duration(10'000)));
        app.start();
      }
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(ends.count() == 1);
    });
  }

  TEST_CASE("a loop within another's forgets no timer") {
    const Watchdog watchdog("a foreign loop without memory");
    RawServer server([](RawConnection& connection) { connection.wait_for_end(); });
    const auto within = [](int milliseconds) {
      auto options = quick();
      options.timeout = Duration(milliseconds);
      return options;
    };
    refuse_in_turn([&](int which) {
      websocket::EventLoop loop;
      const int handle = loop.native_handle();
      if (handle < 0) return;  // not on this platform
      WebSocketApp one(loop, server.url(), within(60));
      WebSocketApp other(loop, server.url(), within(30));
      const Ends ends_of_one(one);
      const Ends ends_of_other(other);
      const auto turn = [&] {
        constexpr int a_while = 100;
        ::pollfd ready{handle, POLLIN, 0};
        ::poll(&ready, 1, a_while);
        loop.poll();
      };
      one.start();
      turn();
      other.start();
      until_one_is_refused = which;
      const support::Deadline deadline(support::default_deadline);
      while (ends_of_one.count() + ends_of_other.count() < 2 && !deadline.over()) turn();
      CHECK(ends_of_one.count() == 1);
      CHECK(ends_of_other.count() == 1);
    });
  }
}
