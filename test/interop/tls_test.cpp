// wss with foreign servers, and what is refused there: RFC 6455 4.1 step 5, RFC 6125.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "talk.hpp"

using namespace interop;
using support::Certificate;
using support::certificates;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;
using websocket::Error;
using websocket::ReceivedMessage;
using websocket::Stage;

namespace {

ConnectOptions trusting_our_authority() {
  ConnectOptions options;
  options.tls.ca_file = certificates().authority();
  return options;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What wss ends at.
struct WebsocketsTls {
  static std::unique_ptr<Peer> start(const Certificate& certificate) {
    return std::make_unique<Peer>(Kind::python_websockets, PeerOptions{.tls = &certificate});
  }
};
struct TornadoTls {
  static std::unique_ptr<Peer> start(const Certificate& certificate) {
    return std::make_unique<Peer>(Kind::tornado, PeerOptions{.tls = &certificate});
  }
};
struct NodeTls {
  static std::unique_ptr<Peer> start(const Certificate& certificate) {
    return std::make_unique<Peer>(Kind::node_ws, PeerOptions{.tls = &certificate});
  }
};
template <Kind kind>
struct NginxBefore {
  static std::unique_ptr<Peer> start(const Certificate& certificate) {
    Peer& behind = shared(kind);
    if (!behind.missing().empty()) return std::make_unique<Peer>(kind);
    return Peer::nginx(behind, certificate);
  }
};

// One server with the good certificate for all cases of this program.
template <class Front>
Peer& good() {
  static const std::unique_ptr<Peer> peer = Front::start(certificates().valid());
  return *peer;
}

template <class FaceType, class FrontType>
struct Wss {
  using Face = FaceType;
  using Front = FrontType;
};

using EveryWss =
    std::tuple<Wss<AppTalk, WebsocketsTls>, Wss<SyncTalk, WebsocketsTls>, Wss<AppTalk, TornadoTls>,
               Wss<SyncTalk, TornadoTls>, Wss<AppTalk, NodeTls>, Wss<SyncTalk, NodeTls>,
               Wss<AppTalk, NginxBefore<Kind::python_websockets>>,
               Wss<SyncTalk, NginxBefore<Kind::python_websockets>>,
               Wss<AppTalk, NginxBefore<Kind::node_ws>>, Wss<SyncTalk, NginxBefore<Kind::node_ws>>>;
using EveryFace = std::tuple<AppTalk, SyncTalk>;

void check_refused(const std::optional<Error>& error, Errc expected) {
  REQUIRE(error.has_value());
  CAPTURE(error->message);
  CHECK(error->code == expected);
  CHECK(error->code == Condition::tls);
  CHECK(error->stage == Stage::tls);
  CHECK(error->message.size() > 20);
}

}  // namespace

TEST_SUITE_BEGIN("wss, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("messages of every size come back through TLS", On, echo) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  const std::unique_ptr<Talk> talk = std::make_unique<typename On::Face>();
  open(*talk, peer.url("/echo"), trusting_our_authority());
  // 16 KiB is the most a TLS record holds.
  for (const std::size_t size : {0U, 1U, 125U, 126U, 16383U, 16384U, 16385U, 65536U, 1U << 20U}) {
    CAPTURE(size);
    const std::string sent(size, 'x');
    talk->send_bytes(sent);
    const std::optional<ReceivedMessage> received = talk->receive();
    REQUIRE(received.has_value());
    CHECK(received->is_binary());
    CHECK((received->data == sent));
  }
  talk->send_text("grün 🙂");
  CHECK(next_text(*talk) == "grün 🙂");
  const Ending ending = talk->close(3003, "enough");
  CHECK(ending.info.code == 3003);
  CHECK(ending.info.clean);
}
TEST_CASE_TEMPLATE_APPLY(echo, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("ten thousand messages come in order through TLS", On, many) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  const std::unique_ptr<Talk> talk = std::make_unique<typename On::Face>();
  open(*talk, peer.url("/count?n=10000"), trusting_our_authority());
  for (int number = 0; number < 10'000; ++number)
    REQUIRE(next_text(*talk) == std::to_string(number));
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(many, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("the server's close and its loss are told apart through TLS", On, ends) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  {
    const std::unique_ptr<Talk> talk = std::make_unique<typename On::Face>();
    open(*talk, peer.url("/push-close"), trusting_our_authority());
    CHECK(next_text(*talk) == "one");
    const Ending ending = talk->wait_for_end();
    CHECK(ending.info.code == 1000);
    CHECK(ending.info.reason == "done");
    CHECK(ending.info.clean);
    CHECK(ending.errors.empty());
  }
  {
    const std::unique_ptr<Talk> talk = std::make_unique<typename On::Face>();
    open(*talk, peer.url("/abort"), trusting_our_authority());
    const Ending ending = talk->wait_for_end();
    CHECK(ending.info.code == 1006);
    CHECK_FALSE(ending.info.clean);
    REQUIRE(ending.errors.size() == 1);
    CHECK(ending.errors[0].code == Condition::closed);
  }
}
TEST_CASE_TEMPLATE_APPLY(ends, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("pings are answered both ways through TLS", On, pings) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  const std::unique_ptr<Talk> asked = std::make_unique<typename On::Face>();
  open(*asked, peer.url("/ping"), trusting_our_authority());
  CHECK(next_text(*asked) == "pong: are you there");
  const std::unique_ptr<Talk> asking = std::make_unique<typename On::Face>();
  open(*asking, peer.url("/pings"), trusting_our_authority());
  asking->ping("hello");
  CHECK(next_text(*asking) == "ping: hello");
}
TEST_CASE_TEMPLATE_APPLY(pings, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("a wrong path is a bad status through TLS", On, status) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  typename On::Face talk;
  const std::optional<Error> error = talk.open(peer.url("/status/404"), trusting_our_authority());
  REQUIRE(error.has_value());
  CHECK(error->code == Errc::bad_status);
  REQUIRE(error->response != nullptr);
  CHECK(error->response->status == 404);
  CHECK(error->response->body == "nothing here\n");
}
TEST_CASE_TEMPLATE_APPLY(status, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("an authority nobody told us of is refused", On, unknown_issuer) {
  Peer& peer = good<typename On::Front>();
  if (skip_without(peer)) return;
  typename On::Face unknown;
  check_refused(unknown.open(peer.url("/echo")), Errc::certificate_unknown_issuer);
  typename On::Face other;
  ConnectOptions options;
  options.tls.ca_file = certificates().other_authority();
  check_refused(other.open(peer.url("/echo"), options), Errc::certificate_unknown_issuer);
}
TEST_CASE_TEMPLATE_APPLY(unknown_issuer, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("bad certificates are refused, each with its reason", On, bad) {
  struct Case {
    const Certificate& certificate;
    Errc reason;
  };
  for (const Case& each : {Case{certificates().expired(), Errc::certificate_expired},
                           Case{certificates().not_yet_valid(), Errc::certificate_not_yet_valid},
                           Case{certificates().wrong_host(), Errc::certificate_wrong_host},
                           Case{certificates().self_signed(), Errc::certificate_self_signed}}) {
    const std::unique_ptr<Peer> peer = On::Front::start(each.certificate);
    if (skip_without(*peer)) return;
    typename On::Face talk;
    check_refused(talk.open(peer->url("/echo"), trusting_our_authority()), each.reason);
  }
}
TEST_CASE_TEMPLATE_APPLY(bad, EveryWss);

TEST_CASE_TEMPLATE_DEFINE("the host name is checked by name too, and sent as SNI", Face, by_name) {
  Peer& peer = good<WebsocketsTls>();
  if (skip_without(peer)) return;
  Face talk;
  open(talk, peer.url_of("localhost", "/echo"), trusting_our_authority());
  talk.send_text("by name");
  CHECK(next_text(talk) == "by name");
}
TEST_CASE_TEMPLATE_APPLY(by_name, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("the authority may come as PEM text", Face, pem) {
  Peer& peer = good<WebsocketsTls>();
  if (skip_without(peer)) return;
  Face talk;
  ConnectOptions options;
  options.tls.ca_pem = contents_of(certificates().authority());
  open(talk, peer.url("/echo"), options);
  talk.send_text("trusted");
  CHECK(next_text(talk) == "trusted");
}
TEST_CASE_TEMPLATE_APPLY(pem, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("server_hostname is checked instead of the URL's host", Face,
                          other_name) {
  const std::unique_ptr<Peer> peer = WebsocketsTls::start(certificates().wrong_host());
  if (skip_without(*peer)) return;
  Face talk;
  ConnectOptions options = trusting_our_authority();
  options.tls.server_hostname = "wrong.example";
  open(talk, peer->url("/echo"), options);
  talk.send_text("right after all");
  CHECK(next_text(talk) == "right after all");
}
TEST_CASE_TEMPLATE_APPLY(other_name, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("who turns the checks off gets what was refused before", Face,
                          unchecked) {
  ConnectOptions any_host = trusting_our_authority();
  any_host.tls.check_hostname = false;
  const std::unique_ptr<Peer> wrong_host = WebsocketsTls::start(certificates().wrong_host());
  if (skip_without(*wrong_host)) return;
  Face lenient;
  open(lenient, wrong_host->url("/echo"), any_host);

  ConnectOptions anything;
  anything.tls.verify_peer = false;
  const std::unique_ptr<Peer> self_signed = WebsocketsTls::start(certificates().self_signed());
  Face blind;
  open(blind, self_signed->url("/echo"), anything);

  // Any host is not any certificate.
  const std::unique_ptr<Peer> expired = WebsocketsTls::start(certificates().expired());
  Face still_checking;
  check_refused(still_checking.open(expired->url("/echo"), any_host), Errc::certificate_expired);
}
TEST_CASE_TEMPLATE_APPLY(unchecked, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("a server that asks for a client's certificate gets ours", Face,
                          client_certificate) {
  Peer peer(Kind::python_websockets, PeerOptions{.tls = &certificates().valid(),
                                                 .client_authority = certificates().authority()});
  if (skip_without(peer)) return;
  ConnectOptions options = trusting_our_authority();
  options.tls.cert_file = certificates().client().certificate;
  options.tls.key_file = certificates().client().key;
  Face known;
  open(known, peer.url("/echo"), options);
  known.send_text("it's me");
  CHECK(next_text(known) == "it's me");

  // With TLS 1.3 the server's refusal comes after our side of the handshake is done.
  Face stranger;
  const std::optional<Error> error = stranger.open(peer.url("/echo"), trusting_our_authority());
  REQUIRE(error.has_value());
  CAPTURE(error->message);
  CHECK((error->code == Condition::tls || error->code == Condition::handshake_failed));
}
TEST_CASE_TEMPLATE_APPLY(client_certificate, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("files that can't be read are told before anything is sent", Face,
                          files) {
  Peer& peer = good<WebsocketsTls>();
  if (skip_without(peer)) return;
  ConnectOptions options;
  options.tls.ca_file = "/nowhere/authority.pem";
  Face no_authority;
  const std::optional<Error> first = no_authority.open(peer.url("/echo"), options);
  REQUIRE(first.has_value());
  CHECK(first->code == Errc::tls_ca_unreadable);
  CHECK(first->message.find("/nowhere/authority.pem") != std::string::npos);

  options = trusting_our_authority();
  options.tls.cert_file = "/nowhere/me.pem";
  Face no_certificate;
  const std::optional<Error> second = no_certificate.open(peer.url("/echo"), options);
  REQUIRE(second.has_value());
  CHECK(second->code == Errc::tls_client_certificate);
  CHECK(second->message.find("/nowhere/me.pem") != std::string::npos);
}
TEST_CASE_TEMPLATE_APPLY(files, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("min_version refuses a server that only speaks older", Face, versions) {
  Peer peer(Kind::python_websockets,
            PeerOptions{.tls = &certificates().valid(), .tls_1_2_at_most = true});
  if (skip_without(peer)) return;
  Face contented;
  open(contented, peer.url("/echo"), trusting_our_authority());
  contented.send_text("1.2 will do");
  CHECK(next_text(contented) == "1.2 will do");

  ConnectOptions options = trusting_our_authority();
  options.tls.min_version = websocket::TlsVersion::tls1_3;
  Face demanding;
  check_refused(demanding.open(peer.url("/echo"), options), Errc::tls_handshake_failed);
}
TEST_CASE_TEMPLATE_APPLY(versions, EveryFace);

TEST_CASE_TEMPLATE_DEFINE("wss to a server without TLS, and ws to one with it, are clear errors",
                          Face, mixed_up) {
  Peer& plain = shared(Kind::python_websockets);
  Peer& secure = good<WebsocketsTls>();
  if (skip_without(plain)) return;
  Face too_secure;
  const std::string wss = "wss://127.0.0.1:" + std::to_string(plain.port()) + "/echo";
  const std::optional<Error> first = too_secure.open(wss, trusting_our_authority());
  REQUIRE(first.has_value());
  CHECK(first->code == Condition::tls);
  Face too_open;
  const std::string ws = "ws://127.0.0.1:" + std::to_string(secure.port()) + "/echo";
  const std::optional<Error> second = too_open.open(ws);
  REQUIRE(second.has_value());
  CHECK(second->code == Condition::handshake_failed);
}
TEST_CASE_TEMPLATE_APPLY(mixed_up, EveryFace);

TEST_CASE("is_ssl says whether the connection is encrypted") {
  Peer& plain = shared(Kind::python_websockets);
  if (skip_without(plain)) return;
  CHECK_FALSE(websocket::create_connection(plain.url("/echo")).is_ssl());
  websocket::WebSocket secure =
      websocket::create_connection(good<WebsocketsTls>().url("/echo"), trusting_our_authority());
  CHECK(secure.is_ssl());
}

TEST_CASE("an untrusted certificate is not tried again") {
  const std::unique_ptr<Peer> peer = WebsocketsTls::start(certificates().expired());
  if (skip_without(*peer)) return;
  std::vector<Error> errors;
  websocket::WebSocketApp app(peer->url("/echo"), trusting_our_authority());
  app.on_error = [&](websocket::WebSocketApp&, const Error& error) { errors.push_back(error); };
  websocket::RunOptions options;
  options.reconnect.emplace();
  CHECK(app.run_forever(options));
  REQUIRE(errors.size() == 1);
  CHECK_FALSE(errors[0].will_reconnect);
}

TEST_SUITE_END();
