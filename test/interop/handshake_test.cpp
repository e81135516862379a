// The opening handshake with foreign servers: RFC 6455 4.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>

#include "support/raw_server.hpp"
#include "talk.hpp"

using namespace interop;
using support::header_value;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;
using websocket::Error;
using websocket::Stage;

namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

// The request as the server saw it.
std::string request_seen(Talk& talk, const std::string& url, ConnectOptions options = {}) {
  open(talk, url, std::move(options));
  std::string head = next_text(talk);
  CHECK(talk.close(1000, "").info.clean);
  return head;
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_SUITE_BEGIN("4. The opening handshake, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("the server sees the request of RFC 6455 4.1", On, request) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  const std::string authority = "127.0.0.1:" + std::to_string(On::peer().port());
  const std::string head = request_seen(*talk, On::peer().url("/headers?a=b%20c"));
  CHECK(head.starts_with("GET /headers?a=b%20c HTTP/1.1\r\n"));
  CHECK(header_value(head, "Host") == authority);
  CHECK(lower_case(header_value(head, "Upgrade")) == "websocket");
  CHECK(lower_case(header_value(head, "Connection")) == "upgrade");
  CHECK(header_value(head, "Sec-WebSocket-Key").size() == 24);
  CHECK(header_value(head, "Sec-WebSocket-Version") == "13");
  CHECK(header_value(head, "Origin") == "http://" + authority);
  CHECK(header_value(head, "Sec-WebSocket-Protocol").empty());
  CHECK(header_value(head, "Authorization").empty());
  CHECK(header_value(head, "Cookie").empty());
  CHECK(talk->remote_address() == authority);
}
TEST_CASE_TEMPLATE_APPLY(request, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("every connection has a key of its own", On, fresh_keys) {
  if (skip_without(On::peer())) return;
  const auto key = [] {
    const std::unique_ptr<Talk> talk = On::talk();
    return header_value(request_seen(*talk, On::peer().url("/headers")), "Sec-WebSocket-Key");
  };
  CHECK(key() != key());
}
TEST_CASE_TEMPLATE_APPLY(fresh_keys, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("headers, cookie, origin, host and user agent go as they were given", On,
                          given_headers) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  ConnectOptions options;
  options.header = {{"X-First", "one"}, {"X-Token", "a=b; c"}};
  options.header_factory = [] { return websocket::Headers{{"X-Fresh", "made just now"}}; };
  options.cookie = "session=abc; theme=dark";
  options.origin = "https://app.example";
  options.host = "virtual.example";
  options.user_agent = "websocketapp-test/1";
  const std::string head = request_seen(*talk, On::peer().url("/headers"), options);
  CHECK(header_value(head, "X-First") == "one");
  CHECK(header_value(head, "X-Token") == "a=b; c");
  CHECK(header_value(head, "X-Fresh") == "made just now");
  CHECK(header_value(head, "Cookie") == "session=abc; theme=dark");
  CHECK(header_value(head, "Origin") == "https://app.example");
  CHECK(header_value(head, "Host") == "virtual.example");
  CHECK(header_value(head, "User-Agent") == "websocketapp-test/1");
  CHECK(count_of(lower_case(head), "\r\nhost:") == 1);
  CHECK(count_of(lower_case(head), "\r\norigin:") == 1);
}
TEST_CASE_TEMPLATE_APPLY(given_headers, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a suppressed origin and an empty user agent are not sent", On,
                          suppressed) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  ConnectOptions options;
  options.suppress_origin = true;
  const std::string head = lower_case(request_seen(*talk, On::peer().url("/headers"), options));
  CHECK(count_of(head, "\r\norigin:") == 0);
  CHECK(count_of(head, "\r\nuser-agent:") == 0);
}
TEST_CASE_TEMPLATE_APPLY(suppressed, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("credentials of the URL go as basic authentication", On, credentials) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  const std::string url = On::peer().url_of("user:pass%20word@127.0.0.1", "/headers");
  const std::string head = request_seen(*talk, url);
  CHECK(header_value(head, "Authorization") == "Basic dXNlcjpwYXNzIHdvcmQ=");
  CHECK(header_value(head, "Host") == "127.0.0.1:" + std::to_string(On::peer().port()));
  CHECK(head.find("pass") == std::string::npos);
}
TEST_CASE_TEMPLATE_APPLY(credentials, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("the server's choice of the subprotocols offered is told", On, chosen) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  ConnectOptions options;
  options.subprotocols = {"other", "chat.v1"};
  open(*talk, On::peer().url("/subprotocol"), options);
  CHECK(talk->subprotocol() == "chat.v1");
  CHECK(next_text(*talk) == "chat.v1");
  CHECK(talk->response().headers.get("sec-websocket-protocol") == "chat.v1");
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(chosen, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a server that speaks none of the subprotocols is still talked to", On,
                          none_chosen) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  ConnectOptions options;
  options.subprotocols = {"other"};
  open(*talk, On::peer().url("/subprotocol"), options);
  CHECK(talk->subprotocol().empty());
  CHECK(next_text(*talk).empty());
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(none_chosen, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("the answer to the handshake can be looked at", On, answer) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  const websocket::Response response = talk->response();
  CHECK(response.status == 101);
  CHECK(lower_case(std::string(response.headers.get("upgrade").value_or(""))) == "websocket");
  CHECK(response.headers.get("SEC-WEBSOCKET-ACCEPT").value_or("").size() == 28);
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(answer, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("another status than 101 is an error with the whole answer", On, status) {
  if (skip_without(On::peer())) return;
  for (const int code : {200, 401, 404, 429, 503}) {
    CAPTURE(code);
    const std::unique_ptr<Talk> talk = On::talk();
    const std::optional<Error> error =
        talk->open(On::peer().url("/status/" + std::to_string(code)));
    REQUIRE(error.has_value());
    CHECK(error->code == Errc::bad_status);
    CHECK(error->code == Condition::handshake_failed);
    CHECK(error->stage == Stage::handshake);
    CHECK(error->message.find(std::to_string(code)) != std::string::npos);
    REQUIRE(error->response != nullptr);
    CHECK(error->response->status == code);
    CHECK(error->response->headers.get("x-peer").has_value());
    CHECK(error->response->body == "nothing here\n");
  }
}
TEST_CASE_TEMPLATE_APPLY(status, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a server that never answers is given up when the time is over", On,
                          hangs) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  ConnectOptions options;
  options.timeout = std::chrono::milliseconds(200);
  const std::optional<Error> error = talk->open(On::peer().url("/hang"), options);
  REQUIRE(error.has_value());
  CHECK(error->code == Errc::connect_timeout);
  CHECK(error->code == Condition::timeout);
  CHECK(error->stage == Stage::handshake);
}
TEST_CASE_TEMPLATE_APPLY(hangs, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a constant accept value is refused", Face, constant_accept) {
  const std::unique_ptr<Peer> peer = Peer::raw_accept();
  if (skip_without(*peer)) return;
  Face talk;
  const std::optional<Error> error = talk.open(peer->url("/"));
  REQUIRE(error.has_value());
  CHECK(error->code == Errc::invalid_accept);
  CHECK(error->code == Condition::handshake_failed);
  CHECK(error->stage == Stage::handshake);
  // "If ... the header field contains a value other than the ... then the client MUST _Fail the
  // WebSocket Connection_": nothing is said on it any more.
  CHECK(peer->process().read_line_beginning("ENDED") == "ENDED 0");
}
TEST_CASE_TEMPLATE_INVOKE(constant_accept, AppTalk, SyncTalk);

TEST_CASE_TEMPLATE_DEFINE("a port nobody listens at is refused", Face, refused) {
  std::string url;
  {
    support::RawServer gone([](support::RawConnection&) {});
    url = gone.url();
  }
  Face talk;
  const std::optional<Error> error = talk.open(url);
  REQUIRE(error.has_value());
  CHECK(error->code == Errc::connection_refused);
  CHECK(error->code == Condition::refused);
  CHECK(error->stage == Stage::connect);
}
TEST_CASE_TEMPLATE_INVOKE(refused, AppTalk, SyncTalk);

TEST_CASE("websockets' basic authentication lets the right credentials in and nobody else") {
  Peer& peer = shared(Kind::python_websockets);
  if (skip_without(peer)) return;
  {
    websocket::WebSocket socket =
        websocket::create_connection(peer.url_of("user:pass%20word@127.0.0.1", "/auth"));
    CHECK(socket.recv() == "hello user");
  }
  for (const char* host : {"127.0.0.1", "user:wrong@127.0.0.1"}) {
    try {
      websocket::create_connection(peer.url_of(host, "/auth"));
      FAIL("it was let in");
    } catch (const websocket::WebSocketBadStatusException& refused) {
      CHECK(refused.response().status == 401);
      CHECK(refused.response().headers.get("WWW-Authenticate").has_value());
      CHECK(std::string(refused.what()).find("wrong") == std::string::npos);
    }
  }
}

TEST_CASE("the synchronous face throws a type of its own for each class of failure") {
  Peer& peer = shared(Kind::python_websockets);
  if (skip_without(peer)) return;
  using websocket::create_connection;
  CHECK_THROWS_AS(create_connection(peer.url("/status/404")),
                  websocket::WebSocketBadStatusException);
  ConnectOptions impatient;
  impatient.timeout = std::chrono::milliseconds(100);
  CHECK_THROWS_AS(create_connection(peer.url("/hang"), impatient),
                  websocket::WebSocketTimeoutException);
  CHECK_THROWS_AS(create_connection(Peer::raw_accept()->url("/")),
                  websocket::WebSocketProtocolException);
  CHECK_THROWS_AS(create_connection("http://127.0.0.1/"), websocket::WebSocketUrlException);
  CHECK_THROWS_AS(create_connection(peer.url("/#part")), websocket::WebSocketUrlException);
}

TEST_SUITE_END();
