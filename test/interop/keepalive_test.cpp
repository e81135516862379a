// Pings and pongs with foreign servers: RFC 6455 5.5.2 and 5.5.3.
#include <doctest/doctest.h>

#include "support/raw_server.hpp"
#include "talk.hpp"

using namespace interop;
using namespace std::chrono_literals;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Errc;
using websocket::Error;
using websocket::RunOptions;
using websocket::WebSocketApp;

TEST_SUITE_BEGIN("5.5.2 Ping and 5.5.3 Pong, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("a ping from the server is answered with its payload", On, answered) {
  if (skip_without(On::peer())) return;
  for (const std::string& payload : {std::string("x"), std::string(125, 'p')}) {
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/ping?payload=" + payload));
    CHECK(next_text(*talk) == "pong: " + payload);
    CHECK(talk->close(1000, "").info.clean);
  }
}
TEST_CASE_TEMPLATE_APPLY(answered, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("our ping reaches the server with its payload", On, sent) {
  if (skip_without(On::peer())) return;
  for (const std::string& payload : {std::string(), std::string("x"), std::string(125, 'p')}) {
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/pings"));
    talk->ping(payload);
    CHECK(next_text(*talk) == "ping: " + payload);
    CHECK(talk->close(1000, "").info.clean);
  }
}
TEST_CASE_TEMPLATE_APPLY(sent, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("on_pong gets the payload of our ping back", Server, pong) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  support::Mailbox<std::string> pongs;
  WebSocketApp app(peer.url("/echo"));
  app.on_open = [](WebSocketApp& self) { self.ping("here I am"); };
  app.on_pong = [&](WebSocketApp&, std::string_view payload) { pongs.push(std::string(payload)); };
  app.start();
  CHECK(pongs.pop() == "here I am");
}
TEST_CASE_TEMPLATE_APPLY(pong, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("on_ping gets the payload of the server's ping", Server, pinged) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  support::Mailbox<std::string> pings;
  WebSocketApp app(peer.url("/ping?payload=knock"));
  app.on_ping = [&](WebSocketApp&, std::string_view payload) { pings.push(std::string(payload)); };
  app.start();
  CHECK(pings.pop() == "knock");
}
TEST_CASE_TEMPLATE_APPLY(pinged, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("an unasked pong of the synchronous face does no harm", Server, unasked) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  websocket::WebSocket socket = websocket::create_connection(peer.url("/echo"));
  socket.pong("nobody asked");
  socket.ping("and a ping");
  socket.send("a message");
  CHECK(socket.recv() == "a message");
  CHECK(socket.close().clean);
}
TEST_CASE_TEMPLATE_APPLY(unasked, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("ping_interval keeps asking, and the answers keep the link alive", Server,
                          interval) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  support::Mailbox<std::string> pongs;
  support::Mailbox<Error> errors;
  support::Mailbox<CloseInfo> closed;
  WebSocketApp app(peer.url("/echo"));
  app.on_pong = [&](WebSocketApp&, std::string_view payload) { pongs.push(std::string(payload)); };
  app.on_error = [&](WebSocketApp&, const Error& error) { errors.push(error); };
  app.on_close = [&](WebSocketApp&, const CloseInfo& info) { closed.push(info); };
  RunOptions options;
  options.ping_interval = 20ms;
  options.ping_timeout = support::default_deadline;
  options.ping_payload = "still there?";
  app.start(options);
  for (int number = 0; number < 5; ++number) CHECK(pongs.pop() == "still there?");
  CHECK(app.state() == websocket::State::open);
  CHECK(errors.empty());
  app.close();
  const std::optional<CloseInfo> info = closed.pop();
  REQUIRE(info.has_value());
  CHECK(info->code == 1000);
  CHECK(info->clean);
}
TEST_CASE_TEMPLATE_APPLY(interval, EveryServer);

TEST_CASE("a server that no longer answers pings is a lost link: ping_timeout, then 1006") {
  Peer& peer = shared(Kind::node_ws);
  if (skip_without(peer)) return;
  support::Mailbox<Error> errors;
  support::Mailbox<CloseInfo> closed;
  WebSocketApp app(peer.url("/silent"));
  app.on_error = [&](WebSocketApp&, const Error& error) { errors.push(error); };
  app.on_close = [&](WebSocketApp&, const CloseInfo& info) { closed.push(info); };
  RunOptions options;
  options.ping_interval = 50ms;
  options.ping_timeout = 100ms;
  app.start(options);
  const std::optional<Error> error = errors.pop();
  REQUIRE(error.has_value());
  CHECK(error->code == Errc::ping_timeout);
  CHECK(error->code == Condition::timeout);
  const std::optional<CloseInfo> info = closed.pop();
  REQUIRE(info.has_value());
  CHECK(info->code == 1006);
  CHECK_FALSE(info->clean);
  CHECK(errors.empty());
}

TEST_SUITE_END();
