// Agreeing on permessage-deflate (RFC 7692 5 and 7.1) with foreign servers, and keeping to it.
#include <doctest/doctest.h>

#include <set>

#include "deflate_talk.hpp"
#include "support/raw_server.hpp"

using namespace interop;
using support::header_value;
using websocket::CompressionOptions;
using websocket::WebSocketApp;

namespace {

std::set<std::string> parameters_of(std::string_view extensions) {
  std::set<std::string> parameters;
  for (std::size_t at = extensions.find(';'); at != std::string_view::npos;
       at = extensions.find(';', at + 1)) {
    const std::string_view rest = extensions.substr(at + 1);
    const std::string_view parameter = rest.substr(0, rest.find(';'));
    parameters.emplace(parameter.substr(parameter.find_first_not_of(' ')));
  }
  return parameters;
}

// Who asks for these parameters, the server must answer with.
struct Parameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
};

std::set<std::string> shown(const Parameters& asked) {
  std::set<std::string> parameters;
  const auto add_bits = [&](const std::string& name, int bits) {
    if (bits < 15) parameters.insert(name + "=" + std::to_string(bits));
  };
  if (asked.server_no_context_takeover) parameters.insert("server_no_context_takeover");
  if (asked.client_no_context_takeover) parameters.insert("client_no_context_takeover");
  add_bits("server_max_window_bits", asked.server_max_window_bits);
  add_bits("client_max_window_bits", asked.client_max_window_bits);
  return parameters;
}

CompressionOptions as_options(const Parameters& asked) {
  CompressionOptions options;
  options.server_no_context_takeover = asked.server_no_context_takeover;
  options.client_no_context_takeover = asked.client_no_context_takeover;
  options.server_max_window_bits = asked.server_max_window_bits;
  options.client_max_window_bits = asked.client_max_window_bits;
  return options;
}

std::string as_query(const Parameters& asked) {
  std::string query = "?deflate=on";
  for (const std::string& parameter : shown(asked)) query += "&" + parameter;
  return query;
}

// Tornado 6 overlooks parameters without a value.
bool overlooks_flags(Kind kind) { return kind == Kind::tornado; }

// What the Python servers compress with does not take 8.
int fewest_server_bits(Kind kind) { return kind == Kind::node_ws ? 8 : 9; }

std::vector<Parameters> all_asked(Kind kind) {
  std::vector<Parameters> rows{{},
                               {.server_no_context_takeover = true},
                               {.client_no_context_takeover = true},
                               {true, true},
                               {true, true, 10, 10},
                               {.server_max_window_bits = 12, .client_max_window_bits = 9},
                               {true, false, 9, 14},
                               {false, true, 14, 9}};
  for (int bits = fewest_server_bits(kind); bits < 15; ++bits) {
    rows.push_back({.server_max_window_bits = bits});
  }
  for (int bits = 8; bits < 15; ++bits) rows.push_back({.client_max_window_bits = bits});
  if (overlooks_flags(kind)) {
    std::erase_if(rows, [](const Parameters& row) { return row.server_no_context_takeover; });
  }
  return rows;
}

void check_agreed(Talk& talk, const Parameters& expected) {
  const websocket::Response response = talk.response();
  const auto answer = response.headers.get("Sec-WebSocket-Extensions");
  REQUIRE(answer.has_value());
  CAPTURE(std::string(*answer));
  CHECK(answer->starts_with("permessage-deflate"));
  CHECK((parameters_of(*answer) == shown(expected)));
}

// What each face says was agreed on, and what the server's answer had.
struct Agreed {
  std::string told;
  std::string answered;
};

Agreed agreed_on(const AppTalk*, const std::string& url, const CompressionOptions& compression) {
  Agreed agreed;
  WebSocketApp app(url, with(compression));
  CHECK(app.extensions().empty());
  app.on_open = [&](WebSocketApp& self) {
    agreed.told = self.extensions();
    agreed.answered = self.response().headers.get("Sec-WebSocket-Extensions").value_or("");
    self.close();
  };
  CHECK_FALSE(app.run_forever());
  return agreed;
}

Agreed agreed_on(const SyncTalk*, const std::string& url, const CompressionOptions& compression) {
  websocket::WebSocket socket(with(compression));
  CHECK(socket.extensions().empty());
  socket.connect(url);
  Agreed agreed{
      socket.extensions(),
      std::string(socket.response().headers.get("Sec-WebSocket-Extensions").value_or(""))};
  CHECK(socket.close().clean);
  return agreed;
}

template <class FaceType, class Server>
struct Pair : Over<FaceType, Server> {
  using Face = FaceType;
};
using EveryFaceAndServer =
    std::tuple<Pair<AppTalk, PythonWebsockets>, Pair<SyncTalk, PythonWebsockets>,
               Pair<AppTalk, Tornado>, Pair<SyncTalk, Tornado>, Pair<AppTalk, NodeWs>,
               Pair<SyncTalk, NodeWs>>;

std::string offer_seen(Talk& talk, Peer& peer, const CompressionOptions& compression) {
  open(talk, peer.url("/headers"), with(compression));
  std::string offer = header_value(next_text(talk), "Sec-WebSocket-Extensions");
  CHECK(talk.close(1000, "").info.clean);
  return offer;
}

}  // namespace

