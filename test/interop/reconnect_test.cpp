// Coming back to foreign servers that end and begin again on the same port.
#include <doctest/doctest.h>

#include "talk.hpp"

using namespace interop;
using namespace std::chrono_literals;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::Error;
using websocket::Message;
using websocket::ReconnectPolicy;
using websocket::RunOptions;
using websocket::WebSocketApp;

namespace {

RunOptions quick_reconnect() {
  ReconnectPolicy policy;
  policy.initial_delay = 20ms;
  policy.max_delay = 200ms;
  policy.jitter = false;
  RunOptions options;
  options.reconnect = policy;
  return options;
}

// What an app told, in the order it told it.
struct Log {
  support::Mailbox<std::string> opened;  // "open" or "reconnect"
  support::Mailbox<std::string> messages;
  support::Mailbox<Error> errors;
  support::Mailbox<CloseInfo> closed;

  void listen_to(WebSocketApp& app) {
    app.on_open = [this](WebSocketApp&) { opened.push("open"); };
    app.on_reconnect = [this](WebSocketApp&) { opened.push("reconnect"); };
    app.on_message = [this](WebSocketApp&, const Message& message) {
      messages.push(std::string(message.data));
    };
    app.on_error = [this](WebSocketApp&, const Error& error) { errors.push(error); };
    app.on_close = [this](WebSocketApp&, const CloseInfo& info) { closed.push(info); };
  }
};

void check_final_close(WebSocketApp& app, Log& log) {
  app.close(1000, "enough");
  const std::optional<CloseInfo> last = log.closed.pop();
  REQUIRE(last.has_value());
  CHECK(last->code == 1000);
  CHECK(last->clean);
  CHECK_FALSE(last->will_reconnect);
  CHECK(app.wait_for(support::default_deadline));
  CHECK(log.closed.empty());
}

}  // namespace

TEST_SUITE_BEGIN("Reconnecting to foreign servers");

TEST_CASE_TEMPLATE_DEFINE("a server that dies and comes back on its port is found again", Server,
                          comes_back) {
  auto peer = std::make_unique<Peer>(Server::kind);
  if (skip_without(*peer)) return;
  const std::uint16_t port = peer->port();
  Log log;
  WebSocketApp app(peer->url("/echo"));
  log.listen_to(app);
  app.start(quick_reconnect());
  REQUIRE(log.opened.pop() == "open");
  app.send("before");
  CHECK(log.messages.pop() == "before");

  peer->process().kill();
  const std::optional<Error> lost = log.errors.pop();
  REQUIRE(lost.has_value());
  CHECK(lost->code == Condition::closed);
  CHECK(lost->will_reconnect);
  const std::optional<CloseInfo> info = log.closed.pop();
  REQUIRE(info.has_value());
  CHECK(info->code == 1006);
  CHECK(info->will_reconnect);
  const std::optional<Error> refused = log.errors.pop();
  REQUIRE(refused.has_value());
  CHECK(refused->code == Condition::refused);
  CHECK(refused->will_reconnect);
  CHECK(app.send("into the void") == websocket::SendResult::closed);

  peer = std::make_unique<Peer>(Server::kind, PeerOptions{.port = port});
  CHECK(log.opened.pop() == "reconnect");
  app.send("after");
  // Nothing is replayed by itself: this is the first that comes.
  CHECK(log.messages.pop() == "after");
  check_final_close(app, log);
}
TEST_CASE_TEMPLATE_APPLY(comes_back, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("a server that closes every connection is opened again and again", Server,
                          again_and_again) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  Log log;
  WebSocketApp app(peer.url("/close-on-message?code=1012&reason=restart"));
  log.listen_to(app);
  app.start(quick_reconnect());
  CHECK(log.opened.pop() == "open");
  for (int round = 0; round < 3; ++round) {
    app.send("go");
    const std::optional<CloseInfo> info = log.closed.pop();
    REQUIRE(info.has_value());
    CHECK(info->code == 1012);
    CHECK(info->reason == "restart");
    CHECK(info->clean);
    CHECK(info->will_reconnect);
    CHECK(log.opened.pop() == "reconnect");
  }
  CHECK(log.errors.empty());
  check_final_close(app, log);
}
TEST_CASE_TEMPLATE_APPLY(again_and_again, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("an answer 404 is not tried again, 503 is, up to max_attempts", Server,
                          refusals) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  RunOptions options = quick_reconnect();
  options.reconnect->max_attempts = 3;
  {
    Log log;
    WebSocketApp app(peer.url("/status/404"));
    log.listen_to(app);
    CHECK(app.run_forever(options));
    REQUIRE(log.errors.size() == 1);
    const Error error = *log.errors.pop();
    CHECK(error.attempt == 1);
    CHECK_FALSE(error.will_reconnect);
    REQUIRE(log.closed.size() == 1);
    CHECK_FALSE(log.closed.pop()->will_reconnect);
  }
  {
    Log log;
    WebSocketApp app(peer.url("/status/503"));
    log.listen_to(app);
    CHECK(app.run_forever(options));
    REQUIRE(log.errors.size() == 3);
    for (int attempt = 1; attempt <= 3; ++attempt) {
      const Error error = *log.errors.pop();
      CHECK(error.attempt == attempt);
      CHECK(error.will_reconnect == (attempt < 3));
    }
    REQUIRE(log.closed.size() == 1);
    const CloseInfo info = *log.closed.pop();
    CHECK(info.code == 1006);
    CHECK_FALSE(info.will_reconnect);
    CHECK(log.opened.empty());
  }
}
TEST_CASE_TEMPLATE_APPLY(refusals, EveryServer);

TEST_SUITE_END();
