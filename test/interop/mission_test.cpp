// The programs the idea comes from, against servers nobody here wrote. Each case is one row.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "support/raw_server.hpp"
#include "talk.hpp"

using namespace interop;
using websocket::CloseInfo;
using websocket::Errc;
using websocket::Error;
using websocket::Message;
using websocket::WebSocketApp;

namespace {

// Collects the trace as long as it lives.
class Trace {
 public:
  Trace() {
    websocket::enable_trace(true, [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    });
  }
  ~Trace() { websocket::enable_trace(false); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  bool has(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace

TEST_SUITE_BEGIN("The programs the idea comes from");

TEST_CASE_TEMPLATE_DEFINE("row 1: trace on, handlers assigned, run_forever", Server, row_1) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  const Trace trace;
  std::vector<std::string> events;
  websocket::ConnectOptions options;
  options.cookie = "session=hush";
  options.header = {{"Authorization", "Bearer hush"}};
  WebSocketApp ws(peer.url("/echo"), options);
  ws.on_message = [&](WebSocketApp& self, const Message& message) {
    events.push_back("message " + std::string(message.data));
    self.close();
  };
  ws.on_error = [&](WebSocketApp&, const Error& error) { events.push_back(error.message); };
  ws.on_close = [&](WebSocketApp&, const CloseInfo& info) {
    events.push_back("close " + std::to_string(info.code));
  };
  ws.on_open = [&](WebSocketApp& self) {
    events.push_back("open");
    self.send("hello there");
  };
  CHECK_FALSE(ws.run_forever());
  CHECK(events == std::vector<std::string>{"open", "message hello there", "close 1000"});

  CHECK(trace.has("--- request header ---"));
  CHECK(trace.has("GET /echo HTTP/1.1"));
  CHECK(trace.has("-----------------------"));
  CHECK(trace.has("--- response header ---"));
  CHECK(trace.has("HTTP/1.1 101 Switching Protocols"));
  CHECK(trace.has("++Sent raw: b'\\x81\\x8b"));
  CHECK(trace.has("++Sent decoded: fin=1 opcode=1 data=b'hello there'"));
  CHECK(trace.has("++Rcv raw: b'\\x"));  // compressed or not, as the server likes
  CHECK(trace.has("++Rcv decoded: fin=1 opcode=1 data=b'hello there'"));
  CHECK(trace.has("Authorization: ***"));
  CHECK(trace.has("Cookie: ***"));
  CHECK_FALSE(trace.has("hush"));
}
TEST_CASE_TEMPLATE_APPLY(row_1, EveryServer);

TEST_CASE_TEMPLATE_DEFINE(
    "row 2: on_open sends \"hello there\", on_message answers \"hello again\"", Server, row_2) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  std::vector<std::string> messages;
  WebSocketApp ws(peer.url("/echo"));
  ws.on_open = [](WebSocketApp& self) { self.send("hello there"); };
  ws.on_message = [&](WebSocketApp& self, std::string_view message) {
    messages.emplace_back(message);
    if (messages.size() < 5) {
      self.send("hello again");
    } else {
      self.close();
    }
  };
  CHECK_FALSE(ws.run_forever());
  CHECK(messages == std::vector<std::string>{"hello there", "hello again", "hello again",
                                             "hello again", "hello again"});
}
TEST_CASE_TEMPLATE_APPLY(row_2, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("row 2: the same from another thread", Server, row_2_threads) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  support::Event open_now;
  support::Mailbox<std::string> messages;
  WebSocketApp ws(peer.url("/echo"));
  ws.on_open = [&](WebSocketApp&) { open_now.set(); };
  ws.on_message = [&](WebSocketApp&, std::string_view message) {
    messages.push(std::string(message));
  };
  std::thread other([&] {
    if (!open_now.wait()) return;
    ws.send("hello there");
    if (messages.pop() == "hello there") ws.send("hello again");
    if (messages.pop() == "hello again") ws.close(1000, "bye");
  });
  CHECK_FALSE(ws.run_forever());
  other.join();
}
TEST_CASE_TEMPLATE_APPLY(row_2_threads, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("row 3: on_open closes at once, cleanly", Server, row_3) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  std::vector<CloseInfo> closes;
  int errors = 0;
  WebSocketApp ws(peer.url("/echo"));
  ws.on_open = [](WebSocketApp& self) { self.close(); };
  ws.on_error = [&](WebSocketApp&, const Error&) { ++errors; };
  ws.on_close = [&](WebSocketApp&, const CloseInfo& info) { closes.push_back(info); };
  CHECK_FALSE(ws.run_forever());
  CHECK(errors == 0);
  REQUIRE(closes.size() == 1);
  CHECK(closes[0].code == 1000);
  CHECK(closes[0].clean);
  CHECK_FALSE(closes[0].by_peer);
}
TEST_CASE_TEMPLATE_APPLY(row_3, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("row 4: create_connection, send, recv, close", Server, row_4) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  auto ws = websocket::create_connection(peer.url("/echo"));
  ws.send("Hello, World");
  CHECK(ws.recv() == "Hello, World");
  CHECK(ws.close().clean);
}
TEST_CASE_TEMPLATE_APPLY(row_4, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("row 5: WebSocket, connect, send, recv, close", Server, row_5) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  websocket::WebSocket ws;
  CHECK_FALSE(ws.connected());
  ws.connect(peer.url("/echo"));
  CHECK(ws.connected());
  ws.send("Hello, World");
  CHECK(ws.recv() == "Hello, World");
  CHECK(ws.close().clean);
  CHECK_FALSE(ws.connected());
}
TEST_CASE_TEMPLATE_APPLY(row_5, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("row 6: the handshake's header fields are sent to the letter", Server,
                          row_6) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  websocket::ConnectOptions options;
  options.subprotocols = {"chat.v1", "chat.v2"};
  websocket::WebSocket ws = websocket::create_connection(peer.url("/headers"), options);
  const std::string head = ws.recv();
  const std::string authority = "127.0.0.1:" + std::to_string(peer.port());
  CHECK(support::header_value(head, "Host") == authority);
  CHECK(support::header_value(head, "Upgrade") == "websocket");
  CHECK(support::header_value(head, "Connection") == "Upgrade");
  CHECK(support::header_value(head, "Sec-WebSocket-Version") == "13");
  CHECK(support::header_value(head, "Sec-WebSocket-Protocol") == "chat.v1, chat.v2");
  CHECK(support::header_value(head, "Origin") == "http://" + authority);
  const std::string key = support::header_value(head, "Sec-WebSocket-Key");
  CHECK(ws.response().headers.get("Sec-WebSocket-Accept") == support::accept_value(key));
  CHECK(ws.close().clean);
}
TEST_CASE_TEMPLATE_APPLY(row_6, EveryServer);

TEST_CASE("row 6: a server that answers every key with the RFC's example is refused") {
  const std::unique_ptr<Peer> peer = Peer::raw_accept();
  if (skip_without(*peer)) return;
  std::vector<Error> errors;
  bool opened = false;
  WebSocketApp ws(peer->url("/"));
  ws.on_open = [&](WebSocketApp&) { opened = true; };
  ws.on_message = [&](WebSocketApp&, const Message&) { opened = true; };
  ws.on_error = [&](WebSocketApp&, const Error& error) { errors.push_back(error); };
  CHECK(ws.run_forever());
  CHECK_FALSE(opened);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].code == Errc::invalid_accept);
  CHECK_THROWS_AS(websocket::create_connection(peer->url("/")),
                  websocket::WebSocketProtocolException);
}

