// A session that agreed on permessage-deflate: its trace, the memory it gives back, and the last
// word to a server it does not agree with.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using namespace std::string_literals;
using std::chrono::seconds;

namespace {

const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
const std::string hello_again = "\xf2\x00\x11\x00\x00"s;  // refers to the one before

std::string deflated(unsigned opcode, std::string payload, bool fin = true) {
  return wire::bytes({.opcode = opcode, .payload = std::move(payload), .fin = fin, .reserved = 4});
}

ConnectOptions compressing() {
  ConnectOptions options;
  options.compression.threshold = 0;
  return options;
}

struct Deflated {
  explicit Deflated(const std::string& answer = "permessage-deflate", bool traced = false)
      : servers(loop, {.lines = "Sec-WebSocket-Extensions: " + answer + "\r\n"}),
        user(loop, "ws://example.com/", compressing()) {
    user.trace.on = traced;
    user.start();
    loop.run();
  }
  std::string sent(std::string_view text) {
    user.send(text);
    loop.run();
    return servers.last().frames().back();
  }
  std::ptrdiff_t lines(std::string_view line) {
    return std::count(user.trace.lines.begin(), user.trace.lines.end(), line);
  }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace

TEST_SUITE("a session with permessage-deflate") {
  TEST_CASE("what was agreed on can be asked for") {
    CHECK(Deflated("permessage-deflate; server_no_context_takeover").user.session->answer()->extensions() ==
          "permessage-deflate; server_no_context_takeover");
    FakeLoop loop;
    FakeServers servers(loop, {});
    User user(loop, "ws://example.com/");
    user.start();
    loop.run();
    CHECK(user.session->answer()->extensions().empty());
  }

  TEST_CASE("what was compressed is forgotten when nothing has happened for a while") {
    Deflated talk;
    CHECK(talk.sent("Hello") == "text '" + hello + "'");
    CHECK(talk.sent("Hello") == "text '" + hello_again + "'");
    for (int i = 0; i < 6; ++i) {  // something happens again and again
      talk.loop.advance(seconds(5));
      CHECK(talk.sent("Hello") != "text '" + hello + "'");
    }
    talk.loop.advance(seconds(21));
    CHECK(talk.sent("Hello") == "text '" + hello + "'");
    CHECK(talk.sent("Hello") == "text '" + hello_again + "'");
  }

  TEST_CASE("pings are nothing that happens") {
    Deflated talk;
    CHECK(talk.sent("Hello") == "text '" + hello + "'");
    for (int i = 0; i < 6; ++i) {
      talk.loop.advance(seconds(5));
      talk.servers.last().write(wire::ping("p"));
      talk.loop.run();
    }
    CHECK(talk.sent("Hello") == "text '" + hello + "'");
  }

  TEST_CASE("an idle session has no timer") {
    Deflated talk;
    talk.sent("Hello");
    talk.loop.advance(seconds(21));
    CHECK(talk.loop.timers() == 0);
  }

  TEST_CASE("the trace shows compressed messages as they are, and inflated") {
    Deflated talk("permessage-deflate", true);
    talk.sent("Hello");
    talk.sent("Hello");
    CHECK(talk.lines("++Sent decoded: fin=1 opcode=1 data=b'Hello'") == 2);
    CHECK(talk.user.trace.has("++Sent raw: b'\\xc1\\x87"));

    talk.servers.last().write(deflated(1, hello) + deflated(2, hello_again.substr(0, 2), false) +
                              wire::ping("p") + wire::continuation(hello_again.substr(2)) +
                              wire::text("plain"));
    talk.loop.run();
    CHECK(talk.lines("++Rcv raw: b'\\xc1\\x07\\xf2H\\xcd\\xc9\\xc9\\x07\\x00'") == 1);
    CHECK(talk.lines("++Rcv decoded: fin=1 opcode=1 data=b'Hello'") == 1);
    CHECK(talk.lines("++Rcv decoded: fin=1 opcode=9 data=b'p'") == 1);
    CHECK(talk.lines("++Rcv decoded: fin=0 opcode=2 data=b'H'") == 1);
    CHECK(talk.lines("++Rcv decoded: fin=1 opcode=0 data=b'ello'") == 1);
    CHECK(talk.lines("++Rcv decoded: fin=1 opcode=1 data=b'plain'") == 1);
  }

  TEST_CASE("a long compressed message is cut in the trace, with the size it inflates to") {
    Deflated talk("permessage-deflate", true);
    talk.sent(std::string(5000, 'x'));
    CHECK(talk.user.trace.has("data=b'" + std::string(256, 'x') + "'... (5000 bytes)"));
  }

  TEST_CASE("a trace that was off meanwhile says of what it cannot inflate that it is compressed") {
    Deflated talk("permessage-deflate", true);
    talk.sent("Hello");
    talk.user.trace.on = false;
    talk.sent("Hello");
    talk.user.trace.on = true;
    talk.sent("Hello");
    CHECK(talk.lines("++Sent decoded: fin=1 opcode=1 data=b'Hello'") == 1);
    CHECK(talk.user.trace.has("' (compressed)"));
  }

  TEST_CASE("what can't be inflated shows as it is") {
    Deflated talk("permessage-deflate", true);
    talk.servers.last().write(deflated(1, "\xff\xff"));
    talk.loop.run();
    CHECK(talk.lines("++Rcv decoded: fin=1 opcode=1 data=b'\\xff\\xff' (compressed)") == 1);
  }

  TEST_CASE("a server that agrees to what was not offered is told 1010") {
    Deflated talk("permessage-deflate; server_max_window_bits=16");
    CHECK(talk.user.error().code == Errc::unexpected_extension);
    CHECK(talk.servers.last().frames() == std::vector<std::string>{"close 1010"});
    CHECK(talk.servers.last().client_has_ended());
  }
}
