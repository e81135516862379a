// The server's side of the opening handshake, alone and against the client's.
#include "protocol/server_handshake.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/client_handshake.hpp"
#include "protocol/handshake_request.hpp"

using namespace websocket;
using namespace websocket::protocol;
using Progress = ServerHandshake::Progress;

namespace {

const std::string request_line = "GET /chat HTTP/1.1\r\n";
const std::string host = "Host: server.example.com\r\n";
const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string good = request_line + host + upgrade + key + version + "\r\n";

void refused(const std::string& bytes, int status) {
  CAPTURE(bytes);
  ServerHandshake handshake;
  std::size_t consumed = 0;
  CHECK(handshake.feed(bytes, consumed) == Progress::refused);
  const std::string answer = handshake.answer("chat");
  CAPTURE(answer);
  CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  const bool upgrade_required = answer.find("Upgrade: websocket\r\n") != std::string::npos &&
                                answer.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos;
  CHECK(upgrade_required == (status == 426));
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  CHECK(body < answer.size());
  CHECK(answer.find("Content-Length: " + std::to_string(answer.size() - body) + "\r\n") !=
        std::string::npos);

  // A client reads it to its end.
  ClientHandshake client({{}, "k", {}}, {});
  CHECK(client.feed(answer, consumed) == ClientHandshake::Progress::failed);
  CHECK(client.response().status == status);
  CHECK(client.response().body == answer.substr(body));
}

}  // namespace

TEST_SUITE("RFC 6455 4.2.1: reading the client's request") {
  TEST_CASE("the RFC's example is accepted at every cut, and what follows is left alone") {
    const std::string bytes = good + "\x81\x80";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      ServerHandshake handshake;
      std::size_t first = 0;
      std::size_t second = 0;
      const Progress early = handshake.feed(std::string_view(bytes).substr(0, cut), first);
      CHECK(early == (cut < good.size() ? Progress::more : Progress::accepted));
      if (early == Progress::more) CHECK(handshake.answer().empty());
      CHECK(handshake.feed(std::string_view(bytes).substr(first), second) == Progress::accepted);
      CHECK(first + second == good.size());
      CHECK(handshake.target() == "/chat");
      CHECK(handshake.headers().get("host") == std::string_view("server.example.com"));
    }
  }

  TEST_CASE("the request is accepted byte by byte") {
    ServerHandshake handshake;
    Progress progress = Progress::more;
    std::size_t consumed = 0;
    for (const char c : good) progress = handshake.feed(std::string_view(&c, 1), consumed);
    CHECK(progress == Progress::accepted);
  }

  TEST_CASE("lists, case and a full URL as the target are fine") {
    ServerHandshake handshake;
    std::size_t consumed = 0;
    CHECK(handshake.feed("GET ws://h/x?y HTTP/1.1\r\nhost: h\r\nupgrade: a, WebSocket\r\n"
                         "connection: keep-alive, upgrade\r\n" +
                             key + version + "\r\n",
                         consumed) == Progress::accepted);
    CHECK(handshake.target() == "ws://h/x?y");
  }

  TEST_CASE("what is no GET in HTTP/1.1 is refused with 400") {
    const std::string rest = "\r\n" + host + upgrade + key + version + "\r\n";
    for (const char* line : {"POST / HTTP/1.1", "get / HTTP/1.1", "GET / HTTP/1.0",
                             "GET / HTTP/2.0", "GET /", "GET", "GET  HTTP/1.1", "GET x HTTP/1.1",
                             "GET / HTTP/1.1 ", "GET /a b HTTP/1.1", "GET / HTTP/1.11"}) {
      refused(line + rest, 400);
    }
  }

  TEST_CASE("missing or wrong fields are refused with 400, or 426 where an upgrade is wanted") {
    refused(request_line + upgrade + key + version + "\r\n", 400);
    refused(request_line + host + host + upgrade + key + version + "\r\n", 400);
    refused(request_line + host + "Upgrade: websocket\r\n" + key + version + "\r\n", 400);
    refused(request_line + host + "\r\n", 426);
    refused(request_line + host + upgrade + key + "\r\n", 426);
    refused(request_line + host + upgrade + key + "Sec-WebSocket-Version: 8\r\n\r\n", 426);
    refused(request_line + host + upgrade + key + version + version + "\r\n", 426);
    refused(request_line + host + upgrade + version + "\r\n", 400);
    refused(request_line + host + upgrade + key + key + version + "\r\n", 400);
  }

  TEST_CASE("a key that is not 16 bytes in base64 is refused") {
    for (const char* bad :
         {"", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA=",
          "AAAAAAAAAAAAAAAAAAAAAB==", "AAAAAAAAAA*AAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAA="}) {
      refused(request_line + host + upgrade + version + "Sec-WebSocket-Key: " + bad + "\r\n\r\n",
              400);
    }
  }

  TEST_CASE("what is no HTTP, or too much of it, is refused with 400") {
    refused("\x16\x03\x01", 400);
    refused(request_line + "no colon\r\n\r\n", 400);
    refused(request_line + "A: " + std::string(70000, 'x'), 400);
    ServerHandshake small(good.size() - 1);
    std::size_t consumed = 0;
    CHECK(small.feed(good, consumed) == Progress::refused);
    CHECK(small.feed(good, consumed) == Progress::refused);
    CHECK(consumed == 0);
  }
}

TEST_SUITE("RFC 6455 4.2.2: the server's answer") {
  TEST_CASE("the RFC's example") {
    ServerHandshake handshake;
    std::size_t consumed = 0;
    handshake.feed(good, consumed);
    CHECK(handshake.answer("chat") ==
          "HTTP/1.1 101 Switching Protocols\r\n"
          "Upgrade: websocket\r\n"
          "Connection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
          "Sec-WebSocket-Protocol: chat\r\n"
          "\r\n");
  }

  TEST_CASE("client and server understand one another") {
    std::array<std::byte, 16> nonce{};
    for (unsigned seed = 0; seed < 64; ++seed) {
      for (std::size_t i = 0; i < nonce.size(); ++i) {
        nonce[i] = static_cast<std::byte>((seed * 37U + i * 91U) & 0xffU);
      }
      ConnectOptions options;
      options.subprotocols = {"a", "b"};
      const auto url = std::get<Url>(parse_url("wss://u:p@[::1]:9001/{x}?y"));
      const auto request =
          std::get<HandshakeRequest>(make_handshake_request(url, options, {}, nonce));
      ServerHandshake server;
      std::size_t consumed = 0;
      CHECK(server.feed(request.bytes, consumed) == Progress::accepted);
      CHECK(consumed == request.bytes.size());
      CHECK(server.target() == "/%7Bx%7D?y");
      ClientHandshake client(request, options.limits);
      CHECK(client.feed(server.answer("b"), consumed) == ClientHandshake::Progress::accepted);
      CHECK(client.answer()->subprotocol() == "b");
    }
  }
}
