// Frames in one segment with the answer 101: RFC 6455 4.2.2, a server may send as soon as it has
// answered. Cut at every byte: what one read gives is chance.
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using hostile::raw;
using hostile::Seen;
using support::RawConnection;
using support::server_frame;

namespace {

// Text, binary, a ping, a message in fragments with a pong between them, a Close frame.
std::string all_frames() {
  return server_frame(true, 1, "one") + server_frame(true, 2, raw({0, 255})) +
         server_frame(true, 9, "are you there") + server_frame(false, 1, "th") +
         server_frame(true, 10, "") + server_frame(false, 0, "re") + server_frame(true, 0, "e") +
         server_frame(true, 8, raw({3, 232}) + "bye");
}

void check_all(const Seen& seen) {
  CHECK(seen.texts == std::vector<std::string>{"one", raw({0, 255}), "three"});
  CHECK(seen.errors.empty());
  CHECK(seen.ends == 1);
  CHECK(seen.info.code == 1000);
  CHECK(seen.info.reason == "bye");
  CHECK(seen.info.clean);
  CHECK(seen.info.by_peer);
}

// The client answers the ping, and then the Close frame.
void check_answers(RawConnection& connection) {
  const auto pong = connection.read_frame();
  CHECK(pong.opcode == 10);
  CHECK(pong.payload == "are you there");
  const auto close = connection.read_frame();
  CHECK(close.opcode == 8);
  CHECK(close.close_code() == 1000);
}

void wait_until_read(const HostileServer& server) {
  const support::Deadline deadline(support::default_deadline);
  while (!hostile::is_read_by_client(server.port()) && !deadline.over()) std::this_thread::yield();
}

// How long the answer with the frames is.
std::size_t length_of_it() {
  return hostile::switching_protocols("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").size() +
         all_frames().size();
}

}  // namespace

TEST_SUITE("hostile servers: glued frames") {
  TEST_CASE("frames glued to the 101 answer are not lost: all in one segment") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + all_frames());
        check_answers(connection);
      });
      const auto visit = hostile::visit(face, server.url(), quick());
      check_all(visit.hostile);
      check_usable(visit);
      CHECK(server.problems().empty());
    }
  }

  TEST_CASE("frames glued to the 101 answer are not lost: cut at every byte") {
    for (const Face face : both_faces) {
      for (std::size_t cut = 1; cut < length_of_it(); ++cut) {
        CAPTURE(name_of(face));
        CAPTURE(cut);
        HostileServer server([&](RawConnection& connection, const std::string& request) {
          const std::string bytes = hostile::switching_protocols(request) + all_frames();
          connection.write(std::string_view(bytes).substr(0, cut));
          wait_until_read(server);
          connection.write(std::string_view(bytes).substr(cut));
          check_answers(connection);
        });
        const auto visit = hostile::visit(face, server.url(), quick());
        check_all(visit.hostile);
        check_usable(visit);
        CHECK(server.problems().empty());
      }
    }
  }

  TEST_CASE("frames glued to the 101 answer are not lost: every byte by itself") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        for (const char byte : hostile::switching_protocols(request) + all_frames()) {
          connection.write({&byte, 1});
          wait_until_read(server);
        }
        check_answers(connection);
      });
      const auto visit = hostile::visit(face, server.url(), quick());
      check_all(visit.hostile);
      check_usable(visit);
      CHECK(server.problems().empty());
    }
  }

  TEST_CASE("frames glued to the 101 answer, the connection gone behind them: they are received") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + server_frame(true, 1, "one") +
                         server_frame(true, 1, "two") + "\x81");
        connection.shutdown();
        connection.wait_for_end();
      });
      const auto visit = hostile::visit(face, server.url(), quick());
      CHECK(visit.hostile.texts == std::vector<std::string>{"one", "two"});
      check_failed(visit, websocket::Errc::connection_lost);
    }
  }

  TEST_CASE("a violation glued to the 101 answer: told as what it is, with the right code") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      support::Mailbox<hostile::Farewell> farewells;
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + raw({0x83, 0}));
        farewells.push(hostile::read_farewell(connection));
      });
      check_failed(hostile::visit(face, server.url(), quick()), websocket::Errc::reserved_opcode);
      const auto farewell = farewells.pop();
      REQUIRE(farewell);
      CHECK(farewell->code() == 1002);
    }
  }
}
