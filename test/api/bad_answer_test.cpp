// What a server may get wrong in its answer to the opening handshake: a clear error on both faces.
#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/probe.hpp"

using api_test::both_faces;
using api_test::Face;
using api_test::quick;
using api_test::talk;
using support::RawConnection;
using support::RawServer;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;
using websocket::Stage;
using namespace std::string_literals;

namespace {

// Answers every request with these bytes and ends its side.
RawServer::Script answers(std::string bytes) {
  return [bytes = std::move(bytes)](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write(bytes);
    connection.shutdown();
    connection.wait_for_end();
  };
}

std::string switching(const std::string& accept, const std::string& more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept + "\r\n" + more + "\r\n";
}

struct Refused {
  const char* what;
  std::string answer;
  Errc code;
};

}  // namespace

TEST_SUITE("bad servers: the opening handshake") {
  TEST_CASE("an answer other than 101 has its status, headers and body in the error") {
    RawServer server(
        answers("HTTP/1.1 404 Not Found\r\nX-Why: gone\r\nContent-Length: 9\r\n\r\n"
                "not here!and more"));
    for (const Face face : both_faces) {
      const auto outcome = talk(face, server.url(), quick());
      REQUIRE(outcome.errors.size() == 1);
      const auto& error = outcome.errors[0];
      CHECK(error.code == Errc::bad_status);
      CHECK(error.code == Condition::handshake_failed);
      CHECK(error.stage == Stage::handshake);
      CHECK(error.message.find("404 Not Found") != std::string::npos);
      REQUIRE(error.response);
      CHECK(error.response->status == 404);
      CHECK(error.response->reason == "Not Found");
      CHECK(error.response->headers.get("x-why") == "gone");
      CHECK(error.response->body == "not here!");
      CHECK(outcome.exception == (face == Face::client ? "BadStatus" : ""));
      CHECK(outcome.info.code == 1006);
    }
    try {
      static_cast<void>(websocket::create_connection(server.url(), quick()));
      FAIL_CHECK("it did not throw");
    } catch (const websocket::WebSocketBadStatusException& refused) {
      CHECK(refused.response().status == 404);
    }
  }

  TEST_CASE("other answers that are not 101") {
    struct Row {
      std::string answer;
      int status;
    };
    const Row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200},
        {"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", 302},
        {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\nwho?", 401},
        {"HTTP/1.1 500 \r\n\r\n", 500},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 100000000\r\n\r\nshort", 503}};
    for (const Face face : both_faces) {
      for (const Row& row : rows) {
        CAPTURE(row.answer);
        RawServer server(answers(row.answer));
        const auto outcome = talk(face, server.url(), quick());
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Errc::bad_status);
        REQUIRE(outcome.errors[0].response);
        CHECK(outcome.errors[0].response->status == row.status);
      }
    }
  }

  TEST_CASE("a body without end is cut and hangs nothing") {
    RawServer server([](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 403 No\r\n\r\n" + std::string(10U << 20U, 'x'));
      connection.wait_for_end();
    });
    RawServer slow([](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nhalf");
      connection.wait_for_end();
    });
    for (const Face face : both_faces) {
      for (const std::string& url : {server.url(), slow.url()}) {
        const auto outcome = talk(face, url, quick());
        REQUIRE(outcome.errors.size() == 1);
        REQUIRE(outcome.errors[0].response);
        CHECK(outcome.errors[0].response->status == 403);
        CHECK(outcome.errors[0].response->body.size() <= 65536);
        CHECK_FALSE(outcome.errors[0].response->body.empty());
      }
    }
  }

  TEST_CASE("what is not the answer of RFC 6455 4.2.2 is refused, each with its own code") {
    const std::string example = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    const Refused rows[] = {
        {"nothing", "", Errc::handshake_closed},
        {"half a head", "HTTP/1.1 101 Switching Protocols\r\nUpgra", Errc::handshake_closed},
        {"garbage", "garbage\r\n\r\n", Errc::invalid_response},
        {"binary garbage", "\x16\x03\x01\x00\x05\x01"s + "\r\n\r\n", Errc::invalid_response},
        {"a frame", support::server_frame(true, 1, "hello") + "\r\n\r\n", Errc::invalid_response},
        {"SSH", "SSH-2.0-OpenSSH_9.2\r\n\r\n", Errc::invalid_response},
        {"the accept value of the RFC's example", switching(example), Errc::invalid_accept},
        {"no accept value", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
         Errc::invalid_accept},
        {"no Upgrade", "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n", Errc::invalid_upgrade},
        {"another Upgrade", "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
         Errc::invalid_upgrade},
        {"no Connection", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
         Errc::invalid_connection}};
    for (const Face face : both_faces) {
      for (const Refused& row : rows) {
        CAPTURE(row.what);
        CAPTURE(api_test::name_of(face));
        RawServer server(answers(row.answer));
        const auto outcome = talk(face, server.url(), quick());
        REQUIRE(outcome.errors.size() == 1);
        const auto& error = outcome.errors[0];
        CAPTURE(error.message);
        CHECK(error.code == row.code);
        CHECK(error.code == Condition::handshake_failed);
        CHECK(error.stage == Stage::handshake);
        CHECK(error.message.find("127.0.0.1") != std::string::npos);
        CHECK(outcome.exception == (face == Face::client ? "Protocol" : ""));
        CHECK(outcome.info.code == 1006);
      }
    }
  }

  TEST_CASE("a subprotocol or extension that was not offered is refused") {
    for (const Face face : both_faces) {
      for (const char* line :
           {"Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Extensions: x-unknown\r\n"}) {
        RawServer server([line](RawConnection& connection) {
          connection.accept_handshake(line);
          connection.wait_for_end();
        });
        const auto outcome = talk(face, server.url(), quick());
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Condition::handshake_failed);
        CHECK(outcome.exception == (face == Face::client ? "Protocol" : ""));
      }
    }
  }

  TEST_CASE("a head without end is refused at its limit") {
    const std::string lines[] = {"HTTP/1.1 " + std::string(1U << 20U, '1'),
                                 "HTTP/1.1 101 X\r\nX-Long: " + std::string(1U << 20U, 'x'), [] {
                                   std::string head = "HTTP/1.1 101 X\r\n";
                                   for (int i = 0; i < 50000; ++i)
                                     head += "X-" + std::to_string(i) + ": y\r\n";
                                   return head;
                                 }()};
    for (const Face face : both_faces) {
      for (const std::string& line : lines) {
        RawServer server(answers(line));
        const auto outcome = talk(face, server.url(), quick());
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Condition::handshake_failed);
        CHECK(outcome.errors[0].message.size() < 1000);
      }
    }
  }

  TEST_CASE("control characters of an answer do not reach the error's sentence") {
    RawServer server(answers("HTTP/1.1 404 \x1b[31mred\x07\r\nContent-Length: 0\r\n\r\n"));
    for (const Face face : both_faces) {
      const auto outcome = talk(face, server.url(), quick());
      REQUIRE(outcome.errors.size() == 1);
      CHECK(outcome.errors[0].message.find_first_of("\x1b\x07\r\n") == std::string::npos);
    }
  }
}
