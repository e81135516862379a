// Messages in more fragments than anybody needs (RFC 6455 5.4 knows no bound): their number is
// limited, and below the limit each costs the same.
#include <cstddef>
#include <string>

#include "hostile/cost.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Cost;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using hostile::repeated;
using support::RawConnection;
using support::server_frame;
using websocket::Errc;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;

// One message in that many equal fragments, of which the first is the first.
std::string message_in(std::size_t fragments, std::uint8_t opcode, std::string_view payload) {
  return server_frame(false, opcode, payload) +
         repeated(server_frame(false, 0, payload), fragments - 2) + server_frame(true, 0, payload);
}

// What it costs to receive one message in that many fragments.
Cost cost_of(Face face, const std::string& message) {
  HostileServer server([&](RawConnection& connection, const std::string& request) {
    connection.write(hostile::switching_protocols(request));
    connection.write(message);
    hostile::close_in_order(connection);
  });
  const Cost cost = hostile::visit_apart(face, server.url(), {"max_fragments=100000000"});
  CHECK(cost.messages == 1);
  CHECK(cost.errc == 0);
  CHECK(cost.code == 1000);
  return cost;
}

struct Kind {
  std::string what;
  std::uint8_t opcode;
  std::string payload;
  std::size_t count;
};

}  // namespace

TEST_SUITE("hostile servers: fragments") {
  TEST_CASE("millions of empty or 1-byte fragments: their count is limited, 1009 goes out") {
    for (const Face face : both_faces) {
      for (const std::uint8_t opcode : {std::uint8_t{1}, std::uint8_t{2}}) {
        for (const std::string payload : {"", "x"}) {
          CAPTURE(name_of(face));
          CAPTURE(payload);
          FrameServer server(message_in(2'000'000, opcode, payload));
          const auto visit = hostile::visit(face, server.url(), quick());
          check_failed(visit, Errc::too_many_fragments);
          CHECK(visit.hostile.errors.at(0).message.find("131072") != std::string::npos);
          CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
          check_farewell(server, 1009);
        }
      }
    }
  }

  TEST_CASE("fragments without end: the count stops them although the message never ends") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + server_frame(false, 2, ""));
        const std::string more = repeated(server_frame(false, 0, ""), 10'000);
        for (;;) connection.write(more);  // until the client has gone
      });
      const Cost cost = hostile::visit_apart(face, server.url());
      CHECK(cost.errc == static_cast<int>(Errc::too_many_fragments));
      CHECK(cost.messages == 0);
      CHECK(cost.resident < hostile::resident_bound(megabyte));
    }
  }

  TEST_CASE("the last fragment that is allowed, and the first that is not") {
    websocket::ConnectOptions options = quick();
    options.limits.max_fragments = 1000;
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer just_right([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) + message_in(1000, 2, ""));
        hostile::close_in_order(connection);
      });
      const auto allowed = hostile::visit(face, just_right.url(), options);
      CHECK(allowed.hostile.errors.empty());
      CHECK(allowed.hostile.texts == std::vector<std::string>{""});
      CHECK(allowed.hostile.info.code == 1000);

      FrameServer one_more(message_in(1001, 2, ""));
      check_failed(hostile::visit(face, one_more.url(), options), Errc::too_many_fragments);
      check_farewell(one_more, 1009);
    }
  }

  TEST_CASE("millions of empty or 1-byte fragments: below the limit the cost is linear") {
    const Kind kinds[] = {{"empty text", 1, "", 500'000},
                          {"empty binary", 2, "", 500'000},
                          {"text of one byte", 1, "x", 250'000},
                          {"binary of one byte", 2, "x", 250'000}};
    for (const Face face : both_faces) {
      for (const Kind& kind : kinds) {
        CAPTURE(name_of(face));
        CAPTURE(kind.what);
        const std::string once = message_in(kind.count, kind.opcode, kind.payload);
        const std::string four_times = message_in(4 * kind.count, kind.opcode, kind.payload);
        const auto growth = hostile::measure_growth([&](std::size_t factor) {
          const Cost cost = cost_of(face, factor == 1 ? once : four_times);
          CHECK(cost.bytes == factor * kind.count * kind.payload.size());
          // The message, twice while its memory grows, and twice when it is copied.
          CHECK(cost.resident < hostile::resident_bound(megabyte + 4 * cost.bytes));
          return cost.seconds;
        });
        CAPTURE(growth.once);
        CAPTURE(growth.four_times);
        CHECK(growth.is_linear());
      }
    }
  }

  TEST_CASE("20 MB in 20,000 fragments: the cost is linear") {
    for (const Face face : both_faces) {
      for (const std::uint8_t opcode : {std::uint8_t{1}, std::uint8_t{2}}) {
        CAPTURE(name_of(face));
        const std::string payload(1000, 'x');
        const std::string once = message_in(5'000, opcode, payload);
        const std::string four_times = message_in(20'000, opcode, payload);
        const auto growth = hostile::measure_growth([&](std::size_t factor) {
          const Cost cost = cost_of(face, factor == 1 ? once : four_times);
          CHECK(cost.bytes == factor * 5'000 * payload.size());
          CHECK(cost.resident < hostile::resident_bound(megabyte + 4 * cost.bytes));
          return cost.seconds;
        });
        CAPTURE(growth.once);
        CAPTURE(growth.four_times);
        CHECK(growth.is_linear());
      }
    }
  }
}