TEST_SUITE_BEGIN("RFC 7692 7.1 agreeing on permessage-deflate, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("permessage-deflate is agreed on unless the program says otherwise", On,
                          by_default) {
  if (skip_without_deflate(On::peer())) return;
  const typename On::Face* face = nullptr;
  const Agreed agreed = agreed_on(face, On::peer().url("/echo"), {});
  CHECK(agreed.told.starts_with("permessage-deflate"));
  CHECK(agreed.told == agreed.answered);
}
TEST_CASE_TEMPLATE_APPLY(by_default, EveryFaceAndServer);

TEST_CASE_TEMPLATE_DEFINE("the server sees the offer with the parameters asked for", On, offers) {
  if (skip_without_deflate(On::peer())) return;
  const auto offer = [](const CompressionOptions& options) {
    return offer_seen(*On::talk(), On::peer(), options);
  };
  CHECK(offer({}) == "permessage-deflate; client_max_window_bits");
  CHECK(offer({.server_max_window_bits = 9}) ==
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits");
  CHECK(offer({.client_no_context_takeover = true}) ==
        "permessage-deflate; client_no_context_takeover; client_max_window_bits");
  CHECK(offer({.client_max_window_bits = 8}) == "permessage-deflate; client_max_window_bits=8");
  if (overlooks_flags(On::kind)) return;
  CHECK(offer(as_options({true, true, 11, 12})) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=11; client_max_window_bits=12");
}
TEST_CASE_TEMPLATE_APPLY(offers, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("where compression is off the server sees no offer", On, not_enabled) {
  if (skip_without(On::peer())) return;
  const CompressionOptions off{.enabled = false};
  {
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/headers"), with(off));
    CHECK(next_text(*talk).find("xtensions") == std::string::npos);
    CHECK(talk->close(1000, "").info.clean);
  }
  const typename On::Face* face = nullptr;
  CHECK(agreed_on(face, On::peer().url("/echo"), off).told.empty());
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"), with(off));
  converse(*talk);
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(not_enabled, EveryFaceAndServer);

TEST_CASE_TEMPLATE_DEFINE("a server without the extension is talked to without it", On, without) {
  if (skip_without(On::peer())) return;
  const std::string url = On::peer().url("/echo?deflate=off");
  const typename On::Face* face = nullptr;
  const Agreed agreed = agreed_on(face, url, {});
  CHECK(agreed.told.empty());
  CHECK(agreed.answered.empty());
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, url);
  converse(*talk);
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(without, EveryFaceAndServer);

TEST_CASE_TEMPLATE_DEFINE("every parameter we ask for is agreed on and kept to", On, we_ask) {
  if (skip_without_deflate(On::peer())) return;
  for (const Parameters& asked : all_asked(On::kind)) {
    CAPTURE(as_query(asked));
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/echo?deflate=on"), with(as_options(asked)));
    Parameters expected = asked;
    if (overlooks_flags(On::kind)) expected.client_no_context_takeover = false;
    check_agreed(*talk, expected);
    converse(*talk);
    CHECK(talk->close(1000, "").info.clean);
  }
}
TEST_CASE_TEMPLATE_APPLY(we_ask, EveryPair);

// RFC 7692 7.1.1.1: a server accepts it "by including the "server_no_context_takeover" extension
// parameter in the corresponding extension negotiation response".
TEST_CASE_TEMPLATE_DEFINE("a server that overlooks what was asked of it is refused", Face,
                          overlooked) {
  Peer& peer = shared(Kind::tornado);
  if (skip_without_deflate(peer)) return;
  Face talk;
  const auto error = talk.open(peer.url("/echo"), with({.server_no_context_takeover = true}));
  REQUIRE(error.has_value());
  CHECK(error->code == websocket::Errc::unexpected_extension);
  CHECK(error->stage == websocket::Stage::handshake);
  CHECK(error->message.find("server_no_context_takeover") != std::string::npos);
}
TEST_CASE_TEMPLATE_INVOKE(overlooked, AppTalk, SyncTalk);

TEST_CASE_TEMPLATE_DEFINE("every parameter the server asks for is agreed on and kept to", On,
                          server_asks) {
  if (skip_without_deflate(On::peer())) return;
  for (const Parameters& asked : all_asked(On::kind)) {
    CAPTURE(as_query(asked));
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/echo" + as_query(asked)));
    check_agreed(*talk, asked);
    converse(*talk);
    CHECK(talk->close(1000, "").info.clean);
  }
}
// Tornado has no settings for them.
TEST_CASE_TEMPLATE_INVOKE(server_asks, Over<AppTalk, PythonWebsockets>,
                          Over<SyncTalk, PythonWebsockets>, Over<AppTalk, NodeWs>,
                          Over<SyncTalk, NodeWs>);

TEST_CASE_TEMPLATE_DEFINE("where both ask for a window the smaller one is agreed on", On,
                          both_ask) {
  if (skip_without_deflate(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  const Parameters ours{.server_max_window_bits = 13, .client_max_window_bits = 12};
  const Parameters theirs{.server_max_window_bits = 10, .client_max_window_bits = 9};
  open(*talk, On::peer().url("/echo" + as_query(theirs)), with(as_options(ours)));
  check_agreed(*talk, theirs);
  converse(*talk);
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_INVOKE(both_ask, Over<AppTalk, PythonWebsockets>,
                          Over<SyncTalk, PythonWebsockets>, Over<AppTalk, NodeWs>,
                          Over<SyncTalk, NodeWs>);

TEST_SUITE_END();
