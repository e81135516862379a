// enable_trace: what it shows, what it hides, where it goes.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::both_faces;
using api_test::Face;
using api_test::quick;
using api_test::talk;
using samples::EchoServer;
using support::RawConnection;
using support::RawServer;
using websocket::enable_trace;
using websocket::WebSocketApp;
using Lines = std::vector<std::string>;

namespace {

// Collects the trace while it lives.
class Traced {
 public:
  Traced() {
    enable_trace(true, [this](std::string_view line) { add(line); });
  }
  ~Traced() { enable_trace(false); }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

  /// As they came.
  Lines raw() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// Without time and number.
  Lines lines() const {
    Lines stripped;
    for (const std::string& line : raw()) stripped.push_back(line.substr(line.find(" #") + 1));
    for (std::string& line : stripped) line.erase(0, line.find(' ') + 1);
    return stripped;
  }
  bool has(const std::string& line) const {
    const Lines all = lines();
    return std::find(all.begin(), all.end(), line) != all.end();
  }
  bool mentions(std::string_view words) const {
    const Lines all = lines();
    return std::any_of(all.begin(), all.end(), [&](const std::string& line) {
      return line.find(words) != std::string::npos;
    });
  }

 private:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  mutable std::mutex mutex_;
  Lines lines_;
};

// The lines are there, in that order, others between them.
bool in_this_order(const Lines& all, const Lines& wanted) {
  auto from = all.begin();
  for (const std::string& line : wanted) {
    from =
        std::find_if(from, all.end(), [&](const std::string& it) { return it.starts_with(line); });
    if (from == all.end()) {
      MESSAGE("missing or elsewhere: " << line << " in: " << all);
      return false;
    }
    ++from;
  }
  return true;
}

RawServer::Script says_hello() {
  return [](RawConnection& connection) {
    connection.accept_handshake("X-Server: test\r\n");
    connection.write_text("hello there");
    connection.write_close(1000, "bye");
    connection.wait_for_end();
  };
}

}  // namespace

