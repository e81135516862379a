// Handlers of a WebSocketApp: that throw, that replace themselves, what they hold, what they take.
#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using samples::EchoServer;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Error;
using websocket::Message;
using websocket::Opcode;
using websocket::Stage;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

// Four frames of every kind in one segment, then a Close frame.
RawServer::Script talkative() {
  return [](RawConnection& connection) {
    connection.accept_handshake();
    connection.write(support::server_frame(true, 1, "one") + support::server_frame(true, 9, "p") +
                     support::server_frame(true, 10, "q") + support::server_frame(true, 1, "two") +
                     support::server_frame(true, 8, "\x03\xe8"));
    connection.wait_for_end();
  };
}

}  // namespace

TEST_SUITE("WebSocketApp: handlers") {
  TEST_CASE("an exception goes to on_error and the connection stays") {
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    const auto threw = [](WebSocketApp&, auto&&...) { throw std::runtime_error("oh no"); };
    Events expected;
    SUBCASE("on_open") {
      app.on_open = threw;
      expected = {"error callback_threw", "message one", "ping p", "pong q",
                  "message two",          "close 1000"};
    }
    SUBCASE("on_message") {
      app.on_message = threw;
      expected = {"open",   "error callback_threw", "ping p",
                  "pong q", "error callback_threw", "close 1000"};
    }
    SUBCASE("on_ping") {
      app.on_ping = threw;
      expected = {"open",   "message one", "error callback_threw",
                  "pong q", "message two", "close 1000"};
    }
    SUBCASE("on_pong, something that is no std::exception") {
      app.on_pong = [](WebSocketApp&, std::string_view) { throw 42; };
      expected = {"open",        "message one", "ping p", "error callback_threw",
                  "message two", "close 1000"};
    }
    SUBCASE("on_data: on_message follows") {
      app.on_data = threw;
      expected = {"open",   "error callback_threw", "message one", "ping p",
                  "pong q", "error callback_threw", "message two", "close 1000"};
    }
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == expected);
    const auto error = probe.errors.pop();
    REQUIRE(error);
    CHECK(error->stage == Stage::callback);
    CHECK_FALSE(error->will_reconnect);
    CHECK(error->message.find(" threw: ") != std::string::npos);
  }

  TEST_CASE("what on_close throws is told, and the run ends") {
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    int calls = 0;
    std::vector<std::string> errors;
    app.on_error = [&](WebSocketApp&, const Error& error) { errors.push_back(error.message); };
    app.on_close = [&](WebSocketApp&, const CloseInfo&) {
      ++calls;
      throw std::runtime_error("at the end");
    };
    CHECK_FALSE(app.run_forever());
    CHECK(calls == 1);
    CHECK(errors == std::vector<std::string>{"on_close threw: at the end"});
  }

  TEST_CASE("what on_error itself throws goes no further") {
    const api_test::RefusingPort port;
    WebSocketApp app(port.url(), quick());
    int errors = 0;
    bool closed = false;
    app.on_error = [&](WebSocketApp&, const Error&) {
      ++errors;
      throw std::runtime_error("again");
    };
    app.on_close = [&](WebSocketApp&, const CloseInfo&) { closed = true; };
    CHECK(app.run_forever());
    app.start();
    app.wait();
    CHECK(errors == 2);
    CHECK(closed);
  }

  TEST_CASE("a handler that replaces itself finishes, the next event goes to the new one") {
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    Events events;
    auto captured = std::make_shared<std::string>("alive");
    const std::weak_ptr<std::string> watched = captured;
    app.on_message = [&, captured](WebSocketApp& self, std::string_view text) {
      self.on_message = [&](WebSocketApp&, const Message& message) {
        events.push_back("second " + std::string(message.data));
      };
      events.push_back("first " + std::string(text) + " " + *captured);
    };
    captured.reset();
    CHECK_FALSE(app.run_forever());
    CHECK(events == Events{"first one alive", "second two"});
    CHECK(watched.expired());
  }

  TEST_CASE("a handler that removes itself is not called again") {
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    int calls = 0;
    app.on_message = [&](WebSocketApp& self, const Message&) {
      self.on_message = nullptr;
      ++calls;
    };
    CHECK_FALSE(app.run_forever());
    CHECK(calls == 1);
    CHECK_FALSE(app.on_message);
  }

  TEST_CASE("what a handler captured is released with the app, and when it is replaced") {
    EchoServer server;
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = captured;
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    app->on_close = [captured](WebSocketApp&, const CloseInfo&) {};
    app->on_open = [captured](WebSocketApp& self) { self.close(); };
    captured.reset();
    SUBCASE("before it ran") {}
    SUBCASE("after it ran") { CHECK_FALSE(app->run_forever()); }
    CHECK_FALSE(watched.expired());
    app->on_close = {};
    app->on_open = nullptr;
    CHECK(watched.expired());
  }

  TEST_CASE("what a dispatcher and a policy captured is released when the app is gone") {
    EchoServer server;
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = captured;
    {
      WebSocketApp app(server.url(), quick());
      app.on_open = [](WebSocketApp& self) { self.close(); };
      CHECK_FALSE(app.run_forever(
          {.reconnect = websocket::ReconnectPolicy{.should_reconnect =
                                                       [captured](const Error*, const CloseInfo&) {
                                                         return false;
                                                       }},
           .dispatcher = [captured](const std::function<void()>& work) { work(); }}));
      captured.reset();
    }
    CHECK(watched.expired());
  }

  TEST_CASE("a handler may destroy what it was made of when it is replaced within itself") {
    // The captured object's destructor assigns the very callback it was captured by.
    struct Assigns {
      Assigns(WebSocketApp* app_to_change, bool* to_set) : app(app_to_change), done(to_set) {}
      WebSocketApp* app;
      bool* done;
      ~Assigns() {
        app->on_message = nullptr;
        *done = true;
      }
    };
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    bool done = false;
    app.on_message = [guard = std::make_shared<Assigns>(&app, &done)](WebSocketApp& self,
                                                                      const Message&) {
      self.on_message = [](WebSocketApp&, const Message&) {};
    };
    CHECK_FALSE(app.run_forever());
    CHECK(done);
    CHECK_FALSE(app.on_message);
  }

  TEST_CASE("on_cont_message assigned in on_open sees the fragments that came with the answer") {
    RawServer server([](RawConnection& connection) {
      const std::string head = connection.read_until("\r\n\r\n");
      connection.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          support::accept_value(support::header_value(head, "Sec-WebSocket-Key")) + "\r\n\r\n" +
          support::server_frame(false, 1, "be") + support::server_frame(true, 0, "gin") +
          support::server_frame(true, 8, ""));
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Events events;
    app.on_open = [&](WebSocketApp& self) {
      self.on_cont_message = [&](WebSocketApp&, std::string_view data, bool fin) {
        events.push_back(std::string(data) + (fin ? " fin" : ""));
      };
    };
    CHECK_FALSE(app.run_forever());
    CHECK(events == Events{"be", "gin fin"});
  }

  TEST_CASE("anything callable may be a handler") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    static int plain_calls = 0;
    plain_calls = 0;
    app.on_open = +[](WebSocketApp& self) {
      ++plain_calls;
      self.send("x");
    };
    std::string kept;
    app.on_message = [&, count = 0](WebSocketApp& self, std::string_view text) mutable {
      kept = text;
      ++count;
      self.close();
      return count;  // a result is of no interest
    };
    const std::function<void(WebSocketApp&, const CloseInfo&)> empty;
    app.on_close = empty;
    CHECK_FALSE(app.on_close);
    CHECK_FALSE(app.run_forever());
    CHECK(plain_calls == 1);
    CHECK(kept == "x");
  }

  TEST_CASE("a handler may own what cannot be copied") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    bool told = false;
    app.on_open = [farewell = std::make_unique<std::string>("bye")](WebSocketApp& self) {
      self.close(1000, *farewell);
    };
    app.on_close = [&told, owned = std::make_unique<int>(1)](WebSocketApp&, const CloseInfo&) {
      told = *owned == 1;
    };
    CHECK_FALSE(app.run_forever());
    CHECK(told);
  }

  TEST_CASE("an app with no handler at all runs to its end") {
    RawServer server(talkative());
    WebSocketApp app(server.url(), quick());
    CHECK_FALSE(app.run_forever());
  }
}
