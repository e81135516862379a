// The lines of the trace: familiar, true to the wire, safe to paste.
#include "engine/wire_trace.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using std::chrono::seconds;

namespace {

struct Traced {
  explicit Traced(Server::Habits habits = {}, ConnectOptions options = {},
                  const std::string& url = "ws://example.com/")
      : servers(loop, std::move(habits)), user(loop, url, std::move(options)) {
    user.trace.on = true;
  }
  void run() {
    user.start();
    loop.run();
  }
  // No line holds the text, and each is one line.
  void check_hidden(std::string_view secret) {
    for (const std::string& line : user.trace.lines) {
      CAPTURE(line);
      CHECK(line.find(secret) == std::string::npos);
    }
  }
  std::size_t place(std::string_view line) {
    const auto& lines = user.trace.lines;
    const auto found = std::find(lines.begin(), lines.end(), line);
    CAPTURE(line);
    CHECK(found != lines.end());
    return static_cast<std::size_t>(found - lines.begin());
  }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace

TEST_SUITE("trace") {
  TEST_CASE("heads and frames look as websocket-client's do, in order") {
    Traced traced({.echoes = true});
    traced.run();
    traced.user.send("hello there");
    traced.loop.run();
    traced.user.session->close(1000, {});
    traced.loop.run();
    const std::size_t order[] = {traced.place("--- request header ---"),
                                 traced.place("GET / HTTP/1.1"),
                                 traced.place("--- response header ---"),
                                 traced.place("HTTP/1.1 101 Switching Protocols"),
                                 traced.place("Websocket connected"),
                                 traced.place("++Sent decoded: fin=1 opcode=1 data=b'hello there'"),
                                 traced.place("++Rcv raw: b'\\x81\\x0bhello there'"),
                                 traced.place("++Rcv decoded: fin=1 opcode=1 data=b'hello there'"),
                                 traced.place("++Sent decoded: fin=1 opcode=8 data=b'\\x03\\xe8'"),
                                 traced.place("++Rcv raw: b'\\x88\\x02\\x03\\xe8'")};
    CHECK(std::is_sorted(std::begin(order), std::end(order)));
    CHECK(traced.user.trace.has("++Sent raw: b'\\x81\\x8b"));
    CHECK(traced.user.trace.has("Connecting to 10.0.0.1:80"));
    CHECK(traced.user.trace.has("code 1000"));
  }

  TEST_CASE("every frame shows, in any segments, also those glued to the answer") {
    for (const std::size_t piece : {1U, 3U, 50U, 128U, 130U, 131U, 132U, 133U, 140U, 100000U}) {
      CAPTURE(piece);
      Traced traced({.behind = wire::text("glued") + wire::ping("p") + wire::text("x", false) +
                               wire::continuation("")});
      traced.loop.accepted = [inner = traced.loop.accepted, piece](auto wire) {
        wire->most_per_read = piece;
        inner(wire);
      };
      traced.run();
      traced.place("++Rcv raw: b'\\x81\\x05glued'");
      traced.place("++Rcv decoded: fin=1 opcode=1 data=b'glued'");
      traced.place("++Rcv decoded: fin=1 opcode=9 data=b'p'");
      traced.place("++Rcv decoded: fin=0 opcode=1 data=b'x'");
      traced.place("++Rcv decoded: fin=1 opcode=0 data=b''");
      traced.place("++Sent decoded: fin=1 opcode=10 data=b'p'");
    }
  }

  TEST_CASE("frames that leave in pieces show whole and once") {
    Traced traced;
    traced.run();
    give_room(traced.servers.shared_wire(), 3);
    traced.user.send("one");
    traced.user.send("two");
    traced.loop.run();
    give_room(traced.servers.shared_wire(), 1000);
    traced.loop.run();
    const auto& lines = traced.user.trace.lines;
    for (const std::string word : {"one", "two"}) {
      CHECK(std::count(lines.begin(), lines.end(),
                       "++Sent decoded: fin=1 opcode=1 data=b'" + word + "'") == 1);
    }
  }

  TEST_CASE("secrets in headers are hidden, both ways") {
    Traced traced({.instead = "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: sid=TOPSECRET\r\n"
                              "WWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"},
                  {.header = {{"authorization", "Bearer TOPSECRET"},
                              {"Proxy-Authorization", "Basic TOPSECRET"}},
                   .cookie = "id=TOPSECRET"});
    traced.run();
    traced.check_hidden("TOPSECRET");
    CHECK(traced.user.trace.has("authorization: ***"));
    CHECK(traced.user.trace.has("Cookie: ***"));
    CHECK(traced.user.trace.has("Set-Cookie: ***"));
  }

  TEST_CASE("userinfo in URLs is hidden: our own, and a Location's") {
    Traced traced(
        {.instead = "HTTP/1.1 302 Found\r\nLocation: wss://user:TOPSECRET@other.example/\r\n"
                    "Content-Length: 0\r\n\r\n"},
        {}, "ws://me:TOPSECRET@example.com/");
    traced.run();
    traced.check_hidden("TOPSECRET");
    CHECK(traced.user.error().message.find("TOPSECRET") == std::string::npos);
  }

  TEST_CASE("each head of an answer shows, an interim one's and the last") {
    Traced traced({.answers = true});
    traced.servers.habits.answers = false;
    traced.run();
    traced.servers.last().write(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 404 Not Found\r\n"
        "Content-Length: 0\r\n\r\n");
    traced.loop.run();
    CHECK(traced.user.trace.has("HTTP/1.1 103 Early Hints"));
    CHECK(traced.user.trace.has("HTTP/1.1 404 Not Found"));
  }

  TEST_CASE("a long payload is cut, with its size told, and the next frame shows again") {
    Traced traced({.echoes = true});
    traced.run();
    traced.user.send(wire::filling(5000));
    traced.user.send("after");
    traced.loop.run();
    for (const std::string& line : traced.user.trace.lines) CHECK(line.size() < 1500);
    CHECK(traced.user.trace.has("5000"));
    traced.place("++Rcv decoded: fin=1 opcode=1 data=b'after'");
  }

  TEST_CASE("whatever a server says, a line of the trace is one line of printable text") {
    Traced traced;
    traced.run();
    traced.servers.last().write(wire::text("a\nb\x1b[2J") +
                                wire::close(1000, "x\n\x1b[2J++forged"));
    traced.servers.last().end();
    traced.loop.run();
    Traced refused(
        {.instead = "HTTP/1.1 404 \x1b[2J\r\nX: \x1b[2J\x07\r\nContent-Length: 0\r\n\r\n"});
    refused.run();
    for (const auto* lines : {&traced.user.trace.lines, &refused.user.trace.lines}) {
      for (const std::string& line : *lines) {
        CAPTURE(line);
        CHECK(std::none_of(line.begin(), line.end(), [](char byte) {
          return static_cast<unsigned char>(byte) < 0x20 && byte != '\t';
        }));
      }
    }
  }

  TEST_CASE("turned on in the middle it begins with the next frame; off, it says nothing") {
    Traced traced({.echoes = true});
    traced.user.trace.on = false;
    traced.run();
    traced.servers.last().write(wire::text("half").substr(0, 4));
    traced.loop.run();
    CHECK(traced.user.trace.lines.empty());
    traced.user.trace.on = true;
    traced.loop.run();
    traced.servers.last().write("lf" + wire::text("whole"));
    traced.loop.run();
    traced.servers.last().write(wire::text("next"));
    traced.loop.run();
    traced.place("++Rcv decoded: fin=1 opcode=1 data=b'next'");
    for (const std::string& line : traced.user.trace.lines) {
      if (line.starts_with("++Rcv")) CHECK(line.find("lf") == std::string::npos);
    }
    traced.user.trace.on = false;
    traced.user.trace.lines.clear();
    traced.user.send("quiet");
    traced.loop.run();
    CHECK(traced.user.trace.lines.empty());
  }

  TEST_CASE("turned off within the handshake it says nothing more") {
    Traced traced({.answers = false});
    traced.run();
    traced.user.trace.lines.clear();
    traced.user.trace.on = false;
    traced.servers.last().write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    traced.loop.run();
    CHECK(traced.user.trace.lines.empty());
    CHECK(traced.user.ended());
  }

  TEST_CASE("who closed and why shows") {
    Traced traced;
    traced.run();
    traced.servers.last().close(1011, "out of memory");
    traced.servers.last().end();
    traced.loop.run();
    CHECK(traced.user.trace.has("1011 'out of memory'"));
    CHECK(traced.user.trace.has("by the server"));
  }
}