TEST_SUITE("trace") {
  TEST_CASE("it has websocket-client's shape") {
    RawServer server(says_hello());
    for (const Face face : both_faces) {
      CAPTURE(api_test::name_of(face));
      const Traced trace;
      talk(face, server.url("/x?y=1"), quick());
      CHECK(in_this_order(trace.lines(), {"Resolved 127.0.0.1",
                                          "Connecting to 127.0.0.1:",
                                          "--- request header ---",
                                          "GET /x?y=1 HTTP/1.1",
                                          "Upgrade: websocket",
                                          "Host: 127.0.0.1:",
                                          "Sec-WebSocket-Key: ",
                                          "-----------------------",
                                          "--- response header ---",
                                          "HTTP/1.1 101 Switching Protocols",
                                          "X-Server: test",
                                          "-----------------------",
                                          "Websocket connected",
                                          R"(++Rcv raw: b'\x81\x0bhello there')",
                                          "++Rcv decoded: fin=1 opcode=1 data=b'hello there'",
                                          R"(++Rcv raw: b'\x88\x05\x03\xe8bye')",
                                          "++Rcv decoded: fin=1 opcode=8",
                                          R"(++Sent raw: b'\x88\x82)",
                                          "++Sent decoded: fin=1 opcode=8",
                                          "Websocket closed, code 1000 'bye'"}));
    }
  }

  TEST_CASE("sent frames show masked as they are on the wire, and decoded") {
    EchoServer server;
    const Traced trace;
    auto socket = websocket::create_connection(server.url());
    socket.send("hello there");
    CHECK(socket.recv() == "hello there");
    socket.close();
    CHECK(trace.has("++Sent decoded: fin=1 opcode=1 data=b'hello there'"));
    CHECK(trace.mentions(R"(++Sent raw: b'\x81\x8b)"));
    CHECK(trace.has(R"(++Rcv raw: b'\x81\x0bhello there')"));
  }

  TEST_CASE("every line begins with a time and a number, and has no line feed") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("a\nb\r\nc");
      connection.write_close(1000, "first\nsecond\x1b[31m");
      connection.wait_for_end();
    });
    const Traced trace;
    WebSocketApp app(server.url(), quick());
    app.on_message = [](WebSocketApp&, std::string_view) {
      throw std::runtime_error("first\nsecond");
    };
    app.run_forever();
    const Lines lines = trace.raw();
    REQUIRE(lines.size() > 10);
    for (const std::string& line : lines) {
      CAPTURE(line);
      CHECK(line.find_first_of("\r\n\x1b") == std::string::npos);
      CHECK(line.size() > 26);
      CHECK(line[4] == '-');
      CHECK(line.substr(23, 2) == " #");
    }
  }

  TEST_CASE("secrets show as ***, whoever sends them") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake("Set-Cookie: sid=s3cret-a\r\nset-cookie: other=s3cret-b\r\n");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    auto options = quick();
    options.header = {{"AUTHORIZATION", "Bearer s3cret-c"}, {"Proxy-Authorization", "s3cret-d"}};
    options.cookie = "sid=s3cret-e";
    const std::string url =
        "ws://joe:s3cret-f@127.0.0.1:" + std::to_string(server.port()) + "/chat";
    for (const Face face : both_faces) {
      const Traced trace;
      talk(face, url, options);
      talk(face, url + "#fragment", options);
      options.header = {};
      talk(face, url, options);  // now the userinfo is sent
      CHECK_FALSE(trace.mentions("s3cret"));
      CHECK_FALSE(trace.mentions("am9lOnMzY3JldC1m"));  // the userinfo in base64
      CHECK(trace.has("AUTHORIZATION: ***"));
      CHECK(trace.has("Authorization: ***"));
      CHECK(trace.has("Cookie: ***"));
      CHECK(trace.has("Set-Cookie: ***"));
      CHECK(trace.has("set-cookie: ***"));
      options.header = {{"AUTHORIZATION", "Bearer s3cret-c"}, {"Proxy-Authorization", "s3cret-d"}};
    }
  }

  TEST_CASE("secrets in an answer that breaks the rules show as *** too") {
    RawServer server([](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write(
          "HTTP/1.1 101 X\r\nSet-Cookie : s3cret-a\r\nSet-Cookie: x;\r\n s3cret-b\r\n\r\n");
      connection.wait_for_end();
    });
    const Traced trace;
    talk(Face::app, server.url(), quick());
    CHECK(trace.mentions("response header"));
    CHECK_FALSE(trace.mentions("s3cret"));
  }

  TEST_CASE("frames that came with the server's answer are shown") {
    RawServer server([](RawConnection& connection) {
      const std::string head = connection.read_until("\r\n\r\n");
      connection.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          support::accept_value(support::header_value(head, "Sec-WebSocket-Key")) + "\r\n\r\n" +
          support::server_frame(true, 1, "glued") + "\x81\x05he");
      connection.read_frame();
      connection.write("llo");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    const Traced trace;
    WebSocketApp app(server.url(), quick());
    app.on_open = [](WebSocketApp& self) { self.send("go on"); };
    CHECK_FALSE(app.run_forever());
    CHECK(trace.has("++Rcv decoded: fin=1 opcode=1 data=b'glued'"));
    CHECK(trace.has("++Rcv decoded: fin=1 opcode=1 data=b'hello'"));
    CHECK(trace.mentions("++Rcv decoded: fin=1 opcode=8"));
  }

  TEST_CASE("long payloads are cut and their size told") {
    EchoServer server;
    const Traced trace;
    auto socket = websocket::create_connection(server.url());
    socket.send(std::string(100000, 'x'));
    CHECK(socket.recv().size() == 100000);
    socket.close();
    for (const std::string& line : trace.raw()) CHECK(line.size() < 2000);
    CHECK(trace.mentions("(100000 bytes)"));
  }

  TEST_CASE("errors, refused addresses and waits before reconnecting have lines") {
    const api_test::RefusingPort port;
    const Traced trace;
    WebSocketApp app(port.url(), quick());
    app.run_forever({.reconnect = websocket::ReconnectPolicy{
                         .initial_delay = std::chrono::milliseconds(1), .max_attempts = 2}});
    CHECK(trace.mentions("Error: "));
    CHECK(trace.mentions("refused"));
    CHECK(trace.mentions("Reconnecting in "));
  }

  TEST_CASE("two connections are told apart by their numbers") {
    EchoServer server;
    const Traced trace;
    auto first = websocket::create_connection(server.url());
    auto second = websocket::create_connection(server.url());
    first.send("by the first");
    second.send("by the second");
    std::vector<std::string> numbers;
    for (const std::string& line : trace.raw()) {
      if (line.find("data=b'by the ") == std::string::npos) continue;
      numbers.push_back(line.substr(24, line.find(' ', 24) - 24));
    }
    REQUIRE(numbers.size() == 2);
    CHECK(numbers[0] != numbers[1]);
  }

  TEST_CASE("turned on in mid-connection it begins with the next frame, turned off it is silent") {
    EchoServer server;
    auto socket = websocket::create_connection(server.url());
    const auto talk_once = [&](const std::string& text) {
      socket.send(text);
      CHECK(socket.recv() == text);
    };
    talk_once("before");
    Lines lines;
    enable_trace(true, [&](std::string_view line) { lines.emplace_back(line); });
    talk_once("during");
    enable_trace(false);
    const std::size_t count = lines.size();
    talk_once("after");
    CHECK(lines.size() == count);
    CHECK(count == 4);
    enable_trace(true, [&](std::string_view line) { lines.emplace_back(line); });
    talk_once("again");
    enable_trace(false);
    CHECK(lines.size() == 8);
  }

  TEST_CASE("a sink that throws fails nothing") {
    EchoServer server;
    int called = 0;
    enable_trace(true, [&](std::string_view) {
      ++called;
      throw std::runtime_error("the disk is full");
    });
    auto socket = websocket::create_connection(server.url());
    socket.send("x");
    CHECK(socket.recv() == "x");
    CHECK(socket.close().code == 1000);
    enable_trace(false);
    CHECK(called > 5);
  }

  TEST_CASE("a former sink is released, and never called afterwards") {
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = captured;
    enable_trace(true, [held = std::move(captured)](std::string_view) {});
    CHECK_FALSE(watched.expired());
    SUBCASE("by turning it off") { enable_trace(false); }
    SUBCASE("by another one") {
      enable_trace(true, [](std::string_view) {});
    }
    CHECK(watched.expired());
    enable_trace(false);
  }

  TEST_CASE("it is turned on and off from another thread while connections are at work") {
    EchoServer server;
    WebSocketApp app(server.url(), quick());
    support::Event done;
    int told = 0;
    app.on_open = [](WebSocketApp& self) { self.send("0"); };
    app.on_message = [&](WebSocketApp& self, std::string_view) {
      if (++told == 2000) return self.close();
      self.send(std::string(static_cast<std::size_t>(told % 300), 'x'));
    };
    app.on_close = [&](WebSocketApp&, const websocket::CloseInfo&) { done.set(); };
    app.start();
    std::atomic<int> lines{0};
    while (!done.is_set()) {
      enable_trace(true, [&](std::string_view) { ++lines; });
      std::this_thread::yield();
      enable_trace(false);
    }
    app.wait();
    CHECK(told == 2000);
  }
}
