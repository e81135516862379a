// HTTP/1.1 heads: lines, fields, bounds, every cut.
#include "protocol/http_head.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace websocket;
using namespace websocket::protocol;
using Progress = HeadParser::Progress;

namespace {

constexpr std::size_t large = 65536;

// Feeds `bytes` in pieces of `size` and says how many were taken.
std::size_t feed(HeadParser& parser, std::string_view bytes, std::size_t size, Progress& progress) {
  std::size_t total = 0;
  progress = Progress::more;
  while (total < bytes.size() && progress == Progress::more) {
    std::size_t consumed = 0;
    const std::string_view piece = bytes.substr(total, size);
    progress = parser.feed(piece, consumed);
    total += consumed;
    if (progress == Progress::more) REQUIRE(consumed == piece.size());
  }
  return total;
}

Progress parse(std::string_view bytes, HeadKind kind = HeadKind::answer) {
  HeadParser whole(large, kind);
  std::size_t consumed = 0;
  const Progress progress = whole.feed(bytes, consumed);
  HeadParser by_byte(large, kind);
  Progress again = Progress::more;
  feed(by_byte, bytes, 1, again);
  CHECK(again == progress);
  return progress;
}

std::string because(std::string_view bytes) {
  HeadParser parser(large);
  std::size_t consumed = 0;
  CHECK(parser.feed(bytes, consumed) == Progress::malformed);
  return parser.malformed_because();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("RFC 9112 2: HTTP/1.1 heads") {
  TEST_CASE("a head is the same whole, byte by byte and cut at every position") {
    const std::string head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\nx-a: \t b c "
        "\t\r\n\r\n";
    const std::string bytes = head + "\x81\x05hello";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      HeadParser parser(large);
      std::size_t first = 0;
      std::size_t second = 0;
      const Progress early = parser.feed(bytes.substr(0, cut), first);
      CHECK(early == (cut < head.size() ? Progress::more : Progress::done));
      CHECK(parser.feed(bytes.substr(first), second) == Progress::done);
      CHECK(first + second == head.size());
      CHECK(parser.size() == head.size());
      CHECK(parser.start_line() == "HTTP/1.1 101 Switching Protocols");
      REQUIRE(parser.headers().size() == 3);
      CHECK(parser.headers().get("upgrade") == std::string_view("websocket"));
      CHECK(parser.headers().get("X-Empty") == std::string_view(""));
      CHECK(parser.headers().get("X-A") == std::string_view("b c"));
    }
    HeadParser parser(large);
    Progress progress = Progress::more;
    CHECK(feed(parser, bytes, 1, progress) == head.size());
    CHECK(progress == Progress::done);
    CHECK(parser.take_headers().size() == 3);
  }

  TEST_CASE("once done, nothing more is taken") {
    HeadParser parser(large);
    std::size_t consumed = 0;
    CHECK(parser.feed("HTTP/1.1 200 OK\r\n\r\n", consumed) == Progress::done);
    CHECK(parser.feed("more", consumed) == Progress::done);
    CHECK(consumed == 0);
  }

  TEST_CASE("no bytes are no progress") {
    HeadParser parser(large);
    std::size_t consumed = 1;
    CHECK(parser.feed("", consumed) == Progress::more);
    CHECK(consumed == 0);
  }

  TEST_CASE("a bare LF ends a line as well") {
    HeadParser parser(large);
    std::size_t consumed = 0;
    CHECK(parser.feed("HTTP/1.1 200 OK\nA: b\r\nC: d\n\nrest", consumed) == Progress::done);
    CHECK(parser.start_line() == "HTTP/1.1 200 OK");
    CHECK(parser.headers().get("a") == std::string_view("b"));
    CHECK(parser.headers().get("c") == std::string_view("d"));
    CHECK(consumed == 28);
  }

  TEST_CASE("repeated fields are kept in order") {
    HeadParser parser(large);
    std::size_t consumed = 0;
    parser.feed("HTTP/1.1 200 OK\r\nA: 1\r\nB: x\r\na: 2\r\n\r\n", consumed);
    CHECK(parser.headers().get_all("A") == std::vector<std::string_view>{"1", "2"});
  }
}

TEST_SUITE("RFC 9112 5: what is no head") {
  TEST_CASE("malformed field lines are refused") {
    const std::string line = "HTTP/1.1 200 OK\r\n";
    for (const char* field : {" A: b", " folded\r\nA: b", "A : b", "A\t: b", ": b", "no colon",
                              "A b: c", "A(: b", "\xc3\xa4: b", "A: b\rc", "A: b\r\rc", "A: \x01",
                              "A: \x7f", "A: \x1b[2J", "A\r: b", "\r"}) {
      CAPTURE(field);
      CHECK(parse(line + field + "\r\n\r\n") == Progress::malformed);
    }
    CHECK(parse(line + std::string("A: b\0c\r\n\r\n", 10)) == Progress::malformed);
  }

  TEST_CASE(
      "in an answer a folded line goes on with the value, a space between; not in a request") {
    const std::string fields = "A: one\r\n  two \r\n\t\r\n\tthree\r\nB:\r\n x\r\nC: y\r\n\r\n";
    for (const std::size_t piece : {1U, 3U, 1000U}) {
      HeadParser parser(large);
      Progress progress = Progress::more;
      feed(parser, "HTTP/1.1 200 OK\r\n" + fields, piece, progress);
      CHECK(progress == Progress::done);
      CHECK(parser.headers().size() == 3);
      CHECK(parser.headers().get("A") == std::string_view("one two three"));
      CHECK(parser.headers().get("B") == std::string_view("x"));
      CHECK(parser.headers().get("C") == std::string_view("y"));
    }
    CHECK(parse("GET / HTTP/1.1\r\n" + fields, HeadKind::request) == Progress::malformed);
  }

  TEST_CASE("tabs and bytes above 0x7f are kept in values") {
    HeadParser parser(large);
    std::size_t consumed = 0;
    CHECK(parser.feed("HTTP/1.1 200 OK\r\nA: b\tc \xe4\r\n\r\n", consumed) == Progress::done);
    CHECK(parser.headers().get("A") == std::string_view("b\tc \xe4"));
  }

  TEST_CASE("a control character in the status line is refused") {
    CHECK(parse("HTTP/1.1 200 O\x01K\r\n\r\n") == Progress::malformed);
    CHECK(parse("HTTP/1.1 200 O\rK\r\n\r\n") == Progress::malformed);
  }

  TEST_CASE("values that may be secret are not quoted") {
    const std::string text = because("HTTP/1.1 200 OK\r\nSet-Cookie: secret\x01\r\n\r\n");
    CHECK(contains(text, "Set-Cookie"));
    CHECK_FALSE(contains(text, "secret"));
  }

  TEST_CASE("a server that does not speak HTTP is told by its first byte") {
    for (const char* bytes :
         {"S", "\r", "\n", " ", "h", "HTTP/2", "HTTP/1x", "HTTQ", "\x16", "\x81"}) {
      CAPTURE(bytes);
      CHECK(parse(bytes) == Progress::malformed);
    }
    CHECK(parse(std::string_view("\0", 1)) == Progress::malformed);
    CHECK(
        contains(because("SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), "\"SSH-2.0-OpenSSH_9.2p1 Debian\""));
    CHECK(because(std::string(1000, 'x')).size() < 120);
    CHECK(contains(because("\x15\x03\x01"), "TLS"));
    CHECK(contains(because("\r\n\r\n"), "\\r\\n"));
  }

  TEST_CASE("a request may begin with empty lines and any token") {
    HeadParser parser(large, HeadKind::request);
    std::size_t consumed = 0;
    CHECK(parser.feed("\r\n\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", consumed) == Progress::done);
    CHECK(parser.start_line() == "GET / HTTP/1.1");
    CHECK(parse("\x16\x03\x01", HeadKind::request) == Progress::malformed);
    CHECK(parse(" GET", HeadKind::request) == Progress::malformed);
    CHECK(parse("\rGET / HTTP/1.1\r\n", HeadKind::request) == Progress::malformed);
  }

  TEST_CASE("once malformed, always malformed") {
    HeadParser parser(large);
    std::size_t consumed = 0;
    CHECK(parser.feed("x", consumed) == Progress::malformed);
    CHECK(parser.feed("HTTP/1.1 200 OK\r\n\r\n", consumed) == Progress::malformed);
    CHECK(consumed == 0);
  }
}

TEST_SUITE("Hostile servers: header floods") {
  TEST_CASE("a head may have exactly the allowed size") {
    const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, head.size()}) {
      CAPTURE(piece);
      Progress progress = Progress::more;
      HeadParser fits(head.size());
      feed(fits, head, piece, progress);
      CHECK(progress == Progress::done);
      HeadParser too_small(head.size() - 1);
      CHECK(feed(too_small, head, piece, progress) == head.size() - 1);
      CHECK(progress == Progress::too_large);
    }
    HeadParser none(0);
    std::size_t consumed = 0;
    CHECK(none.feed("H", consumed) == Progress::too_large);
  }

