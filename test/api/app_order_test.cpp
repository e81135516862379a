// The order in which a WebSocketApp tells what happens, what it says in each handler, and how a run
// ends. Reconnecting: app_reconnect_test.cpp.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::Watchdog;
using samples::EchoServer;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Message;
using websocket::Opcode;
using websocket::SendResult;
using websocket::State;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

// More than leaves with one batch.
constexpr int many = 20;
const std::string big(100'000, 'x');

void send_many(WebSocketApp& app) {
  for (int i = 0; i < many; ++i) CHECK(app.send(big) == SendResult::queued);
}

// What comes before the Close frame, and which code that has.
struct UntilClose {
  int messages = 0;
  std::uint16_t code = 0;
};

UntilClose read_until_close(RawConnection& connection) {
  UntilClose read;
  for (;;) {
    const auto frame = connection.read_frame();
    if (frame.opcode == 8) {
      read.code = frame.close_code();
      return read;
    }
    if (frame.payload == big) ++read.messages;
  }
}

}  // namespace

TEST_SUITE("WebSocketApp: order") {
  TEST_CASE("handlers follow one another in wire order, on_close last") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write(support::server_frame(true, 1, "one") + support::server_frame(true, 9, "p") +
                       support::server_frame(true, 10, "q") +
                       support::server_frame(true, 2, "two"));
      connection.write_close(1000, "bye");
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() ==
          Events{"open", "message one", "ping p", "pong q", "message two", "close 1000"});
    const auto info = probe.closes.pop();
    REQUIRE(info);
    CHECK(info->reason == "bye");
    CHECK(info->by_peer);
    CHECK(info->clean);
  }

  TEST_CASE("what a handler sent goes out, though a Close frame or a violation came right behind") {
    for (const bool violates : {false, true}) {
      CAPTURE(violates);
      support::Mailbox<std::string> received;
      RawServer server([&](RawConnection& connection) {
        connection.accept_handshake();
        connection.write(
            support::server_frame(true, 1, "one") +
            (violates ? std::string("\xa1\x00", 2) : support::server_frame(true, 8, "\x03\xe9")));
        received.push(connection.read_frame().payload);
        received.push(std::to_string(connection.read_frame().close_code()));
      });
      WebSocketApp app(server.url(), quick());
      app.on_message = [](WebSocketApp& self, const Message& message) {
        CHECK(self.send("echo of " + std::string(message.data)) == SendResult::queued);
      };
      app.run_forever();
      CHECK(received.pop() == "echo of one");
      CHECK(received.pop() == (violates ? "1002" : "1001"));
    }
  }

  TEST_CASE("frames in one segment with the server's answer are told after on_open") {
    RawServer server([](RawConnection& connection) {
      const std::string head = connection.read_until("\r\n\r\n");
      const std::string key = support::header_value(head, "Sec-WebSocket-Key");
      connection.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          support::accept_value(key) + "\r\n\r\n" + support::server_frame(true, 1, "glued") +
          support::server_frame(true, 8, ""));
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == Events{"open", "message glued", "close 1005"});
  }

  TEST_CASE("on_data comes before on_message and before on_cont_message") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_frame(false, 2, "ab");
      connection.write_frame(true, 0, "cd");
      connection.write_text("whole");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_data = [&](WebSocketApp&, std::string_view data, Opcode opcode, bool fin) {
      probe.add("data " + std::string(data) + " " + std::to_string(static_cast<int>(opcode)) +
                (fin ? " fin" : ""));
    };
    SUBCASE("fragments together where on_cont_message is empty") {
      CHECK_FALSE(app.run_forever());
      CHECK(probe.events() == Events{"open", "data abcd 2 fin", "message abcd", "data whole 1 fin",
                                     "message whole", "close 1000"});
    }
    SUBCASE("fragment by fragment where on_cont_message is set") {
      app.on_cont_message = [&](WebSocketApp&, std::string_view data, bool fin) {
        probe.add("fragment " + std::string(data) + (fin ? " fin" : ""));
      };
      CHECK_FALSE(app.run_forever());
      CHECK(probe.events() == Events{"open", "data ab 2", "fragment ab", "data cd 0 fin",
                                     "fragment cd fin", "data whole 1 fin", "message whole",
                                     "close 1000"});
    }
  }

  TEST_CASE("a lost link is on_error with Condition::closed and then on_close with 1006") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("hello");
      connection.shutdown();
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever());
    CHECK(probe.events() == Events{"open", "message hello", "error closed", "close 1006"});
    const auto error = probe.errors.pop();
    const auto info = probe.closes.pop();
    REQUIRE((error && info));
    CHECK(error->stage == websocket::Stage::open);
    CHECK(error->attempt == 1);
    CHECK_FALSE(info->clean);
    CHECK_FALSE(info->will_reconnect);
  }

  TEST_CASE("the state in each handler is the one the handler is about") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    Events states;
    const auto note = [&](const char* where, State expected) {
      states.emplace_back(std::string(where) +
                          (app.state() == expected ? "" : " in another state"));
    };
    CHECK(app.state() == State::idle);
    app.on_open = [&](WebSocketApp& self) {
      note("open", State::open);
      CHECK(self.send("x") == SendResult::queued);
    };
    app.on_message = [&](WebSocketApp& self, const Message&) {
      note("message", State::open);
      self.close();
      note("closing", State::closing);
      CHECK(self.send("late") == SendResult::closed);
      CHECK(self.ping() == SendResult::closed);
    };
    app.on_close = [&](WebSocketApp& self, const CloseInfo& info) {
      note("close", State::closed);
      CHECK(info.code == 1000);
      CHECK_FALSE(info.by_peer);
      CHECK(self.send("late") == SendResult::closed);
    };
    CHECK_FALSE(app.run_forever());
    CHECK(states == Events{"open", "message", "closing", "close"});
    CHECK(app.state() == State::closed);
  }

  TEST_CASE("while the server is silent the state is connecting") {
    support::Event reached;
    RawServer server([&](RawConnection& connection) {
      reached.set();
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    CHECK(app.state() == State::connecting);
    REQUIRE(reached.wait());
    CHECK(app.state() == State::connecting);
    CHECK(app.send("x") == SendResult::closed);
    app.close();
    app.wait();
    CHECK(probe.events() == Events{"close 1006"});
  }

  TEST_CASE("close() in on_open closes in order") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) { self.close(); };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == Events{"close 1000"});
  }

  TEST_CASE("what was sent before close() goes out before the Close frame") {
    support::Mailbox<std::string> received;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      for (;;) {
        const auto frame = connection.read_frame();
        received.push(frame.opcode == 8
                          ? "close " + std::to_string(frame.close_code()) + frame.payload.substr(2)
                          : frame.payload);
        if (frame.opcode == 8) break;
      }
      connection.write_close(4001, "answer");
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) {
      self.send("a");
      self.send_bytes("b");
      self.close(4000, "enough");
      self.close(4444, "again changes nothing");
    };
    CHECK_FALSE(app.run_forever());
    CHECK(received.pop() == "a");
    CHECK(received.pop() == "b");
    CHECK(received.pop() == "close 4000enough");
    CHECK(probe.events() == Events{"close 4001"});
  }

  TEST_CASE("however much was sent, all of it goes out before the Close frame") {
    support::Mailbox<UntilClose> received;
    bool server_closes = false;
    SUBCASE("ours") {}
    SUBCASE("the answer to the server's") { server_closes = true; }
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write(support::server_frame(true, 1, "go"));
      if (server_closes) connection.write(support::server_frame(true, 8, "\x03\xe8"));
      received.push(read_until_close(connection));
      if (!server_closes) connection.write_close(1000);
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_message = [&](WebSocketApp& self, const Message&) {
      send_many(self);
      if (!server_closes) self.close();
    };
    CHECK_FALSE(app.run_forever());
    const auto read = received.pop();
    REQUIRE(read);
    CHECK(read->messages == many);
    CHECK(read->code == 1000);
    const auto closed = probe.closes.pop();
    REQUIRE(closed);
    CHECK(closed->unsent_messages == 0);
  }

  TEST_CASE("a server that does not answer our Close frame is 1006, not clean and no error") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) { self.close(); };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == Events{"close 1006"});
    CHECK_FALSE(probe.closes.pop()->clean);
  }

  TEST_CASE("a run that never opened ends with on_error and one on_close") {
    const api_test::RefusingPort port;
    WebSocketApp app(port.url(), quick());
    Probe probe;
    probe.attach(app);
    CHECK(app.run_forever());
    CHECK(probe.events() == Events{"error refused", "close 1006"});
    CHECK(app.state() == State::closed);
    CHECK(app.response().status == 0);
  }

  TEST_CASE("the last on_close may start a new run") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    support::Event second_over;
    int runs = 0;
    app.on_open = [&](WebSocketApp& self) {
      probe.add("open");
      self.close();
    };
    app.on_close = [&](WebSocketApp& self, const CloseInfo& info) {
      probe.add(Probe::words(info));
      if (++runs == 2) return second_over.set();
      self.start();
      CHECK(self.state() == State::connecting);
    };
    SUBCASE("of start()") { app.start(); }
    SUBCASE("of run_forever(), which ends with the run it began") {
      CHECK_FALSE(app.run_forever());
    }
    REQUIRE(second_over.wait());
    app.wait();
    CHECK(probe.events() == Events{"open", "close 1000", "open", "close 1000"});
  }

  TEST_CASE("an app runs again and again, each run told from the beginning") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [&](WebSocketApp& self) {
      probe.add("open");
      self.close();
    };
    for (int run = 0; run < 20; ++run) {
      const Watchdog watchdog("running again");
      if (run % 2 == 0) {
        CHECK_FALSE(app.run_forever());
      } else {
        app.start();
        app.wait();
        CHECK(app.wait_for(std::chrono::milliseconds(0)));
      }
    }
    CHECK(probe.events().size() == 40);
    CHECK(probe.count("close 1000") == 20);
  }

  TEST_CASE("what the server said in the handshake is there from on_open on") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake("Sec-WebSocket-Protocol: chat\r\nX-Hello: there\r\n");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    auto options = quick();
    options.subprotocols = {"superchat", "chat"};
    WebSocketApp app(server.url(), options);
    bool opened = false;
    app.on_open = [&](WebSocketApp& self) {
      opened = true;
      CHECK(self.subprotocol() == "chat");
      CHECK(self.response().status == 101);
      CHECK(self.response().headers.get("x-hello") == "there");
      CHECK(self.remote_address() == "127.0.0.1:" + std::to_string(server.port()));
      CHECK(self.local_address().starts_with("127.0.0.1:"));
    };
    CHECK(app.subprotocol().empty());
    CHECK(app.local_address().empty());
    CHECK_FALSE(app.run_forever());
    CHECK(opened);
  }
}
