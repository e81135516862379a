// The request of the opening handshake: its fields, their order, and what never reaches the wire.
#include "protocol/handshake_request.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/deflate.hpp"

using namespace websocket;
using namespace websocket::protocol;

namespace {

using Outcome = base::Outcome<HandshakeRequest>;

Outcome make(std::string_view url, const ConnectOptions& options = {},
             const Headers& from_factory = {}) {
  return make_handshake_request(std::get<Url>(parse_url(url)), options, from_factory,
                                std::array<std::byte, 16>{});
}

std::string bytes(const Outcome& outcome) {
  if (const auto* failure = std::get_if<base::Failure>(&outcome)) {
    FAIL(failure->message);
    return {};
  }
  return std::get<HandshakeRequest>(outcome).bytes;
}

base::Failure refusal(const Outcome& outcome) {
  if (std::holds_alternative<HandshakeRequest>(outcome)) {
    FAIL("was made: " << std::get<HandshakeRequest>(outcome).bytes);
    return {};
  }
  return std::get<base::Failure>(outcome);
}

ConnectOptions with_header(std::string name, std::string value) {
  ConnectOptions options;
  options.header.add(std::move(name), std::move(value));
  return options;
}

ConnectOptions without_compression() {
  ConnectOptions options;
  options.compression.enabled = false;
  return options;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t number = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++number;
  }
  return number;
}

}  // namespace

TEST_SUITE("RFC 7692 5: the offer in the request") {
  TEST_CASE("permessage-deflate is offered behind the subprotocols, where there is zlib") {
    ConnectOptions options;
    options.subprotocols = {"chat"};
    options.user_agent = "tool";
    options.compression.server_no_context_takeover = true;
    const Outcome outcome = make("ws://h", options);
    if (protocol::deflate_is_available()) {
      CHECK(contains(bytes(outcome),
                     "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: "
                     "permessage-deflate; server_no_context_takeover; client_max_window_bits\r\n"
                     "User-Agent: tool\r\n"));
      REQUIRE(std::get<HandshakeRequest>(outcome).compression);
      CHECK(std::get<HandshakeRequest>(outcome).compression->server_no_context_takeover);
    } else {
      CHECK_FALSE(contains(bytes(outcome), "Extensions"));
      CHECK_FALSE(std::get<HandshakeRequest>(outcome).compression);
    }
  }

  TEST_CASE("it is not offered when it is turned off") {
    const Outcome outcome = make("ws://h", without_compression());
    CHECK_FALSE(contains(bytes(outcome), "Extensions"));
    CHECK_FALSE(std::get<HandshakeRequest>(outcome).compression);
  }

  TEST_CASE("an option out of its range is refused, unless it is turned off") {
    ConnectOptions options;
    options.compression.client_max_window_bits = 16;
    CHECK(refusal(make("ws://h", options)).code == Errc::invalid_option);
    options.compression.enabled = false;
    CHECK_FALSE(bytes(make("ws://h", options)).empty());
  }
}

