// Each thing that a connection asks memory for is refused in turn. Whatever it was: a run ends, is told to have ended
// once, and nothing crashes. On a loop with others: no_memory_loop_test.cpp.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "api/handler_queue.hpp"
#include "api/probe.hpp"
#include "api/refusing.hpp"
#include "support/refused_memory.hpp"

using namespace api_test;
using support::memory_is_gone;
using support::RawConnection;
using support::RawServer;
using support::refuse_in_turn;
using support::refusing_goes_on;
using support::until_one_is_refused;
using websocket::Duration;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

bool connects(websocket::WebSocket& socket, const std::string& url) {
  try {
    socket.connect(url);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// How a run is refused something.
struct Refusal {
  bool stays = false;     // and whatever it asks for after that
  bool by_start = false;  // on the background thread, from where it asks for headers on
};

struct Told {
  int opened = 0;
  int closed = 0;
  int failed = 0;
  bool failed_for_want_of_memory = true;
};

void note(WebSocketApp& app, Told& told) {
  app.on_open = [&](WebSocketApp&) { ++told.opened; };
  app.on_message = [](WebSocketApp& self, const websocket::Message&) {
    try {
      self.close();
    } catch (const std::bad_alloc&) {
      memory_is_gone = false;  // of which it has some to spare
      self.close();
    }
  };
  app.on_error = [&](WebSocketApp&, const websocket::Error& error) {
    ++told.failed;
    if (error.message.find("memory") == std::string::npos) told.failed_for_want_of_memory = false;
  };
  app.on_close = [&](WebSocketApp&, const websocket::CloseInfo&) { ++told.closed; };
}

// What a thread is refused ends with it.
void run_on_a_thread(WebSocketApp& app, int which, const Refusal& refusal) {
  std::thread([&] {
    until_one_is_refused = which;
    refusing_goes_on = refusal.stays;
    try {
      app.run_forever();
    } catch (const std::bad_alloc&) {
    }
  }).join();
}

void check_run_without_memory(const std::string& url, int which, const Refusal& refusal) {
  auto options = quick();
  bool is_first = true;
  options.header_factory = [&] {
    if (std::exchange(is_first, false) && refusal.by_start) {
      until_one_is_refused = which;
      refusing_goes_on = refusal.stays;
    }
    return websocket::Headers();
  };
  WebSocketApp app(url, options);
  Told told;
  note(app, told);
  if (refusal.by_start) {
    app.start();
    REQUIRE(app.wait_for(Duration(10'000)));
  } else {
    run_on_a_thread(app, which, refusal);
  }
  if (app.state() == websocket::State::idle) {  // it has not even begun
    CHECK(told.closed == 0);
  } else {
    REQUIRE(app.state() == websocket::State::closed);
    REQUIRE(told.closed == 1);
    const bool is_told_why = told.failed == 1 && told.failed_for_want_of_memory;
    CHECK((is_told_why || refusal.stays || told.opened == 1));
  }
  told = Told();
  CHECK_FALSE(app.run_forever());
  CHECK(told.opened == 1);
  CHECK(told.closed == 1);
}

}  // namespace

TEST_SUITE("Each thing refused") {
  TEST_CASE("where there is none to connect with nothing half made is left") {
    const Watchdog watchdog("connecting without memory");
    const RawServer server(say_hello);
    const std::string url = server.url();
    refuse_in_turn([&](int which) {
      websocket::WebSocket socket(quick());
      until_one_is_refused = which;
      const bool is_connected = connects(socket, url);
      until_one_is_refused = 0;
      REQUIRE(socket.connected() == is_connected);
      if (!is_connected) {
        CHECK_THROWS_AS(socket.send("not"), websocket::WebSocketConnectionClosedException);
        socket.connect(url);
      }
      CHECK(socket.recv() == "Hello");
    });
  }

  TEST_CASE("a run that finds none for something ends in order") {
    const Watchdog watchdog("running without memory");
    Refusal refusal;
    SUBCASE("for one thing") { refusal.stays = false; }
    SUBCASE("for that and whatever comes after it") { refusal.stays = true; }
    SUBCASE("for one thing, on a thread of its own") { refusal.by_start = true; }
    SUBCASE("for that and whatever comes after it, on a thread of its own") {
      refusal.stays = true;
      refusal.by_start = true;
    }
    const RawServer server(say_hello);
    refuse_in_turn([&](int which) { check_run_without_memory(server.url(), which, refusal); });
  }

  TEST_CASE("or goes on with the next attempt") {
    const Watchdog watchdog("reconnecting without memory");
    const RawServer server(say_hello);
    int failed = 0;
    int opened_in_spite = 0;
    refuse_in_turn([&](int which) {
      WebSocketApp app(server.url(), refusing(which));
      const Ends ends(app);
      int opened = 0;
      int failed_now = 0;
      app.on_open = [&](WebSocketApp& self) {
        ++opened;
        until_one_is_refused = 0;
        self.close();
      };
      app.on_error = [&](WebSocketApp&, const websocket::Error&) { ++failed_now; };
      websocket::RunOptions run;
      run.reconnect.emplace();
      run.reconnect->initial_delay = Duration(1);
      app.start(run);
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(ends.count() == 1);
      CHECK(opened + failed_now >= 1);
      failed += failed_now;
      if (failed_now > 0) opened_in_spite += opened;
    });
    CHECK(failed > 0);
    CHECK(opened_in_spite > 0);
  }

  TEST_CASE("a connection that is lost comes back") {
    const Watchdog watchdog("coming back without memory");
    std::atomic<bool> is_first{true};
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("Hello");
      if (is_first.exchange(false)) return connection.close();
      connection.write_text("again");
      connection.wait_for_end();
    });
    refuse_in_turn([&](int which) {
      is_first = true;
      WebSocketApp app(server.url(), quick());
      const Ends ends(app);
      bool is_back = false;
      bool was_there = false;
      app.on_message = [&](WebSocketApp& self, const websocket::Message& message) {
        if (!std::exchange(was_there, true)) until_one_is_refused = which;
        if (message.data != "again") return;
        is_back = true;
        until_one_is_refused = 0;
        self.close();
      };
      websocket::RunOptions run;
      run.reconnect.emplace();
      run.reconnect->initial_delay = Duration(1);
      app.start(run);
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(is_back);
      CHECK(ends.count() == 1);
    });
  }

  TEST_CASE("a run that is closed from elsewhere ends, and does not begin anew") {
    const Watchdog watchdog("closing without memory");
    const RawServer server(say_hello_and_wait);
    auto options = quick();
    options.close_timeout = Duration(30);
    refuse_in_turn([&](int which) {
      support::Event heard;
      support::Event closed;
      std::atomic<int> opened{0};
      WebSocketApp app(server.url(), options);
      const Ends ends(app);
      app.on_open = [&](WebSocketApp&) { ++opened; };
      app.on_message = [&](WebSocketApp&, const websocket::Message&) {
        heard.set();
        (void)closed.wait();
        until_one_is_refused = which;
      };
      websocket::RunOptions run;
      run.reconnect.emplace();
      run.reconnect->initial_delay = Duration(1);
      app.start(run);
      REQUIRE(heard.wait());
      app.close(1000, long_reason);
      closed.set();
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(ends.count() == 1);
      CHECK(opened == 1);
    });
  }

  TEST_CASE("so does one that is closed again where that threw") {
    const Watchdog watchdog("closing again");
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    auto options = quick();
    options.close_timeout = Duration(30);
    options.limits.send_high_water = 10;
    refuse_in_turn([&](int which) {
      support::Event opened;
      WebSocketApp app(server.url(), options);
      const Ends ends(app);
      app.on_open = [&](WebSocketApp&) { opened.set(); };
      app.on_drain = [&](WebSocketApp& self) {
        until_one_is_refused = which;
        try {
          self.close(1000, long_reason);
        } catch (const std::bad_alloc&) {
          self.close(1000, long_reason);
        }
      };
      app.start();
      REQUIRE(opened.wait());
      REQUIRE(app.send(std::string(1000, 'x')) == SendResult::queued);
      REQUIRE(app.wait_for(Duration(10'000)));
      CHECK(ends.count() == 1);
    });
  }

  TEST_CASE("the end comes through a dispatcher, too") {
    const Watchdog watchdog("dispatching without memory");
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("Hello");
      connection.write_close(1000, long_reason);
      connection.wait_for_end();
    });
    refuse_in_turn([&](int which) {
      HandlerQueue queue;
      WebSocketApp app(server.url(), refusing(which));
      const Ends ends(app);
      app.start(queue.options());
      REQUIRE(queue.run_until([&] { return ends.count() > 0; }));
      REQUIRE(app.wait_for(Duration(10'000)));
      queue.run_what_is_there();
      CHECK(ends.count() == 1);
    });
  }

  TEST_CASE("who destroys an app needs none") {
    const Watchdog watchdog("destroying without memory");
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    websocket::EventLoop loop;
    for (const bool is_shared : {false, true}) {
      CAPTURE(is_shared);
      Probe probe;
      auto app = is_shared ? std::make_unique<WebSocketApp>(loop, server.url(), quick())
                           : std::make_unique<WebSocketApp>(server.url(), quick());
      probe.attach(*app);
      if (is_shared) loop.start();
      app->start();
      REQUIRE(probe.opened.wait());
      memory_is_gone = true;
      app.reset();
      memory_is_gone = false;
    }
  }

  TEST_CASE("a name that could not be looked up leaves room for others") {
    const Watchdog watchdog("looking up without memory");
    constexpr int more_than_there_is_room_for = 33;
    const RefusingPort port;
    const std::string nowhere = "ws://localhost:" + std::to_string(port.port()) + "/";
    refuse_in_turn([&](int which) {
      for (int i = 0; i < more_than_there_is_room_for; ++i) {
        WebSocketApp app(nowhere, refusing(which));
        CHECK(app.run_forever());
        until_one_is_refused = 0;
      }
    });
    WebSocketApp app(nowhere, quick());
    websocket::Error error;
    app.on_error = [&](WebSocketApp&, const websocket::Error& told) { error = told; };
    CHECK(app.run_forever());
    CHECK(error.code == websocket::Errc::connection_refused);
  }
}