TEST_CASE("row 7: frames have FIN, opcode, a fresh mask and the shortest length") {
  support::Mailbox<support::RawFrame> frames;
  support::RawServer server([&](support::RawConnection& connection) {
    connection.accept_handshake();
    for (;;) {
      support::RawFrame frame = connection.read_frame();
      frames.push(frame);
      if (frame.opcode != 8) continue;
      connection.write_frame(true, 8, frame.payload);
      return;
    }
  });
  websocket::WebSocket ws = websocket::create_connection(server.url());
  for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
    ws.send_bytes(std::string(size, 'x'));
  }
  ws.send("text");
  ws.ping("ping");
  ws.pong("pong");
  CHECK(ws.close(1000, "bye").clean);

  struct Expected {
    int opcode;
    int length_field;
    std::string payload;
  };
  std::set<std::uint32_t> keys;
  for (const Expected& expected :
       {Expected{2, 0, ""}, Expected{2, 125, std::string(125, 'x')},
        Expected{2, 126, std::string(126, 'x')}, Expected{2, 126, std::string(65535, 'x')},
        Expected{2, 127, std::string(65536, 'x')}, Expected{1, 4, "text"}, Expected{9, 4, "ping"},
        Expected{10, 4, "pong"},
        Expected{8, 5,
                 "\x03\xE8"
                 "bye"}}) {
    const std::optional<support::RawFrame> frame = frames.pop();
    REQUIRE(frame.has_value());
    CHECK(frame->fin);
    CHECK(frame->reserved_bits == 0);
    CHECK(frame->opcode == expected.opcode);
    CHECK(frame->masked);
    CHECK(frame->length_field == expected.length_field);
    CHECK((frame->payload == expected.payload));
    keys.insert(frame->mask_key);
  }
  CHECK(keys.size() == 9);
  CHECK(server.problems().empty());
}

TEST_CASE("row 16: one program talks to every server people run, at the same time") {
  websocket::EventLoop loop;
  support::Mailbox<std::string> echoes;
  std::vector<std::unique_ptr<WebSocketApp>> apps;
  for (const Kind kind : {Kind::python_websockets, Kind::tornado, Kind::node_ws}) {
    Peer& peer = shared(kind);
    if (skip_without(peer)) return;
    apps.push_back(std::make_unique<WebSocketApp>(loop, peer.url("/echo")));
    WebSocketApp& app = *apps.back();
    app.on_open = [](WebSocketApp& self) { self.send("hello there"); };
    app.on_message = [&](WebSocketApp&, std::string_view message) {
      echoes.push(std::string(message));
    };
    app.start();
  }
  loop.start();
  for (std::size_t count = 0; count < apps.size(); ++count) CHECK(echoes.pop() == "hello there");
  for (const auto& app : apps) app->close();
  for (const auto& app : apps) CHECK(app->wait_for(support::default_deadline));
}

TEST_SUITE_END();
