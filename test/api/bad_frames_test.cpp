// What a server may get wrong once the connection is open: a clear error on both faces, and the
// right code to the server.
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
        {"a message within a message", raw({0x01, 1, 'a', 0x81, 1, 'b'}), Errc::interrupted_message,
         1002},
        {"a Close frame of one byte", close_frame("\x03"), Errc::invalid_close_payload, 1002},
        {"close code 0", close_frame("\0\0"s), Errc::invalid_close_code, 1002},
        {"close code 999", close_frame("\x03\xe7"), Errc::invalid_close_code, 1002},
        {"close code 1004", close_frame("\x03\xec"), Errc::invalid_close_code, 1002},
        {"close code 1005", close_frame("\x03\xed"), Errc::invalid_close_code, 1002},
        {"close code 1006", close_frame("\x03\xee"), Errc::invalid_close_code, 1002},
        {"close code 1015", close_frame("\x03\xf7"), Errc::invalid_close_code, 1002},
        {"close code 2999", close_frame("\x0b\xb7"), Errc::invalid_close_code, 1002},
        {"close code 5000", close_frame("\x13\x88"), Errc::invalid_close_code, 1002},
        {"a close reason that is not UTF-8", close_frame("\x03\xe8\xff"), Errc::invalid_utf8, 1007},
        {"text that is not UTF-8", support::server_frame(true, 1, "\xff"), Errc::invalid_utf8,
         1007},
        {"text cut within a character", support::server_frame(true, 1, "\xe2\x82"),
         Errc::invalid_utf8, 1007},
        {"text that cannot become UTF-8", support::server_frame(false, 1, "\xed\xa0"),
         Errc::invalid_utf8, 1007},
        {"a frame that declares too much", raw({0x82, 127, 0, 0, 0, 0, 255, 0, 0, 0}),
         Errc::message_too_big, 1009},
        {"garbage after that",
         raw({0x82, 127, 0, 0, 0, 0, 255, 0, 0, 0}) + std::string(5000, '\xff'),
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