TEST_SUITE("RFC 6455 4.1: the client's request") {
  TEST_CASE("the plain request") {
    const Outcome outcome = make("ws://example.com/chat?x=1", without_compression());
    CHECK(bytes(outcome) ==
          "GET /chat?x=1 HTTP/1.1\r\n"
          "Upgrade: websocket\r\n"
          "Host: example.com\r\n"
          "Origin: http://example.com\r\n"
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
          "Sec-WebSocket-Version: 13\r\n"
          "Connection: Upgrade\r\n"
          "\r\n");
    CHECK(std::get<HandshakeRequest>(outcome).key == "AAAAAAAAAAAAAAAAAAAAAA==");
    CHECK(std::get<HandshakeRequest>(outcome).subprotocols.empty());
  }

  TEST_CASE("the request with everything in it, in its order") {
    ConnectOptions options = without_compression();
    options.host = "virtual.example";
    options.origin = "https://app.example";
    options.user_agent = "tool/1.0";
    options.cookie = "a=1";
    options.subprotocols = {"chat", "superchat"};
    options.header = {{"X-One", "1"}, {"cookie", "b=2"}, {"X-One", " again "}};
    const Outcome outcome =
        make("wss://user:pass@example.com:8443/", options, {{"X-Token", "t"}, {"Cookie", "c=3"}});
    CHECK(bytes(outcome) ==
          "GET / HTTP/1.1\r\n"
          "Upgrade: websocket\r\n"
          "Host: virtual.example\r\n"
          "Origin: https://app.example\r\n"
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
          "Sec-WebSocket-Version: 13\r\n"
          "Connection: Upgrade\r\n"
          "Sec-WebSocket-Protocol: chat, superchat\r\n"
          "User-Agent: tool/1.0\r\n"
          "Authorization: Basic dXNlcjpwYXNz\r\n"
          "X-One: 1\r\n"
          "X-One:  again \r\n"
          "X-Token: t\r\n"
          "Cookie: a=1; b=2; c=3\r\n"
          "\r\n");
    CHECK(std::get<HandshakeRequest>(outcome).subprotocols ==
          std::vector<std::string>{"chat", "superchat"});
  }

  TEST_CASE("Host has the port where it is not the default, and never an IPv6 zone") {
    CHECK(contains(bytes(make("ws://h:8080")), "\r\nHost: h:8080\r\nOrigin: http://h:8080\r\n"));
    CHECK(contains(bytes(make("wss://h:443")), "\r\nHost: h\r\nOrigin: https://h\r\n"));
    CHECK(contains(bytes(make("ws://[fe80::1%25eth0]:81")), "\r\nHost: [fe80::1]:81\r\n"));
  }

  TEST_CASE("no Origin is sent when it is suppressed") {
    ConnectOptions options;
    options.suppress_origin = true;
    CHECK_FALSE(contains(bytes(make("ws://h", options)), "Origin"));
    options.origin = "https://x";
    CHECK_FALSE(contains(bytes(make("ws://h", options)), "Origin"));
  }

  TEST_CASE("Host and Origin among the headers replace the default, in its place") {
    const std::string text = bytes(make("ws://h", {}, {{"host", "other"}, {"ORIGIN", "null"}}));
    CHECK(contains(text, "\r\nUpgrade: websocket\r\nHost: other\r\nOrigin: null\r\nSec-"));
    CHECK(count(text, "\r\nHost:") == 1);
    CHECK(count(text, "\r\nOrigin:") == 1);
  }

  TEST_CASE("a User-Agent or Authorization among the headers is the only one") {
    ConnectOptions options = with_header("user-agent", "mine");
    options.user_agent = "option";
    options.header.add("AUTHORIZATION", "Bearer x");
    const std::string text = bytes(make("ws://u:p@h", options));
    CHECK(contains(text, "\r\nuser-agent: mine\r\nAUTHORIZATION: Bearer x\r\n"));
    CHECK_FALSE(contains(text, "Basic"));
    CHECK_FALSE(contains(text, "option"));
  }

  TEST_CASE("user info becomes Basic credentials, byte for byte") {
    CHECK(contains(bytes(make("ws://Aladdin:open%20sesame@h")),
                   "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    CHECK(contains(bytes(make("ws://u@h")), "\r\nAuthorization: Basic dTo=\r\n"));
    CHECK_FALSE(contains(bytes(make("ws://u:secret@h/x")), "secret"));
  }

  TEST_CASE("empty cookies are not sent") {
    CHECK_FALSE(contains(bytes(make("ws://h", with_header("Cookie", ""))), "Cookie"));
    CHECK(contains(bytes(make("ws://h", with_header("Cookie", "a=1"))), "\r\nCookie: a=1\r\n\r\n"));
  }
}

TEST_SUITE("Strings from the program never reach the wire unchecked") {
  TEST_CASE(
      "line breaks, NUL and other controls in a value are refused and the value is not shown") {
    for (const char bad : {'\r', '\n', '\0', '\x01', '\x1b', '\x7f'}) {
      const std::string value = std::string("sec") + bad + "ret";
      CAPTURE(static_cast<int>(bad));
      ConnectOptions host;
      host.host = value;
      ConnectOptions origin;
      origin.origin = value;
      ConnectOptions cookie;
      cookie.cookie = value;
      ConnectOptions agent;
      agent.user_agent = value;
      const auto fails = [](std::string_view name, const Outcome& outcome) {
        const auto failure = refusal(outcome);
        CHECK(failure.code == Errc::invalid_header);
        CHECK(contains(failure.message, name));
        CHECK_FALSE(contains(failure.message, "sec"));
      };
      fails("Host", make("ws://h", host));
      fails("Origin", make("ws://h", origin));
      fails("Cookie", make("ws://h", cookie));
      fails("User-Agent", make("ws://h", agent));
      for (const char* name : {"X-Token", "Host", "Origin", "Cookie", "Authorization"}) {
        fails(name, make("ws://h", with_header(name, value)));
        fails(name, make("ws://h", {}, {{name, value}}));
      }
    }
  }

  TEST_CASE("an option is checked also where it is not sent") {
    ConnectOptions options;
    options.suppress_origin = true;
    options.origin = "a\r\nb";
    CHECK(refusal(make("ws://h", options)).code == Errc::invalid_header);
  }

  TEST_CASE("tabs and bytes above 0x7f may stand in a value") {
    CHECK(contains(bytes(make("ws://h", with_header("X", "a\tb\xff"))), "\r\nX: a\tb\xff\r\n"));
  }

  TEST_CASE("a name that is no token is refused") {
    for (const char* name : {"", "A B", "A:", "A\r\nB", "A\n", "\xc3\xa4", "A(", " A"}) {
      CAPTURE(name);
      CHECK(refusal(make("ws://h", with_header(name, "x"))).code == Errc::invalid_header);
      CHECK(refusal(make("ws://h", {}, {{name, "x"}})).code == Errc::invalid_header);
    }
    const auto failure = refusal(make("ws://h", with_header("Authorization: Bearer secret", "")));
    CHECK(contains(failure.message, "Authorization"));
    CHECK_FALSE(contains(failure.message, "secret"));
  }

  TEST_CASE("fields that the handshake owns cannot be set") {
    for (const char* name : {"Upgrade", "connection", "SEC-WEBSOCKET-KEY", "Sec-WebSocket-Version",
                             "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Content-Length",
                             "Transfer-Encoding"}) {
      CAPTURE(name);
      const auto failure = refusal(make("ws://h", with_header(name, "x")));
      CHECK(failure.code == Errc::invalid_header);
      CHECK(contains(failure.message, name));
      CHECK(refusal(make("ws://h", {}, {{name, "x"}})).code == Errc::invalid_header);
    }
  }

  TEST_CASE("Sec-WebSocket-Protocol among the headers is refused with a hint at the option") {
    const auto failure = refusal(make("ws://h", with_header("sec-websocket-protocol", "chat")));
    CHECK(failure.code == Errc::invalid_header);
    CHECK(contains(failure.message, "subprotocols"));
  }

  TEST_CASE("Host and Origin are given once") {
    for (const char* name : {"Host", "Origin"}) {
      CAPTURE(name);
      CHECK(refusal(make("ws://h", with_header(name, "a"), {{name, "b"}})).code ==
            Errc::invalid_header);
      ConnectOptions options = with_header(name, "a");
      options.host = "x";
      options.origin = "y";
      CHECK(refusal(make("ws://h", options)).code == Errc::invalid_header);
    }
  }

  TEST_CASE("subprotocols are tokens, each offered once") {
    for (const char* bad : {"", "a b", "a,b", "a\r\nb", "a/b", "\xc3\xa4", "a\"", " a"}) {
      CAPTURE(bad);
      ConnectOptions options;
      options.subprotocols = {"ok", bad};
      CHECK(refusal(make("ws://h", options)).code == Errc::invalid_subprotocol);
    }
    ConnectOptions options;
    options.subprotocols = {"chat", "x", "chat"};
    const auto failure = refusal(make("ws://h", options));
    CHECK(failure.code == Errc::invalid_subprotocol);
    CHECK(contains(failure.message, "chat"));
    options.subprotocols = {"chat", "Chat", "v1.chat_x"};
    CHECK(contains(bytes(make("ws://h", options)), "Protocol: chat, Chat, v1.chat_x\r\n"));
  }
}
