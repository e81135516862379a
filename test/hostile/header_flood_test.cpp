// Answers to the opening handshake that do not come to an end: a budget, linear time below it, and a
// clear error. RFC 9112 2-5, RFC 9110 15.2 (interim answers), RFC 6455 4.1.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "hostile/cost.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Cost;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using hostile::repeated;
using support::RawConnection;
using websocket::Condition;
using websocket::Errc;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;
constexpr const char* enough = "max_response_head=1000000000";

// An answer's beginning, and what follows again and again until the client has gone.
struct Flood {
  std::string what;
  std::string beginning;
  std::string more;
};

void pour(RawConnection& connection, const Flood& flood) {
  connection.write(flood.beginning);
  std::string much = flood.more;
  while (much.size() < 65536) much += flood.more;
  for (;;) connection.write(much);
}

const Flood head_floods[] = {
    {"an endless status line", "HTTP/1.1 101 ", "y"},
    {"an endless value", "HTTP/1.1 101 Switching Protocols\r\nX-Long: ", "x"},
    {"an endless name", "HTTP/1.1 101 Switching Protocols\r\n", "x"},
    {"endless white space", "HTTP/1.1 101 Switching Protocols\r\nX:", " \t"},
    {"endless headers", "HTTP/1.1 101 Switching Protocols\r\n", "X-Header: value\r\n"},
    {"endless short headers", "HTTP/1.1 101 Switching Protocols\r\n", "a:\n"},
    {"endless headers of a refusal", "HTTP/1.1 503 Busy\r\n", "X-Header: value\r\n"},
    {"endless 1xx answers", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
    {"endless short 1xx answers", "", "HTTP/1.1 100 \r\n\r\n"}};

const Flood body_floods[] = {
    {"an endless body", "HTTP/1.1 503 Busy\r\n\r\n", "x"},
    {"a body of 2^62 bytes", "HTTP/1.1 503 Busy\r\nContent-Length: 4611686018427387904\r\n\r\n",
     "x"},
    {"endless chunks", "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
    {"an endless chunk size", "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n", "0"},
    {"a chunk of 2^63 bytes",
     "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", "x"}};

// The rest of an answer 101 whose head begins with those lines.
std::string accepted(const std::string& request, const std::string& lines) {
  return hostile::switching_protocols(request, lines);
}

// Lines of an answer, and what it comes to.
struct Lines {
  std::string name;
  std::string piece;
  std::optional<Errc> refused_with{};
};

void check_linear(const std::function<std::string(std::size_t factor)>& more_lines,
                  const std::string& interim, std::size_t interims,
                  std::optional<Errc> refused_with = {}) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    const auto growth = hostile::measure_growth([&](std::size_t factor) {
      const std::string lines = more_lines(factor);
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(repeated(interim, factor * interims));
        connection.write(accepted(request, lines));
        hostile::close_in_order(connection);
      });
      const Cost cost = hostile::visit_apart(face, server.url(), {enough});
      CHECK(cost.errc == (refused_with ? static_cast<int>(*refused_with) : 0));
      CHECK(cost.code == (refused_with ? 1006 : 1000));
      return cost.seconds;
    });
    CAPTURE(growth.once);
    CAPTURE(growth.four_times);
    CHECK(growth.is_linear());
  }
}

}  // namespace

