// What a hostile server sends after it has tripped a limit: RFC 6455 7.1.7, "An endpoint MUST NOT
// continue to attempt to process data (including a responding Close frame) from the remote endpoint
// after being instructed to _Fail the WebSocket Connection_."
#include <cstddef>
#include <string>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using hostile::raw;
using hostile::repeated;
using support::RawConnection;
using support::server_frame;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

struct Trip {
  std::string what;
  std::string bytes;
  Errc code;
  std::uint16_t sent;
};

struct Garbage {
  std::string what;
  std::string bytes;
};

ConnectOptions limited() {
  ConnectOptions options = quick();
  options.limits.max_message_size = 1000;
  options.limits.max_fragments = 10;
  return options;
}

std::vector<Trip> trips() {
  return {
      {"a declared length", raw({0x82, 126, 0x03, 0xe9}), Errc::message_too_big, 1009},
      {"a message in one frame", server_frame(true, 1, std::string(1001, 'x')),
       Errc::message_too_big, 1009},
      {"fragments together",
       server_frame(false, 2, std::string(600, 'x')) +
           server_frame(false, 0, std::string(600, 'x')),
       Errc::message_too_big, 1009},
      {"fragments counted", server_frame(false, 1, "") + repeated(server_frame(false, 0, ""), 10),
       Errc::too_many_fragments, 1009},
      {"text that is not UTF-8", server_frame(true, 1, "\xff"), Errc::invalid_utf8, 1007},
      {"an opcode without meaning", raw({0x83, 0}), Errc::reserved_opcode, 1002}};
}

std::vector<Garbage> garbage() {
  std::string any;
  for (unsigned i = 0; i < 200'000; ++i) any += static_cast<char>((i * 2654435761U) >> 24U);
  return {{"bytes of all kinds", any},
          {"all bits set", std::string(200'000, '\xff')},
          {"zeros", std::string(200'000, '\0')},
          {"the same again", repeated(raw({0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0}), 1000)},
          {"messages", repeated(server_frame(true, 1, "not to be seen"), 10'000)},
          {"pings", repeated(server_frame(true, 9, "not to be answered"), 10'000)},
          {"a Close frame", server_frame(true, 8, raw({3, 232}))},
          {"bad Close frames", repeated(server_frame(true, 8, "\x03"), 1000)}};
}

}  // namespace

TEST_SUITE("hostile servers: after the limit") {
  TEST_CASE("garbage right after the limit tripped: one error, one close, no second fault") {
    for (const Face face : both_faces) {
      for (const Trip& trip : trips()) {
        for (const Garbage& rest : garbage()) {
          CAPTURE(name_of(face));
          CAPTURE(trip.what);
          CAPTURE(rest.what);
          FrameServer server(trip.bytes + rest.bytes);
          const auto visit = hostile::visit(face, server.url(), limited());
          check_failed(visit, trip.code);
          CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
          check_farewell(server, trip.sent);
        }
      }
    }
  }

  TEST_CASE("garbage without end after the limit tripped: the client has enough after a while") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      support::Event gone;
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + trips().front().bytes);
        const std::string more(65536, '\xff');
        try {
          for (;;) connection.write(more);
        } catch (const support::RawError&) {
          gone.set();
        }
      });
      check_failed(hostile::visit(face, server.url(), limited()), Errc::message_too_big);
      CHECK(gone.wait());
    }
  }

  TEST_CASE("a server that neither answers nor ends after the limit tripped does not hold us") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      support::Mailbox<std::uint16_t> codes;
      support::Event over;
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + trips().front().bytes);
        codes.push(hostile::read_farewell(connection).code());
        CHECK(over.wait());
      });
      check_failed(hostile::visit(face, server.url(), limited()), Errc::message_too_big);
      over.set();
      CHECK(codes.pop() == 1009);
    }
  }
}
