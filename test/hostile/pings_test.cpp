// A flood of pings, RFC 6455 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong
// frame(s) in response to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for
// only the most recently processed Ping frame."
#include <charconv>
#include <cstddef>
#include <string>

#include "hostile/cost.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Cost;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using support::RawConnection;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;

// 125 bytes that begin with the number.
std::string ping_payload(std::size_t number) {
  std::string payload = std::to_string(number) + " ";
  payload.resize(125, '.');
  return payload;
}

std::size_t number_of(const std::string& payload) {
  std::size_t number = 0;
  std::from_chars(payload.data(), payload.data() + payload.size(), number);
  return number;
}

// What came back for a flood.
struct Pongs {
  std::size_t count = 0;
  bool in_order = true;
  std::size_t last = 0;
};

// Sends so many pings while it reads nothing, and only then reads, up to the last one's pong.
struct Flood {
  explicit Flood(std::size_t count) : pings(count) {}

  std::size_t pings;
  support::Mailbox<Pongs> results;
  HostileServer server{[this](RawConnection& connection, const std::string& request) {
    connection.write(hostile::switching_protocols(request));
    constexpr std::size_t at_once = 1000;
    for (std::size_t sent = 0; sent < pings; sent += at_once) {
      std::string frames;
      for (std::size_t i = sent + 1; i <= sent + at_once; ++i) {
        frames += support::server_frame(true, 9, ping_payload(i));
      }
      connection.write(frames);
    }
    results.push(read_pongs(connection));
    hostile::close_in_order(connection);
  }};

  Pongs read_pongs(RawConnection& connection) const {
    Pongs pongs;
    while (pongs.last != pings) {
      const auto frame = connection.read_frame();
      const std::size_t number = number_of(frame.payload);
      pongs.in_order = pongs.in_order && frame.opcode == 10 && frame.masked &&
                       number > pongs.last && frame.payload == ping_payload(number);
      pongs.last = number;
      ++pongs.count;
    }
    return pongs;
  }
};

}  // namespace

TEST_SUITE("hostile servers: pings") {
  TEST_CASE(
      "a flood of pings while the peer reads nothing: only the latest pong is kept, memory flat") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      std::uint64_t most_of[2] = {};
      const auto growth = hostile::measure_growth([&](std::size_t factor) {
        Flood flood(factor * 50'000);
        const Cost cost = hostile::visit_apart(face, flood.server.url());
        CHECK(cost.errc == 0);
        CHECK(cost.code == 1000);
        const auto pongs = flood.results.pop();
        REQUIRE(pongs);
        CHECK(pongs->in_order);
        CHECK(pongs->last == flood.pings);
        // What the system takes until it is full, and the latest.
        CHECK(pongs->count < flood.pings);
        std::uint64_t& most = most_of[factor == 1 ? 0 : 1];
        most = std::max(most, cost.resident);
        return cost.seconds;
      });
      CAPTURE(most_of[0]);
      CHECK(most_of[0] < hostile::resident_bound(megabyte));
      CHECK(most_of[1] < hostile::resident_bound(megabyte));
      CAPTURE(growth.once);
      CAPTURE(growth.four_times);
      CHECK(growth.is_linear());
    }
  }

  TEST_CASE(
      "a flood of pings while messages wait that the peer does not read: one pong between them") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      constexpr unsigned texts = 1000;
      support::Mailbox<unsigned> results;
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request));
        for (std::size_t i = 1; i <= 100'000; ++i) {
          if (i % 1000 == 0) {
            connection.write(hostile::repeated(support::server_frame(true, 9, "ping"), 1000));
          }
        }
        unsigned received = 0;
        while (received < texts) {
          if (connection.read_frame().opcode == 1) ++received;
        }
        results.push(received);
        hostile::close_in_order(connection);
      });
      const Cost cost =
          hostile::visit_apart(face, server.url(), {"texts_to_send=" + std::to_string(texts)});
      CHECK(cost.errc == 0);
      CHECK(cost.code == 1000);
      CHECK(results.pop() == texts);
      CHECK(cost.resident < hostile::resident_bound(2 * megabyte));
    }
  }

  TEST_CASE("a flood of pongs nobody asked for costs nothing but its reading") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request));
        const std::string pongs =
            hostile::repeated(support::server_frame(true, 10, std::string(125, 'x')), 1000);
        for (int i = 0; i < 100; ++i) connection.write(pongs);
        hostile::close_in_order(connection);
      });
      const Cost cost = hostile::visit_apart(face, server.url());
      CHECK(cost.errc == 0);
      CHECK(cost.code == 1000);
      CHECK(cost.resident < hostile::resident_bound(megabyte));
    }
  }
}