  TEST_CASE("an endless line ends at the bound, whole or byte by byte") {
    for (const std::string_view begin : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nA: "}) {
      const std::string bytes = std::string(begin) + std::string(2 * large, 'x');
      for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
        HeadParser parser(large);
        Progress progress = Progress::more;
        CHECK(feed(parser, bytes, piece, progress) == large);
        CHECK(progress == Progress::too_large);
      }
    }
  }

  TEST_CASE("10,000 headers one byte at a time are read") {
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 10000; ++i) head += "a:b\r\n";
    head += "\r\n";
    REQUIRE(head.size() < large);
    HeadParser parser(large);
    Progress progress = Progress::more;
    CHECK(feed(parser, head, 1, progress) == head.size());
    CHECK(progress == Progress::done);
    CHECK(parser.headers().size() == 10000);
  }

  TEST_CASE("a head of 64 KiB in one field is read one byte at a time") {
    std::string head = "HTTP/1.1 200 OK\r\nA: ";
    head += std::string(large - head.size() - 4, 'x') + "\r\n\r\n";
    REQUIRE(head.size() == large);
    HeadParser parser(large);
    Progress progress = Progress::more;
    CHECK(feed(parser, head, 1, progress) == large);
    CHECK(progress == Progress::done);
  }
}

TEST_SUITE("RFC 9112 2.2: empty lines before a request") {
  TEST_CASE("they count against the budget, and using it up is what is told") {
    HeadParser parser(8, HeadKind::request);
    std::size_t consumed = 0;
    CHECK(parser.feed("\n\n\n\n\n\n\n\n\n", consumed) == Progress::too_large);
    CHECK(consumed == 8);
  }
}

TEST_SUITE("RFC 9110 5.6.1: lists of tokens in headers") {
  TEST_CASE("a token is found in a list, in repeated fields and in any case") {
    const Headers headers{{"Connection", "keep-alive, Upgrade"}, {"Vary", "a"}, {"vary", ",B ,c"}};
    CHECK(header_has_token(headers, "connection", "upgrade"));
    CHECK(header_has_token(headers, "Connection", "Keep-Alive"));
    CHECK(header_has_token(headers, "Vary", "b"));
    CHECK(header_has_token(headers, "Vary", "C"));
    CHECK_FALSE(header_has_token(headers, "Connection", "up"));
    CHECK_FALSE(header_has_token(headers, "Connection", "keep-alive, Upgrade"));
    CHECK_FALSE(header_has_token(headers, "Upgrade", "upgrade"));
    CHECK_FALSE(header_has_token(headers, "Vary", ""));
  }
}
