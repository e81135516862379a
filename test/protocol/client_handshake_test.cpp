// What the server answers to the opening handshake: each check, each body, each cut.
#include "protocol/client_handshake.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace websocket;
using namespace websocket::protocol;
using Progress = ClientHandshake::Progress;

namespace {

// The key of RFC 6455 1.3 has the RFC's accept value; this one has another.
const HandshakeRequest request{{}, "AAAAAAAAAAAAAAAAAAAAAA==", {"chat", "superchat"}};
const std::string accept_field = "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n";
const std::string status_line = "HTTP/1.1 101 Switching Protocols\r\n";
const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";

std::string switching(const std::string& more = {}) {
  return status_line + upgrade + accept_field + more + "\r\n";
}

struct Result {
  Progress progress = Progress::more;
  std::size_t consumed = 0;
  base::Failure failure{};
  Response response{};
  std::string subprotocol{};
  bool in_body = false;
};

Result feed(std::string_view bytes, std::size_t piece, bool then_end, const Limits& limits) {
  ClientHandshake handshake(request, limits);
  Result result;
  while (result.consumed < bytes.size() && result.progress == Progress::more) {
    std::size_t consumed = 0;
    result.progress = handshake.feed(bytes.substr(result.consumed, piece), consumed);
    result.consumed += consumed;
  }
  result.in_body = handshake.in_body();
  if (then_end) result.progress = handshake.feed_end();
  result.failure = handshake.failure();
  result.response = handshake.response();
  result.subprotocol = handshake.answer()->subprotocol();
  return result;
}

// Whole, and byte by byte with the same outcome.
Result answer(const std::string& bytes, bool then_end = false, const Limits& limits = {}) {
  const Result whole = feed(bytes, bytes.size(), then_end, limits);
  const Result by_byte = feed(bytes, 1, then_end, limits);
  CHECK(by_byte.progress == whole.progress);
  CHECK(by_byte.in_body == whole.in_body);
  CHECK(by_byte.response.status == whole.response.status);
  CHECK(by_byte.response.body == whole.response.body);
  if (whole.progress == Progress::failed) CHECK(by_byte.failure.code == whole.failure.code);
  return whole;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void fails(const std::string& bytes, Errc code, std::string_view says = {}) {
  CAPTURE(bytes);
  const Result result = answer(bytes);
  CHECK(result.progress == Progress::failed);
  CHECK(result.failure.code == code);
  CAPTURE(result.failure.message);
  CHECK(contains(result.failure.message, says));
}

}  // namespace

TEST_SUITE("RFC 6455 4.1: the server's answer") {
  TEST_CASE("a right answer is accepted") {
    const Result result = answer(switching("X-More: yes\r\n"));
    CHECK(result.progress == Progress::accepted);
    CHECK(result.response.status == 101);
    CHECK(result.response.reason == "Switching Protocols");
    CHECK(result.response.headers.get("x-more") == std::string_view("yes"));
    CHECK(result.subprotocol.empty());
  }

  TEST_CASE("frames glued to the answer are left alone, wherever it is cut") {
    const std::string head = switching();
    const std::string bytes = head + "\x81\x05hello";
    CHECK(answer(bytes).consumed == head.size());
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      ClientHandshake handshake(request, {});
      std::size_t first = 0;
      std::size_t second = 0;
      const Progress early = handshake.feed(std::string_view(bytes).substr(0, cut), first);
      CHECK(early == (cut < head.size() ? Progress::more : Progress::accepted));
      CHECK(handshake.response().status == (cut < head.size() ? 0 : 101));
      CHECK(handshake.feed(std::string_view(bytes).substr(first), second) == Progress::accepted);
      CHECK(first + second == head.size());
    }
  }

  TEST_CASE("names and tokens are read without regard to case, and as the lists they are") {
    CHECK(answer(status_line + "uPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n" +
                 "SEC-WEBSOCKET-ACCEPT: \t ICX+Yqv66kxgM0FcWaLWlFLwTAI= \r\n\r\n")
              .progress == Progress::accepted);
    CHECK(answer("HTTP/1.1 101\n" + upgrade + accept_field + "\n").progress == Progress::accepted);
  }

  TEST_CASE("Content-Length and Transfer-Encoding of a 101 mean nothing") {
    CHECK(answer(switching("Content-Length: 7\r\nTransfer-Encoding: chunked\r\n")).progress ==
          Progress::accepted);
  }

