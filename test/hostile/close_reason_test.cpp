// Reasons of Close frames at the edge, RFC 6455 5.5: "All control frames MUST have a payload length
// of 125 bytes or less", of which the code takes two; 5.5.1: the reason is UTF-8.
#include <optional>
#include <stdexcept>
#include <string>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using hostile::raw;
using support::RawConnection;
using support::server_frame;
using websocket::Errc;
using websocket::WebSocketApp;

namespace {

std::string close_frame(const std::string& reason) {
  return server_frame(true, 8, raw({3, 232}) + reason);
}

// So many bytes, of which the last ones are these.
std::string ending_with(const std::string& end, std::size_t size) {
  return std::string(size - end.size(), 'r') + end;
}

void check_arrives(const std::string& reason) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(reason.size());
    support::Mailbox<support::RawFrame> answers;
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(hostile::switching_protocols(request) + close_frame(reason));
      answers.push(connection.read_frame());
    });
    const auto visit = hostile::visit(face, server.url(), quick());
    CHECK(visit.hostile.errors.empty());
    CHECK(visit.hostile.ends == 1);
    CHECK(visit.hostile.info.code == 1000);
    CHECK(visit.hostile.info.reason == reason);
    CHECK(visit.hostile.info.clean);
    const auto answer = answers.pop();
    REQUIRE(answer);
    CHECK(answer->opcode == 8);
    CHECK(answer->close_code() == 1000);
    check_usable(visit);
  }
}

void check_refused(const std::string& reason, Errc code, std::uint16_t sent) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(reason.size());
    FrameServer server(close_frame(reason));
    const auto visit = hostile::visit(face, server.url(), quick());
    check_failed(visit, code);
    CHECK(visit.hostile.info.reason.empty());
    check_farewell(server, sent);
  }
}

// What the server gets of a reason that the program gives, or nothing where it was refused.
std::optional<support::RawFrame> sent_with(Face face, const std::string& reason) {
  support::Mailbox<support::RawFrame> frames;
  const support::RawServer listener([&](RawConnection& connection) {
    connection.accept_handshake();
    const auto frame = connection.read_frame();
    connection.write_close(frame.close_code());
    frames.push(frame);
  });
  bool refused = false;
  if (face == Face::app) {
    WebSocketApp app(listener.url(), quick());
    app.on_open = [&](WebSocketApp& self) {
      try {
        self.close(4000, reason);
      } catch (const std::invalid_argument&) {
        refused = true;
        self.close(4001);
      }
    };
    CHECK_FALSE(app.run_forever());
  } else {
    auto socket = websocket::create_connection(listener.url(), quick());
    try {
      const auto info = socket.close(4000, reason);
      CHECK(info.code == 4000);
    } catch (const std::invalid_argument&) {
      refused = true;
      CHECK(socket.connected());
      CHECK(socket.close(4001).code == 4001);
    }
  }
  const auto frame = frames.pop();
  REQUIRE(frame);
  CHECK(frame->opcode == 8);
  CHECK(frame->close_code() == (refused ? 4001 : 4000));
  if (refused) return std::nullopt;
  return frame;
}

}  // namespace

TEST_SUITE("hostile servers: close reasons") {
  TEST_CASE("close reason at 122 and 123 bytes: it arrives as it was sent") {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{122}, std::size_t{123}}) {
      check_arrives(std::string(size, 'r'));
    }
    for (const char* end : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x99\x82"}) {
      check_arrives(ending_with(end, 122));
      check_arrives(ending_with(end, 123));
    }
  }

  TEST_CASE("close reason at 124 bytes: a control frame that is too long, 1002") {
    check_refused(std::string(124, 'r'), Errc::control_too_long, 1002);
    check_refused(std::string(125, 'r'), Errc::control_too_long, 1002);
    check_refused(std::string(70'000, 'r'), Errc::control_too_long, 1002);
    check_refused(ending_with("\xe2\x82\xac", 124), Errc::control_too_long, 1002);
  }

  TEST_CASE("close reason of invalid UTF-8: 1007") {
    for (const char* reason :
         {"\xff", "abc\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\xaf"}) {
      check_refused(reason, Errc::invalid_utf8, 1007);
      check_refused(ending_with(reason, 123), Errc::invalid_utf8, 1007);
    }
  }

  TEST_CASE("close reason cut inside a character: 1007") {
    for (const char* end : {"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x99"}) {
      check_refused(end, Errc::invalid_utf8, 1007);
      check_refused(ending_with(end, 122), Errc::invalid_utf8, 1007);
      check_refused(ending_with(end, 123), Errc::invalid_utf8, 1007);
    }
  }

  TEST_CASE(
      "close reason of ours at 122 to 124 bytes: whole on the wire, or refused and not sent") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      for (const std::size_t size : {std::size_t{122}, std::size_t{123}}) {
        const auto plain = sent_with(face, std::string(size, 'r'));
        REQUIRE(plain);
        CHECK(plain->payload.substr(2) == std::string(size, 'r'));
        const auto euro = sent_with(face, ending_with("\xe2\x82\xac", size));
        REQUIRE(euro);
        CHECK(euro->payload.substr(2) == ending_with("\xe2\x82\xac", size));
      }
      CHECK_FALSE(sent_with(face, std::string(124, 'r')));
      CHECK_FALSE(sent_with(face, ending_with("\xe2\x82\xac", 124)));
      CHECK_FALSE(sent_with(face, "\xff"));
      CHECK_FALSE(sent_with(face, ending_with("\xe2\x82", 123)));
    }
  }
}
