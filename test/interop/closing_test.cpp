// The end of connections with foreign servers: RFC 6455 7.
#include <doctest/doctest.h>

#include "talk.hpp"

using namespace interop;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Errc;
using websocket::Error;
using websocket::WebSocketApp;

namespace {

void check_lost(const Ending& ending) {
  CHECK(ending.info.code == 1006);
  CHECK(ending.info.reason.empty());
  CHECK_FALSE(ending.info.clean);
  CHECK_FALSE(ending.info.will_reconnect);
  REQUIRE(ending.errors.size() == 1);
  CHECK(ending.errors[0].code == Errc::connection_lost);
  CHECK(ending.errors[0].code == Condition::closed);
  CHECK_FALSE(ending.errors[0].message.empty());
}

}  // namespace

TEST_SUITE_BEGIN("7. Closing the connection, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("the server's close code and reason come as they were", On,
                          server_closes) {
  if (skip_without(On::peer())) return;
  for (const int code : {1000, 1001, 1008, 1011, 3000, 4999}) {
    CAPTURE(code);
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/close?reason=gr%C3%BC%C3%9Fe&code=" + std::to_string(code)));
    const Ending ending = talk->wait_for_end();
    CHECK(ending.info.code == code);
    CHECK(ending.info.reason == "grüße");
    CHECK(ending.info.clean);
    CHECK(ending.info.by_peer);
    CHECK_FALSE(ending.info.will_reconnect);
    CHECK(ending.errors.empty());
  }
}
TEST_CASE_TEMPLATE_APPLY(server_closes, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("the longest reason, 123 bytes, comes whole", On, longest_reason) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  const std::string reason(123, 'r');
  open(*talk, On::peer().url("/close?code=4000&reason=" + reason));
  const Ending ending = talk->wait_for_end();
  CHECK(ending.info.code == 4000);
  CHECK(ending.info.reason == reason);
}
TEST_CASE_TEMPLATE_APPLY(longest_reason, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a Close frame without a code is 1005", On, without_code) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/close"));
  const Ending ending = talk->wait_for_end();
  CHECK(ending.info.code == 1005);
  CHECK(ending.info.reason.empty());
  CHECK(ending.info.clean);
  CHECK(ending.info.by_peer);
  CHECK(ending.errors.empty());
}
TEST_CASE_TEMPLATE_APPLY(without_code, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("messages before the server's Close frame come first", On, push_close) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/push-close"));
  CHECK(next_text(*talk) == "one");
  CHECK(next_text(*talk) == "two");
  CHECK(next_text(*talk) == "three");
  CHECK_FALSE(talk->receive().has_value());
  const Ending ending = talk->wait_for_end();
  CHECK(ending.info.code == 1000);
  CHECK(ending.info.reason == "done");
  CHECK(ending.info.clean);
}
TEST_CASE_TEMPLATE_APPLY(push_close, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a server that closes in the middle of a conversation is heard", On,
                          close_later) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/close-on-message?code=4001&reason=enough"));
  talk->send_text("one too many");
  const Ending ending = talk->wait_for_end();
  CHECK(ending.info.code == 4001);
  CHECK(ending.info.reason == "enough");
  CHECK(ending.info.by_peer);
}
TEST_CASE_TEMPLATE_APPLY(close_later, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("the server sees our code and reason, and answers with the code", On,
                          client_closes) {
  if (skip_without(On::peer())) return;
  const std::string reason = On::name() + " says auf Wiederhören";
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  const Ending ending = talk->close(3001, reason);
  CHECK(ending.info.code == 3001);
  CHECK(ending.info.clean);
  CHECK_FALSE(ending.info.by_peer);
  CHECK_FALSE(ending.info.will_reconnect);
  CHECK(ending.errors.empty());
  CHECK(On::peer().saw_close(3001, reason));
}
TEST_CASE_TEMPLATE_APPLY(client_closes, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("what was sent before our close arrives before it", On, send_and_close) {
  if (skip_without(On::peer())) return;
  const std::string reason = On::name() + " sent much";
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  for (int number = 0; number < 200; ++number) talk->send_bytes(std::string(1000, 'x'));
  const Ending ending = talk->close(4002, reason);
  CHECK(ending.info.code == 4002);
  CHECK(ending.info.clean);
  CHECK(On::peer().saw_close(4002, reason));
}
TEST_CASE_TEMPLATE_APPLY(send_and_close, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a connection the server drops at once is lost: 1006 and an error", On,
                          aborted) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/abort"));
  check_lost(talk->wait_for_end());
}
TEST_CASE_TEMPLATE_APPLY(aborted, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a connection dropped in the middle of a conversation is lost", On,
                          aborted_later) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/abort-on-message"));
  talk->send_text("the last straw");
  check_lost(talk->wait_for_end());
}
TEST_CASE_TEMPLATE_APPLY(aborted_later, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a connection the server resets within the handshake's wake is an error",
                          On, reset) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  // The reset may overtake the handshake's answer: then it does not even open.
  const std::optional<Error> error = talk->open(On::peer().url("/reset"));
  if (!error) {
    check_lost(talk->wait_for_end());
    return;
  }
  CHECK((error->code == Condition::handshake_failed || error->code == Condition::closed));
}
TEST_CASE_TEMPLATE_APPLY(reset, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a server that shuts down says 1001", On, going_away) {
  Peer peer(On::kind);
  if (skip_without(peer)) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, peer.url("/echo"));
  talk->send_text("are you there");
  CHECK(next_text(*talk) == "are you there");
  peer.process().write_line("close");
  const Ending ending = talk->wait_for_end();
  CHECK(ending.info.code == 1001);
  CHECK(ending.info.clean);
  CHECK(ending.info.by_peer);
  CHECK(ending.errors.empty());
}
TEST_CASE_TEMPLATE_APPLY(going_away, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a server that dies without a word is a lost connection", On, dies) {
  Peer peer(On::kind);
  if (skip_without(peer)) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, peer.url("/echo"));
  peer.process().kill();
  check_lost(talk->wait_for_end());
}
TEST_CASE_TEMPLATE_APPLY(dies, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("run_forever says false after an orderly end, true after a loss", Server,
                          verdict) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  {
    WebSocketApp app(peer.url("/push-close"));
    CHECK_FALSE(app.run_forever());
  }
  {
    WebSocketApp app(peer.url("/echo"));
    app.on_open = [](WebSocketApp& self) { self.close(); };
    CHECK_FALSE(app.run_forever());
  }
  {
    WebSocketApp app(peer.url("/abort"));
    CHECK(app.run_forever());
  }
}
TEST_CASE_TEMPLATE_APPLY(verdict, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("an app that ended runs again", Server, again) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  int opened = 0;
  int closed = 0;
  WebSocketApp app(peer.url("/push-close"));
  app.on_open = [&](WebSocketApp&) { ++opened; };
  app.on_close = [&](WebSocketApp&, const CloseInfo& info) {
    CHECK(info.code == 1000);
    ++closed;
  };
  for (int run = 1; run <= 3; ++run) {
    CHECK_FALSE(app.run_forever());
    CHECK(opened == run);
    CHECK(closed == run);
    CHECK(app.state() == websocket::State::closed);
  }
}
TEST_CASE_TEMPLATE_APPLY(again, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("a closed socket connects again, and closing twice is one answer", Server,
                          socket_again) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  websocket::WebSocket socket;
  for (int run = 0; run < 3; ++run) {
    socket.connect(peer.url("/echo"));
    CHECK(socket.connected());
    socket.send("once more");
    CHECK(socket.recv() == "once more");
    const CloseInfo first = socket.close(3002, "enough");
    const CloseInfo second = socket.close(1000);
    CHECK(first.code == 3002);
    CHECK(second.code == 3002);
    CHECK(second.clean);
    CHECK_FALSE(socket.connected());
    CHECK_THROWS_AS(socket.send("too late"), websocket::WebSocketConnectionClosedException);
    CHECK_THROWS_AS(socket.recv(), websocket::WebSocketConnectionClosedException);
  }
}
TEST_CASE_TEMPLATE_APPLY(socket_again, EveryServer);

TEST_SUITE_END();
