// What a server may get wrong, from its answer to its last frame: a clear error on both faces, and
// the right code to the server.
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

// A script that opens, sends these bytes and tells which code came back.
struct Violator {
  explicit Violator(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
  support::Mailbox<std::uint16_t> codes;
  RawServer server{[this](RawConnection& connection) {
    connection.accept_handshake();
    connection.write(support::server_frame(true, 1, "before") + bytes_);
    for (;;) {
      const auto frame = connection.read_frame();
      if (frame.opcode != 8) continue;
      codes.push(frame.close_code());
      break;
    }
    connection.wait_for_end();
  }};
};

std::string masked_frame() {
  std::string frame = support::server_frame(true, 1, "hello");
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  return frame.insert(2, 4, '\0');
}

std::string close_frame(const std::string& payload) {
  return support::server_frame(true, 8, payload);
}

}  // namespace

TEST_SUITE("bad servers: the opening handshake") {
  TEST_CASE("an answer other than 101 has its status, headers and body in the error") {
    RawServer server(answers("HTTP/1.1 404 Not Found\r\nX-Why: gone\r\nContent-Length: 9\r\n\r\n"
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
        {"no accept value",
         "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
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
    const std::string lines[] = {
        "HTTP/1.1 " + std::string(1U << 20U, '1'),
        "HTTP/1.1 101 X\r\nX-Long: " + std::string(1U << 20U, 'x'),
        [] {
          std::string head = "HTTP/1.1 101 X\r\n";
          for (int i = 0; i < 50000; ++i) head += "X-" + std::to_string(i) + ": y\r\n";
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

TEST_SUITE("bad servers: frames") {
  TEST_CASE("a violation sends the right code, is told as what it is, and ends in 1006") {
    struct Row {
      const char* what;
      std::string bytes;
      Errc code;
      std::uint16_t sent;
    };
    const auto raw = [](std::initializer_list<unsigned> bytes) {
      std::string text;
      for (const unsigned byte : bytes) text += static_cast<char>(byte);
      return text;
    };
    const Row rows[] = {
        {"masked", masked_frame(), Errc::masked_frame, 1002},
        {"RSV1", raw({0xc1, 0}), Errc::reserved_bits, 1002},
        {"RSV3", raw({0x91, 0}), Errc::reserved_bits, 1002},
        {"opcode 3", raw({0x83, 0}), Errc::reserved_opcode, 1002},
        {"opcode 15", raw({0x8f, 0}), Errc::reserved_opcode, 1002},
        {"fragmented ping", raw({0x09, 0}), Errc::fragmented_control, 1002},
        {"ping of 126", raw({0x89, 126, 0, 126}), Errc::control_too_long, 1002},
        {"length not minimal", raw({0x81, 126, 0, 5}), Errc::length_not_minimal, 1002},
        {"length not minimal, 64 bits", raw({0x81, 127, 0, 0, 0, 0, 0, 0, 255, 255}),
         Errc::length_not_minimal, 1002},
        {"length 2^63", raw({0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0}), Errc::length_out_of_range,
         1002},
        {"length 2^64-1", raw({0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255}),
         Errc::length_out_of_range, 1002},
        {"length 2^63-1", raw({0x82, 127, 127, 255, 255, 255, 255, 255, 255, 255}),
         Errc::message_too_big, 1009},
        {"continuation of nothing", raw({0x80, 0}), Errc::unexpected_continuation, 1002},
        {"a message within a message", raw({0x01, 1, 'a', 0x81, 1, 'b'}),
         Errc::interrupted_message, 1002},
        {"a Close frame of one byte", close_frame("\x03"), Errc::invalid_close_payload, 1002},
        {"close code 0", close_frame("\0\0"s), Errc::invalid_close_code, 1002},
        {"close code 999", close_frame("\x03\xe7"), Errc::invalid_close_code, 1002},
        {"close code 1004", close_frame("\x03\xec"), Errc::invalid_close_code, 1002},
        {"close code 1005", close_frame("\x03\xed"), Errc::invalid_close_code, 1002},
        {"close code 1006", close_frame("\x03\xee"), Errc::invalid_close_code, 1002},
        {"close code 1015", close_frame("\x03\xf7"), Errc::invalid_close_code, 1002},
        {"close code 2999", close_frame("\x0b\xb7"), Errc::invalid_close_code, 1002},
        {"close code 5000", close_frame("\x13\x88"), Errc::invalid_close_code, 1002},
        {"a close reason that is not UTF-8", close_frame("\x03\xe8\xff"), Errc::invalid_utf8,
         1007},
        {"text that is not UTF-8", support::server_frame(true, 1, "\xff"), Errc::invalid_utf8,
         1007},
        {"text cut within a character", support::server_frame(true, 1, "\xe2\x82"),
         Errc::invalid_utf8, 1007},
        {"text that cannot become UTF-8", support::server_frame(false, 1, "\xed\xa0"),
         Errc::invalid_utf8, 1007},
        {"a frame that declares too much", raw({0x82, 127, 0, 0, 0, 0, 255, 0, 0, 0}),
         Errc::message_too_big, 1009},
        {"garbage after that", raw({0x82, 127, 0, 0, 0, 0, 255, 0, 0, 0}) + std::string(5000, '\xff'),
         Errc::message_too_big, 1009}};
    for (const Face face : both_faces) {
      for (const Row& row : rows) {
        CAPTURE(row.what);
        CAPTURE(api_test::name_of(face));
        Violator violator(row.bytes);
        const auto outcome = talk(face, violator.server.url(), quick());
        CHECK(outcome.texts == std::vector<std::string>{"before"});
        REQUIRE(outcome.errors.size() == 1);
        const auto& error = outcome.errors[0];
        CAPTURE(error.message);
        CHECK(error.code == row.code);
        CHECK(error.stage == Stage::open);
        CHECK(violator.codes.pop() == row.sent);
        if (face == Face::app) {
          CHECK(outcome.returned);
          CHECK(outcome.info.code == 1006);
          CHECK_FALSE(outcome.info.clean);
        } else {
          CHECK(outcome.exception == (row.sent == 1002 ? "Protocol" : "Payload"));
        }
      }
    }
  }

  TEST_CASE("limits count all fragments of a message") {
    auto options = quick();
    options.limits.max_message_size = 100;
    options.limits.max_fragments = 5;
    std::string big;
    std::string many;
    for (int i = 0; i < 3; ++i) {
      big += support::server_frame(false, i == 0 ? 2 : 0, std::string(40, 'x'));
    }
    for (int i = 0; i < 6; ++i) many += support::server_frame(false, i == 0 ? 1 : 0, "");
    for (const Face face : both_faces) {
      Violator too_big(big);
      auto outcome = talk(face, too_big.server.url(), options);
      REQUIRE(outcome.errors.size() == 1);
      CHECK(outcome.errors[0].code == Errc::message_too_big);
      CHECK(outcome.errors[0].code == Condition::too_big);
      CHECK(outcome.errors[0].message.find("100") != std::string::npos);
      CHECK(too_big.codes.pop() == 1009);

      Violator too_many(many);
      outcome = talk(face, too_many.server.url(), options);
      REQUIRE(outcome.errors.size() == 1);
      CHECK(outcome.errors[0].code == Errc::too_many_fragments);
      CHECK(outcome.errors[0].code == Condition::too_big);
      CHECK(too_many.codes.pop() == 1009);
    }
  }

  TEST_CASE("a message of exactly the limit is received, unchecked text where that is wanted") {
    auto options = quick();
    options.limits.max_message_size = 100;
    options.skip_utf8_validation = true;
    for (const Face face : both_faces) {
      RawServer server([](RawConnection& connection) {
        connection.accept_handshake();
        connection.write_frame(true, 1, std::string(100, '\xff'));
        connection.write_close(1000);
        connection.wait_for_end();
      });
      const auto outcome = talk(face, server.url(), options);
      CHECK(outcome.texts == std::vector<std::string>{std::string(100, '\xff')});
      CHECK(outcome.info.code == 1000);
    }
  }

  TEST_CASE("a link lost within a frame or within a message is Condition::closed") {
    for (const Face face : both_faces) {
      for (const std::string& bytes : {"\x81\x7e"s, "\x81\x05he"s, "\x01\x02he"s, ""s}) {
        RawServer server([&](RawConnection& connection) {
          connection.accept_handshake();
          connection.write(bytes);
        });
        const auto outcome = talk(face, server.url(), quick());
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Errc::connection_lost);
        CHECK(outcome.errors[0].code == Condition::closed);
        CHECK(outcome.info.code == 1006);
        CHECK_FALSE(outcome.info.clean);
        CHECK(outcome.exception == (face == Face::client ? "ConnectionClosed" : ""));
      }
    }
  }

  TEST_CASE("a link that is reset is Condition::closed, with the system's word for it") {
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.read_frame();  // so that the client has its answer
      connection.reset();
    });
    websocket::WebSocketApp app(server.url(), quick());
    api_test::Probe probe;
    probe.attach(app);
    app.on_open = [](websocket::WebSocketApp& self) { self.send("x"); };
    CHECK(app.run_forever());
    CHECK(probe.events() == std::vector<std::string>{"error closed", "close 1006"});
    CHECK(probe.errors.pop()->cause == std::errc::connection_reset);

    auto socket = websocket::create_connection(server.url(), quick());
    socket.send("x");
    try {
      static_cast<void>(socket.recv());
      FAIL_CHECK("it did not throw");
    } catch (const websocket::WebSocketConnectionClosedException& lost) {
      CHECK(lost.error().cause == std::errc::connection_reset);
      CHECK(lost.close_info().code == 1006);
    }
  }

  TEST_CASE("the server's code and reason come as they were sent") {
    struct Row {
      std::string payload;
      std::uint16_t code;
      std::string reason;
    };
    const Row rows[] = {{"", 1005, ""},
                        {"\x03\xe8", 1000, ""},
                        {"\x03\xf3oops", 1011, "oops"},
                        {"\x0f\xa0" + std::string(123, 'r'), 4000, std::string(123, 'r')}};
    for (const Face face : both_faces) {
      for (const Row& row : rows) {
        CAPTURE(row.code);
        Violator server(close_frame(row.payload));
        const auto outcome = talk(face, server.server.url(), quick());
        CHECK(outcome.info.code == row.code);
        CHECK(outcome.info.reason == row.reason);
        CHECK(outcome.info.by_peer);
        CHECK(outcome.info.clean);
        CHECK(outcome.errors.size() == (face == Face::app ? 0 : 1));
        CHECK_FALSE(outcome.returned);
        CHECK(server.codes.pop() == row.code);
      }
    }
  }
}