  TEST_CASE("an answer without Upgrade: websocket is refused") {
    fails(status_line + "Connection: Upgrade\r\n" + accept_field + "\r\n", Errc::invalid_upgrade);
    fails(status_line + "Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept_field + "\r\n",
          Errc::invalid_upgrade, "h2c");
    for (const char* more : {", h2c", "/13", "\r\nUpgrade: websocket", "\r\n , h2c"}) {
      fails(status_line + "Upgrade: websocket" + more + "\r\nConnection: Upgrade\r\n" +
                accept_field + "\r\n",
            Errc::invalid_upgrade);
    }
    fails(status_line + "Upgrade: websockets\r\nConnection: Upgrade\r\n" + accept_field + "\r\n",
          Errc::invalid_upgrade, "websockets");
  }

  TEST_CASE("an answer without Connection: Upgrade is refused") {
    fails(status_line + "Upgrade: websocket\r\n" + accept_field + "\r\n", Errc::invalid_connection);
    fails(status_line + "Upgrade: websocket\r\nConnection: close\r\n" + accept_field + "\r\n",
          Errc::invalid_connection, "close");
  }

  TEST_CASE("Sec-WebSocket-Accept is there once and belongs to the key") {
    const std::string head = status_line + upgrade;
    fails(head + "\r\n", Errc::invalid_accept, "no Sec-WebSocket-Accept");
    fails(head + accept_field + accept_field + "\r\n", Errc::invalid_accept,
          "2 Sec-WebSocket-Accept");
    fails(head + "Sec-WebSocket-Accept:\r\n\r\n", Errc::invalid_accept);
    fails(head + "Sec-WebSocket-Accept: nonsense\r\n\r\n", Errc::invalid_accept, "nonsense");
    fails(head + "Sec-WebSocket-Accept: nonsense\r\n\r\n", Errc::invalid_accept,
          "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
    fails(head + "Sec-WebSocket-Accept: icx+yqv66kxgm0fcwalwlflwtai=\r\n\r\n",
          Errc::invalid_accept);
    fails(head + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", Errc::invalid_accept);
  }

  TEST_CASE("a server that answers every key with the RFC's example is refused and told apart") {
    fails(status_line + upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          Errc::invalid_accept, "example");
  }

  TEST_CASE("the RFC's example is right for the RFC's key") {
    ClientHandshake handshake({{}, "dGhlIHNhbXBsZSBub25jZQ==", {}}, {});
    std::size_t consumed = 0;
    CHECK(handshake.feed(
              status_line + upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
              consumed) == Progress::accepted);
  }

  TEST_CASE("the chosen subprotocol is one of those offered") {
    CHECK(answer(switching("Sec-WebSocket-Protocol: superchat\r\n")).subprotocol == "superchat");
    for (const char* value : {"other", "Chat", "chat, superchat", "", "chat;x"}) {
      fails(switching("Sec-WebSocket-Protocol: " + std::string(value) + "\r\n"),
            Errc::unexpected_subprotocol, value);
    }
    fails(switching("Sec-WebSocket-Protocol: chat\r\nsec-websocket-protocol: chat\r\n"),
          Errc::unexpected_subprotocol, "2");
    ClientHandshake none_offered({{}, request.key, {}}, {});
    std::size_t consumed = 0;
    CHECK(none_offered.feed(switching("Sec-WebSocket-Protocol: chat\r\n"), consumed) ==
          Progress::failed);
    CHECK(none_offered.failure().code == Errc::unexpected_subprotocol);
    CHECK(none_offered.answer()->subprotocol().empty());
  }

  TEST_CASE("an extension that was not offered is refused") {
    fails(switching("Sec-WebSocket-Extensions: permessage-deflate; x=1\r\n"),
          Errc::unexpected_extension, "permessage-deflate");
    fails(switching("Sec-WebSocket-Extensions:\r\nSec-WebSocket-Extensions: x\r\n"),
          Errc::unexpected_extension);
    fails(switching("Sec-WebSocket-Extensions: ,\r\n"), Errc::unexpected_extension);
    fails(switching("Sec-WebSocket-Extensions:\r\n"), Errc::unexpected_extension);
  }

  TEST_CASE("of a refused 101 nothing was agreed on") {
    HandshakeRequest compressing = request;
    compressing.compression.emplace();
    for (const char* lines : {"Sec-WebSocket-Extensions: permessage-deflate\r\n"
                              "Sec-WebSocket-Protocol: other\r\n",
                              "Sec-WebSocket-Extensions: permessage-deflate; x\r\n"
                              "Sec-WebSocket-Protocol: chat\r\n"}) {
      ClientHandshake handshake(compressing, {});
      std::size_t consumed = 0;
      CHECK(handshake.feed(switching(lines), consumed) == Progress::failed);
      CHECK(handshake.answer()->extensions().empty());
      CHECK(handshake.answer()->subprotocol().empty());
      CHECK_FALSE(handshake.answer()->deflate);
    }
  }

  TEST_CASE("a refused 101 is still told as the response") {
    const Result result = answer(status_line + upgrade + "\r\n");
    CHECK(result.response.status == 101);
    CHECK(result.response.headers.size() == 2);
  }
}

TEST_SUITE("RFC 9112 4: status lines") {
  TEST_CASE("what is no HTTP/1.1 status line is refused with the line") {
    for (const char* line :
         {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 10", "HTTP/1.1 1011 X", "HTTP/1.1 abc X",
          "HTTP/1.1  101 X", "HTTP/1.1\t101 X", "HTTP/1.1 099 X", "HTTP/1.1 +10 X",
          "HTTP/1.11 101 X", "HTTP/1.x 101 X", "HTTP/1.1 101X"}) {
      fails(std::string(line) + "\r\n" + upgrade + accept_field + "\r\n", Errc::invalid_response,
            line[8] == '\t' ? "HTTP" : line);
      CHECK(answer(std::string(line) + "\r\n\r\n").response.status == 0);
    }
  }

  TEST_CASE("101 in HTTP/1.0 is refused, other answers in HTTP/1.0 are read") {
    fails("HTTP/1.0 101 X\r\n" + upgrade + accept_field + "\r\n", Errc::invalid_response,
          "HTTP/1.0");
    fails("HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Errc::bad_status, "403 Forbidden");
  }

  TEST_CASE("a server that does not speak HTTP is told at once") {
    fails("SSH-2.0-OpenSSH_9.2\r\n", Errc::invalid_response, "SSH-2.0-OpenSSH_9.2");
    fails("HTTP/2 101 X\r\n\r\n", Errc::invalid_response);
    fails("\x81\x05hello", Errc::invalid_response, "\\x81");
    fails("\x15\x03\x01", Errc::invalid_response, "TLS");
  }

  TEST_CASE("a malformed header is refused") {
    fails(status_line + "No colon\r\n\r\n", Errc::invalid_response, "No colon");
  }
}

TEST_SUITE("RFC 9110 15: answers other than 101") {
  TEST_CASE("status and reason are told, with and without a reason") {
    fails("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Errc::bad_status, "404 Not Found");
    fails("HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", Errc::bad_status, "503");
    fails("HTTP/1.1 400 \x9bhack\r\nContent-Length: 0\r\n\r\n", Errc::bad_status, "\\x9bhack");
    fails("HTTP/1.1 204 No Content\r\n\r\n", Errc::bad_status, "204");
    fails("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", Errc::bad_status, "304");
    fails("HTTP/1.1 200 OK\r\n" + upgrade + accept_field + "Content-Length: 0\r\n\r\n",
          Errc::bad_status, "200");
  }

  TEST_CASE("a body with a length is read to its end") {
    const Result result = answer(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nsorry!");
    CHECK(result.failure.code == Errc::bad_status);
    CHECK(result.response.body == "sorry");
    CHECK(result.response.status == 401);
    CHECK(result.response.reason == "Unauthorized");
    CHECK(result.response.headers.get("www-authenticate") == std::string_view("Basic"));
    CHECK(answer("HTTP/1.1 401 X\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\nno")
              .response.body == "no");
  }

  TEST_CASE("a body without a length ends with the connection") {
    const std::string bytes = "HTTP/1.1 500 Oops\r\n\r\nit broke";
    const Result open = answer(bytes);
    CHECK(open.progress == Progress::more);
    CHECK(open.in_body);
    CHECK(open.response.status == 500);
    const Result ended = answer(bytes, true);
    CHECK(ended.progress == Progress::failed);
    CHECK(ended.failure.code == Errc::bad_status);
    CHECK(ended.response.body == "it broke");
    CHECK(answer("HTTP/1.1 500 X\r\nTransfer-Encoding: gzip\r\n\r\nz", true).response.body == "z");
  }

  TEST_CASE("a chunked body is put together") {
    const std::string head =
        "HTTP/1.1 500 X\r\nContent-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n";
    const Result result =
        answer(head + "5\r\nhello\r\n06 ;a=b\r\n world\r\n1\n!\n0\r\nT: x\r\n\r\n");
    CHECK(result.failure.code == Errc::bad_status);
    CHECK(result.response.body == "hello world!");
    CHECK(answer(head + "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n").response.body.size() == 20);
    const std::string bytes = head + "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      ClientHandshake handshake(request, {});
      std::size_t first = 0;
      std::size_t second = 0;
      handshake.feed(std::string_view(bytes).substr(0, cut), first);
      CHECK(handshake.feed(std::string_view(bytes).substr(first), second) == Progress::failed);
      CHECK(handshake.response().body == "helloyou");
    }
  }

  TEST_CASE("a body whose length cannot be made out ends there") {
    const std::string head = "HTTP/1.1 500 X\r\n";
    for (const char* length : {"x", "-1", "", "5, 6", "99999999999999999999", "0x5"}) {
      fails(head + "Content-Length: " + length + "\r\n\r\nhello", Errc::bad_status, "500");
    }
    fails(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", Errc::bad_status);
    for (const char* chunks : {"x\r\n", "\r\n", "-1\r\n", ";\r\n", "11111111111111111\r\n"}) {
      fails(head + "Transfer-Encoding: chunked\r\n\r\n" + chunks, Errc::bad_status);
    }
    const Result result = answer(head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n");
    CHECK(result.progress == Progress::failed);
    CHECK(result.response.body == "he");
  }

  TEST_CASE("no more than 64 KiB of a body are kept") {
    const std::string flood(200000, 'x');
    for (const std::string framing :
         {"", "Content-Length: 200000\r\n", "Content-Length: 18446744073709551615\r\n"}) {
      const Result result = answer("HTTP/1.1 500 X\r\n" + framing + "\r\n" + flood);
      CHECK(result.failure.code == Errc::bad_status);
      CHECK(result.response.body.size() == ClientHandshake::max_body);
    }
    const std::string chunked = "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(answer(chunked + "ffffffffffffffff\r\n" + flood).response.body.size() ==
          ClientHandshake::max_body);
    CHECK(answer(chunked + "1;" + flood).progress == Progress::failed);
  }

  TEST_CASE("the engine may stop waiting for a body") {
    ClientHandshake handshake(request, {});
    std::size_t consumed = 0;
    CHECK(handshake.give_up_on_body() == Progress::more);
    handshake.feed("HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nnever", consumed);
    CHECK(handshake.in_body());
    CHECK(handshake.give_up_on_body() == Progress::failed);
    CHECK_FALSE(handshake.in_body());
    CHECK(handshake.failure().code == Errc::bad_status);
    CHECK(handshake.response().body == "never");
    CHECK(handshake.feed("more", consumed) == Progress::failed);
    CHECK(consumed == 0);
  }
}

TEST_SUITE("RFC 9110 15.2: interim answers") {
  TEST_CASE("answers 1xx before the final one are skipped") {
    const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\n" + hints + hints + switching();
    const Result result = answer(bytes + "\x89");
    CHECK(result.progress == Progress::accepted);
    CHECK(result.consumed == bytes.size());
    CHECK_FALSE(result.response.headers.get("Link").has_value());
    fails(hints + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Errc::bad_status, "404");
    CHECK(answer(hints).progress == Progress::more);
    CHECK(answer(hints).response.status == 0);
    CHECK(answer(hints, true).failure.code == Errc::handshake_closed);
  }

  TEST_CASE("all heads share one budget") {
    std::string flood;
    while (flood.size() < 70000) flood += "HTTP/1.1 100 Continue\r\n\r\n";
    fails(flood, Errc::response_too_large, "65536");
  }
}

TEST_SUITE("The end of the connection and of patience") {
  TEST_CASE("a server that closes before its answer is whole") {
    CHECK(answer("", true).failure.code == Errc::handshake_closed);
    CHECK(answer("HTTP/1.1 101 Swi", true).failure.code == Errc::handshake_closed);
    const std::string bytes = switching();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK(feed(bytes.substr(0, size), bytes.size(), true, {}).failure.code ==
            Errc::handshake_closed);
    }
  }

  TEST_CASE("an end behind the answer changes nothing") {
    CHECK(answer(switching(), true).progress == Progress::accepted);
    CHECK(answer(status_line + "\r\n", true).failure.code == Errc::invalid_upgrade);
  }

  TEST_CASE("a head over the limit is refused, one at the limit is not") {
    const std::string bytes = switching();
    Limits limits;
    limits.max_response_head = bytes.size();
    CHECK(answer(bytes + "\x81", false, limits).progress == Progress::accepted);
    limits.max_response_head = bytes.size() - 1;
    const Result result = answer(bytes, false, limits);
    CHECK(result.failure.code == Errc::response_too_large);
    CHECK(contains(result.failure.message, std::to_string(bytes.size() - 1)));
    CHECK(result.response.status == 0);
  }

  TEST_CASE("nothing is taken once it is decided") {
    ClientHandshake handshake(request, {});
    std::size_t consumed = 0;
    CHECK(handshake.feed("nonsense", consumed) == Progress::failed);
    CHECK(handshake.feed(switching(), consumed) == Progress::failed);
    CHECK(consumed == 0);
    CHECK(handshake.feed_end() == Progress::failed);
    CHECK(handshake.failure().code == Errc::invalid_response);
  }
}
