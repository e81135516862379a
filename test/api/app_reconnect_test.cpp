// Runs with a ReconnectPolicy: who is tried again, what is told of it, and how such a run ends.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::RefusingPort;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Error;
using websocket::ReconnectPolicy;
using websocket::RunOptions;
using websocket::State;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

RunOptions again(int max_attempts = 0, websocket::Duration delay = std::chrono::milliseconds(1)) {
  return {.reconnect = ReconnectPolicy{.initial_delay = delay, .max_attempts = max_attempts}};
}

// Answers one status after the other, the last one for ever.
RawServer::Script answers(std::vector<std::string> heads) {
  return [heads = std::move(heads),
          next = std::make_shared<std::atomic<std::size_t>>(0)](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write(heads[std::min((*next)++, heads.size() - 1)]);
  };
}

}  // namespace

TEST_SUITE("WebSocketApp: reconnecting") {
  TEST_CASE("attempts are counted from 1 and the last one says that none follows") {
    const RefusingPort port;
    WebSocketApp app(port.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever(again(3)));
    CHECK(probe.events() ==
          Events{"error refused again", "error refused again", "error refused", "close 1006"});
    for (int attempt = 1; attempt <= 3; ++attempt) CHECK(probe.errors.pop()->attempt == attempt);
  }

  TEST_CASE("later connections are told by on_reconnect, each loss by on_error and on_close") {
    std::atomic<int> connections{0};
    RawServer server([&](RawConnection& connection) {
      const int number = ++connections;
      connection.accept_handshake();
      connection.write_text(std::to_string(number));
      if (number == 3) {
        connection.write_close(1000);
        connection.wait_for_end();
      }
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    RunOptions options = again();
    options.reconnect->should_reconnect = [](const Error* error, const CloseInfo&) {
      return error != nullptr;
    };
    Events expected{"open",      "message 1", "error closed again", "close 1006 again",
                    "reconnect", "message 2", "error closed again", "close 1006 again",
                    "reconnect", "message 3", "close 1000"};
    SUBCASE("with on_reconnect") {}
    SUBCASE("by on_open where on_reconnect is empty") {
      app.on_reconnect = nullptr;
      expected[4] = expected[8] = "open";
    }
    CHECK_FALSE(app.run_forever(options));
    CHECK(probe.events() == expected);
  }

  TEST_CASE("attempts are counted anew when a connection opened") {
    std::atomic<int> connections{0};
    RawServer server([&](RawConnection& connection) {
      // Refused, refused, open and lost, refused, refused, refused.
      const int number = ++connections;
      if (number == 3) {
        connection.accept_handshake();
      } else {
        connection.read_until("\r\n\r\n");
        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
      }
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever(again(3)));
    CHECK(probe.count("open") == 1);
    CHECK(probe.count("close 1006 again") == 1);
    std::vector<int> attempts;
    while (!probe.errors.empty()) attempts.push_back(probe.errors.pop()->attempt);
    CHECK(attempts == std::vector<int>{1, 2, 1, 1, 2, 3});
    CHECK(probe.events().back() == "close 1006");
  }

  TEST_CASE("a server that closes is tried again, and should_reconnect is asked without an error") {
    std::atomic<int> connections{0};
    RawServer server([&](RawConnection& connection) {
      const bool first = ++connections == 1;
      connection.accept_handshake();
      connection.write_close(first ? 1012 : 4000, "restarting");
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    RunOptions options = again();
    bool asked = false;
    SUBCASE("by the library's own rule") {
      app.on_reconnect = [&](WebSocketApp& self) {
        probe.add("reconnect");
        self.close();
      };
    }
    SUBCASE("by should_reconnect") {
      options.reconnect->should_reconnect = [&](const Error* error, const CloseInfo& info) {
        asked = true;
        CHECK(error == nullptr);
        CHECK(info.reason == "restarting");
        return info.code == 1012;
      };
    }
    CHECK_FALSE(app.run_forever(options));
    const Events events = probe.events();
    REQUIRE(events.size() == 4);
    CHECK(events[1] == "close 1012 again");
    CHECK(events[2] == "reconnect");
    CHECK(events[3] == "close 4000");
  }

  TEST_CASE("4xx other than 408 and 429 is not tried again, others are") {
    const auto answer = [](const std::string& status) {
      return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    };
    RawServer server(
        answers({answer("503 Busy"), answer("408 Timeout"), answer("429 Slow down"),
                 answer("302 Elsewhere"), answer("200 OK"), answer("401 Who are you")}));
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever(again()));
    CHECK(probe.count("error handshake_failed again") == 5);
    CHECK(probe.events().size() == 7);
    Error last = *probe.errors.pop();
    while (!probe.errors.empty()) last = *probe.errors.pop();
    CHECK(last.attempt == 6);
    REQUIRE(last.response);
    CHECK(last.response->status == 401);
  }

  TEST_CASE("an invalid argument is not tried again") {
    WebSocketApp app("http://localhost/", quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever(again()));
    CHECK(probe.events() == Events{"error invalid_argument", "close 1006"});
  }

  TEST_CASE("should_reconnect decides also where the library would try again, and a throw is no") {
    const RefusingPort port;
    WebSocketApp app(port.url(), quick());
    Probe probe;
    probe.attach(app);
    RunOptions options = again();
    SUBCASE("it says no") {
      options.reconnect->should_reconnect = [](const Error* error, const CloseInfo& info) {
        CHECK(error != nullptr);
        CHECK(info.code == 1006);
        return false;
      };
    }
    SUBCASE("it throws") {
      options.reconnect->should_reconnect = [](const Error*, const CloseInfo&) -> bool {
        throw 42;
      };
    }
    CHECK(app.run_forever(options));
    CHECK(probe.events() == Events{"error refused", "close 1006"});
  }

  TEST_CASE("close() while it waits to reconnect ends the run in order") {
    const RefusingPort port;
    WebSocketApp app(port.url(), quick());
    Probe probe;
    probe.attach(app);
    // run_forever: "`close()` before the connection opened: ... `run_forever` returns false".
    bool by_error = true;
    std::thread runner([&] { by_error = app.run_forever(again(0, std::chrono::hours(1))); });
    REQUIRE(probe.errors.pop());
    CHECK(api_test::comes_true([&] { return app.state() == State::waiting; }));
    app.close();
    runner.join();
    CHECK_FALSE(by_error);
    CHECK(probe.events() == Events{"error refused again", "close 1006"});
  }

  TEST_CASE("close() in a handler that tells of the next attempt ends the run") {
    std::atomic<int> connections{0};
    RawServer server([&](RawConnection& connection) {
      ++connections;
      connection.accept_handshake();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    SUBCASE("in on_error: that on_close is the last") {
      app.on_error = [&](WebSocketApp& self, const Error& error) {
        probe.add(Probe::words(error));
        self.close();
      };
      CHECK_FALSE(app.run_forever(again()));
      CHECK(probe.events() == Events{"open", "error closed again", "close 1006"});
    }
    SUBCASE("in on_close: another one ends the run") {
      app.on_close = [&](WebSocketApp& self, const CloseInfo& info) {
        probe.add(Probe::words(info));
        self.close();
      };
      CHECK_FALSE(app.run_forever(again()));
      CHECK(probe.events() ==
            Events{"open", "error closed again", "close 1006 again", "close 1006"});
    }
    CHECK(connections == 1);
  }

  TEST_CASE("the header factory is asked before every attempt, and what it throws is told") {
    support::Mailbox<std::string> tokens;
    RawServer server([&](RawConnection& connection) {
      const std::string head = connection.read_until("\r\n\r\n");
      tokens.push(support::header_value(head, "X-Token"));
    });
    int asked = 0;
    auto options = quick();
    options.header_factory = [&]() -> websocket::Headers {
      if (++asked == 3) throw std::runtime_error("the vault is shut");
      return {{"X-Token", std::to_string(asked)}};
    };
    WebSocketApp app(server.url(), options);
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever(again(3)));
    CHECK(tokens.pop() == "1");
    CHECK(tokens.pop() == "2");
    CHECK(probe.count("error") == 3);
    Error last = *probe.errors.pop();
    while (!probe.errors.empty()) last = *probe.errors.pop();
    CHECK(last.code == Condition::callback_threw);
    CHECK(last.message.find("the vault is shut") != std::string::npos);
  }

  TEST_CASE("messages are not replayed after reconnecting") {
    std::atomic<int> connections{0};
    support::Mailbox<std::string> second;
    RawServer server([&](RawConnection& connection) {
      const int number = ++connections;
      connection.accept_handshake();
      if (number == 1) return;
      second.push(connection.read_frame().payload);
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    app.on_open = [](WebSocketApp& self) {
      self.send("first connection");
      self.send_bytes(std::string(1000000, 'x'));
    };
    app.on_reconnect = [](WebSocketApp& self) { self.send("second connection"); };
    RunOptions options = again();
    options.reconnect->should_reconnect = [&](const Error* error, const CloseInfo&) {
      return error != nullptr;
    };
    CHECK_FALSE(app.run_forever(options));
    CHECK(second.pop() == "second connection");
  }

  TEST_CASE("a server that answers no ping is a dead link") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      const auto ping = connection.read_frame();
      CHECK(ping.opcode == 9);
      CHECK(ping.payload == "are you there");
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever({.ping_interval = std::chrono::milliseconds(20),
                           .ping_timeout = std::chrono::milliseconds(50),
                           .ping_payload = "are you there"}));
    CHECK(probe.events() == Events{"open", "error timeout", "close 1006"});
  }

  TEST_CASE("pings that are answered keep the link alive") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    int pongs = 0;
    app.on_pong = [&](WebSocketApp& self, std::string_view payload) {
      CHECK(payload == "alive");
      if (++pongs == 3) self.close();
    };
    CHECK_FALSE(app.run_forever({.ping_interval = std::chrono::milliseconds(5),
                                 .ping_timeout = support::default_deadline,
                                 .ping_payload = "alive"}));
    CHECK(pongs == 3);
  }
}
