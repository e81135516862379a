// Each thing that a connection asks memory for is refused in turn. Whatever it was: a run ends, is told to have ended
// once, and nothing crashes.
#include <doctest/doctest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "api/handler_queue.hpp"
#include "api/probe.hpp"
#include "api/refused_memory.hpp"
#include "echo_server.hpp"

using namespace api_test;
using support::RawConnection;
using support::RawServer;
using websocket::Duration;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

constexpr std::string_view long_reason =
    "a reason that is longer than what fits into a string itself";

// Says "Hello", compressed where the client offers that: RFC 7692 7.2.3.1.
void say_hello(RawConnection& connection) {
  constexpr std::string_view compressed("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  constexpr std::uint8_t text = 1;
  constexpr std::uint8_t rsv1 = 0x40;
  const std::string request = connection.read_until("\r\n\r\n");
  const std::string extensions = support::header_value(request, "Sec-WebSocket-Extensions");
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      support::accept_value(support::header_value(request, "Sec-WebSocket-Key")) + "\r\n";
  if (!extensions.empty()) answer += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  connection.write(answer + "\r\n");
  if (extensions.empty()) {
    connection.write_text("Hello");
  } else {
    connection.write_frame(true, text | rsv1, compressed);
  }
  connection.read_frame();  // the client's Close
  connection.write_close(1000);
}

bool connects(websocket::WebSocket& socket, const std::string& url) {
  try {
    socket.connect(url);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void say_hello_and_wait(RawConnection& connection) {
  connection.accept_handshake();
  connection.write_text("Hello");
  connection.wait_for_end();
}

// Until a try has got all that it asked for.
template <class Try>
void refuse_in_turn(Try with_refused) {
  constexpr int most = 1000;
  bool has_happened = true;
  for (int which = 1; has_happened; ++which) {
    CAPTURE(which);
    REQUIRE(which < most);
    const int before = times_refused;
    with_refused(which);
    until_one_is_refused = 0;
    has_happened = times_refused != before;
  }
}

// The loop's thread, when it asks for headers for the first time, is the one that is refused something.
websocket::ConnectOptions refusing(int which) {
  auto options = quick();
  options.header_factory = [which, is_first = true]() mutable {
    if (std::exchange(is_first, false)) until_one_is_refused = which;
    return websocket::Headers();
  };
  return options;
}

// Which of what a run asks for it does not get.
struct Refusal {
  int which = 1;
  bool stays = false;        // nor anything after it
  bool by_start = false;     // from where it asks for headers on, on a thread of its own
  bool has_happened = true;  // as far as is known

  void begins() const {
    until_one_is_refused = which;
    refusing_goes_on = stays;
  }
  // Where it stays it does so until the thread ends.
  void ends() { has_happened = std::exchange(until_one_is_refused, 0) == 0; }
};

struct Told {
  int opened = 0;
  int closed = 0;
  int failed = 0;
  bool failed_for_want_of_memory = true;
};

void note(WebSocketApp& app, Told& told, Refusal& refusal) {
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
  app.on_close = [&](WebSocketApp&, const websocket::CloseInfo&) {
    ++told.closed;
    refusal.ends();
  };
}

// On a thread that ends with it, as does what it is refused.
void run_on_a_thread(WebSocketApp& app, const Refusal& refusal) {
  std::thread([&] {
    refusal.begins();
    try {
      app.run_forever();
    } catch (const std::bad_alloc&) {
    }
  }).join();
}

void check_run_without_memory(const std::string& url, Refusal& refusal) {
  auto options = quick();
  bool is_first = true;
  options.header_factory = [&] {
    if (std::exchange(is_first, false) && refusal.by_start) refusal.begins();
    return websocket::Headers();
  };
  WebSocketApp app(url, options);
  Told told;
  note(app, told, refusal);
  if (refusal.by_start) {
    app.start();
    REQUIRE(app.wait_for(websocket::Duration(10'000)));
  } else {
    run_on_a_thread(app, refusal);
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
  Refusal none;
  note(app, told, none);
  CHECK_FALSE(app.run_forever());
  CHECK(told.opened == 1);
  CHECK(told.closed == 1);
}

// What an app says of its end, in however many runs.
class Ends {
 public:
  explicit Ends(WebSocketApp& app) {
    app.on_close = [this](WebSocketApp&, const websocket::CloseInfo& info) {
      if (!info.will_reconnect) ++count_;
    };
  }
  int count() const { return count_; }

 private:
  std::atomic<int> count_{0};
};

}  // namespace

TEST_SUITE("Each thing refused") {
  // Whichever of the many that connecting takes is not to be had.
  constexpr int most_to_connect = 1000;

  TEST_CASE("where there is none to connect with nothing half made is left") {
    const Watchdog watchdog("connecting without memory");
    const RawServer server(say_hello);
    const std::string url = server.url();
    bool is_refused = true;
    for (int which = 1; is_refused; ++which) {
      CAPTURE(which);
      REQUIRE(which < most_to_connect);
      websocket::WebSocket socket(quick());
      until_one_is_refused = which;
      const bool is_connected = connects(socket, url);
      is_refused = std::exchange(until_one_is_refused, 0) == 0;
      REQUIRE(socket.connected() == is_connected);
      if (!is_connected) {
        CHECK_THROWS_AS(socket.send("not"), websocket::WebSocketConnectionClosedException);
        socket.connect(url);
      }
      CHECK(socket.recv() == "Hello");
    }
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
    for (refusal.which = 1; refusal.has_happened; ++refusal.which) {
      CAPTURE(refusal.which);
      REQUIRE(refusal.which < most_to_connect);
      check_run_without_memory(server.url(), refusal);
    }
  }

  TEST_CASE("and so does one on an EventLoop, whose others come back") {
    const Watchdog watchdog("without memory on an EventLoop");
    const RawServer server(say_hello);
    samples::EchoServer echoes;
    websocket::EventLoop loop;
    loop.start();
    Probe neighbour;
    WebSocketApp beside(loop, echoes.url(), quick());
    neighbour.attach(beside);
    websocket::RunOptions run;
    run.reconnect.emplace();
    run.reconnect->initial_delay = run.reconnect->max_delay = websocket::Duration(1);
    beside.start(run);
    REQUIRE(neighbour.opened.wait());
    Refusal refusal;
    for (refusal.which = 1; refusal.has_happened; ++refusal.which) {
      CAPTURE(refusal.which);
      REQUIRE(refusal.which < most_to_connect);
      auto options = quick();
      options.header_factory = [&] {
        refusal.begins();
        return websocket::Headers();
      };
      WebSocketApp app(loop, server.url(), options);
      Told told;
      note(app, told, refusal);
      app.start();
      REQUIRE(app.wait_for(websocket::Duration(10'000)));
      REQUIRE(told.closed == 1);
      CHECK(((told.failed == 1 && told.failed_for_want_of_memory) || told.opened == 1));
      // What is sent while it fails is lost with it.
      REQUIRE(comes_true([&] {
        constexpr support::Milliseconds a_moment(50);
        (void)beside.send("there again");
        return neighbour.messages.pop(a_moment).has_value();
      }));
    }
    CHECK(refusal.which > 10);
  }

  TEST_CASE("or goes on with the next attempt") {
    const Watchdog watchdog("reconnecting without memory");
    const RawServer server(say_hello);
    int refused = 0;
    int opened_in_spite = 0;
    bool has_happened = true;
    for (int which = 1; has_happened; ++which) {
      CAPTURE(which);
      REQUIRE(which < most_to_connect);
      auto options = quick();
      bool is_first = true;
      options.header_factory = [&] {
        if (std::exchange(is_first, false)) until_one_is_refused = which;
        return websocket::Headers();
      };
      WebSocketApp app(server.url(), options);
      int opened = 0;
      int closed = 0;
      int failed = 0;
      app.on_open = [&](WebSocketApp& self) {
        ++opened;
        has_happened = std::exchange(until_one_is_refused, 0) == 0;
        self.close();
      };
      app.on_error = [&](WebSocketApp&, const websocket::Error&) { ++failed; };
      app.on_close = [&](WebSocketApp&, const websocket::CloseInfo& info) {
        if (!info.will_reconnect) ++closed;
      };
      websocket::RunOptions run;
      run.reconnect.emplace();
      run.reconnect->initial_delay = websocket::Duration(1);
      app.start(run);
      REQUIRE(app.wait_for(websocket::Duration(10'000)));
      CHECK(closed == 1);
      CHECK(opened + failed >= 1);
      refused += failed;
      if (failed > 0) opened_in_spite += opened;
    }
    CHECK(refused > 0);
    CHECK(opened_in_spite > 0);
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
      const auto deadline = std::chrono::steady_clock::now() + support::default_deadline;
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
      while (ends_of_one.count() + ends_of_other.count() < 2 &&
             std::chrono::steady_clock::now() < deadline)
        turn();
      CHECK(ends_of_one.count() == 1);
      CHECK(ends_of_other.count() == 1);
    });
  }
}