TEST_SUITE("hostile servers: header floods") {
  TEST_CASE("header floods without end: a budget, and a clear error") {
    for (const Face face : both_faces) {
      for (const Flood& flood : head_floods) {
        CAPTURE(name_of(face));
        CAPTURE(flood.what);
        HostileServer server(
            [&](RawConnection& connection, const std::string&) { pour(connection, flood); });
        const auto visit = hostile::visit(face, server.url(), quick());
        check_failed(visit, Errc::response_too_large);
        const auto& error = visit.hostile.errors.at(0);
        CHECK(error.code == Condition::handshake_failed);
        CHECK(error.message.find("65536 bytes") != std::string::npos);
        CHECK(error.message.size() < 200);
      }
    }
  }

  TEST_CASE("header floods without end: no more memory than the budget") {
    for (const Face face : both_faces) {
      for (const Flood& flood : head_floods) {
        CAPTURE(name_of(face));
        CAPTURE(flood.what);
        HostileServer server(
            [&](RawConnection& connection, const std::string&) { pour(connection, flood); });
        const Cost cost = hostile::visit_apart(face, server.url());
        CHECK(cost.errc == static_cast<int>(Errc::response_too_large));
        // Short headers cost what a field of strings costs, each: 64 bytes and the list's growth.
        CHECK(cost.resident < hostile::resident_bound(6 * megabyte));
      }
    }
  }

  TEST_CASE("the body of a refusal without end: 64 KiB of it are kept, and the refusal is told") {
    for (const Face face : both_faces) {
      for (const Flood& flood : body_floods) {
        CAPTURE(name_of(face));
        CAPTURE(flood.what);
        HostileServer server(
            [&](RawConnection& connection, const std::string&) { pour(connection, flood); });
        const auto visit = hostile::visit(face, server.url(), quick());
        check_failed(visit, Errc::bad_status);
        REQUIRE(visit.hostile.errors.at(0).response);
        CHECK(visit.hostile.errors[0].response->status == 503);
        CHECK(visit.hostile.errors[0].response->body.size() <= 65536);

        const Cost cost = hostile::visit_apart(face, server.url());
        CHECK(cost.errc == static_cast<int>(Errc::bad_status));
        CHECK(cost.resident < hostile::resident_bound(megabyte));
      }
    }
  }

  TEST_CASE("10,000 headers: over the budget they are refused") {
    std::string headers;
    for (int i = 0; i < 10'000; ++i) headers += "X-Header-" + std::to_string(i) + ": value\r\n";
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(accepted(request, headers));
        connection.wait_for_end();
      });
      check_failed(hostile::visit(face, server.url(), quick()), Errc::response_too_large);
    }
  }

  TEST_CASE("10,000 headers: below the budget the cost is linear") {
    check_linear(
        [](std::size_t factor) {
          std::string headers;
          for (std::size_t i = 0; i < factor * 10'000; ++i) {
            headers += "X-Header-" + std::to_string(i) + ": value\r\n";
          }
          return headers;
        },
        "", 0);
  }

  TEST_CASE("a header of one name 10,000 times: below the budget the cost is linear") {
    const Lines rows[] = {{"X: ", "\r\n"},
                          {"Connection: ", "keep-alive\r\n"},
                          {"Upgrade: ", "websocket\r\n", Errc::invalid_upgrade},
                          {"Sec-WebSocket-Extensions: ", "x\r\n", Errc::unexpected_extension},
                          {"Sec-WebSocket-Protocol: ", "x\r\n", Errc::unexpected_subprotocol}};
    for (const Lines& row : rows) {
      CAPTURE(row.name);
      check_linear(
          [&](std::size_t factor) { return repeated(row.name + row.piece, factor * 10'000); }, "",
          0, row.refused_with);
    }
  }

  TEST_CASE("a long line, and a list of many commas: below the budget the cost is linear") {
    const Lines rows[] = {
        {"X-Long: ", "xx"},
        {"Connection: ", ", "},
        {"Upgrade: ", ", ", Errc::invalid_upgrade},
        {"Sec-WebSocket-Extensions: ", ", ", Errc::unexpected_extension},
        {"Sec-WebSocket-Extensions: permessage-deflate", "; x", Errc::unexpected_extension}};
    for (const Lines& row : rows) {
      CAPTURE(row.name);
      check_linear(
          [&](std::size_t factor) {
            return row.name + repeated(row.piece, factor * 200'000) + "\r\n";
          },
          "", 0, row.refused_with);
    }
  }

  TEST_CASE("a header folded 10,000 times: below the budget the cost is linear") {
    check_linear(
        [](std::size_t factor) { return "X: y\r\n" + repeated(" z\r\n", factor * 10'000); }, "", 0);
  }

  TEST_CASE("10,000 1xx answers: below the budget the cost is linear") {
    check_linear([](std::size_t) { return std::string(); }, "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n",
                 10'000);
  }

  TEST_CASE("an answer one byte at a time: below the budget the cost is linear") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      const auto seconds = [&](std::size_t factor) {
        HostileServer server([&](RawConnection& connection, const std::string& request) {
          const std::string answer =
              accepted(request, "X-Long: " + std::string(factor * 5'000, 'x') + "\r\n" +
                                    repeated("a: b\r\n", factor * 1'000));
          for (const char byte : answer) connection.write({&byte, 1});
          hostile::close_in_order(connection);
        });
        const Cost cost = hostile::visit_apart(face, server.url(), {enough});
        CHECK(cost.errc == 0);
        CHECK(cost.code == 1000);
        return cost.seconds;
      };
      // How many bytes a read gives is chance: the worst of one is held against the best of the other.
      double once = 0;
      double four_times = std::numeric_limits<double>::max();
      for (int round = 0; round < 3; ++round) {
        once = std::max(once, seconds(1));
        four_times = std::min(four_times, seconds(4));
      }
      CAPTURE(once);
      CAPTURE(four_times);
      CHECK(four_times < 8 * once);
    }
  }

  TEST_CASE("an answer one byte at a time that never ends is cut off at ConnectOptions::timeout") {
    websocket::ConnectOptions options = quick();
    options.timeout = std::chrono::milliseconds(300);
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string&) {
        connection.write("HTTP/1.1 101 Switching Protocols\r\nX-Long: ");
        for (;;) {
          connection.write("x");  // ends the script where the client has gone
          try {
            if (connection.read_some(std::chrono::milliseconds(20)).empty()) return;
          } catch (const support::RawError&) {
            // It is still there, and has nothing to say.
          }
        }
      });
      check_failed(hostile::visit(face, server.url(), options), Errc::connect_timeout);
    }
  }
}
