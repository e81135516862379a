// Lengths that a hostile server claims, RFC 6455 5.2: "the most significant bit MUST be 0", "in all
// cases, the minimal number of bytes MUST be used to encode the length"; and 5.1: "A client MUST
// close a connection if it detects a masked frame."
#include <cstddef>
#include <limits>
#include <string>

#include "hostile/cost.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::Pieces;
using hostile::quick;
using hostile::raw;
using support::RawConnection;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

struct Row {
  std::string what;
  std::string bytes;
  Errc code;
  std::uint16_t sent;
};

// Both faces, the bytes at once and one by one; each time with payload behind the header.
void check_rows(const std::vector<Row>& rows, const ConnectOptions& options) {
  for (const Face face : both_faces) {
    for (const Row& row : rows) {
      for (const Pieces pieces : {Pieces::whole, Pieces::single_bytes}) {
        CAPTURE(row.what);
        CAPTURE(name_of(face));
        FrameServer server(row.bytes + "ten bytes!", pieces);
        const auto visit = hostile::visit(face, server.url(), options);
        check_failed(visit, row.code);
        CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
        check_farewell(server, row.sent);
      }
    }
  }
}

// A frame's header that declares a length of 64 bits.
std::string header_of(unsigned first_byte, std::uint64_t length) {
  std::string bytes = raw({first_byte, 127});
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned char>(length >> (shift - 8)));
  }
  return bytes;
}

}  // namespace

TEST_SUITE("hostile servers: lengths") {
  TEST_CASE("64-bit length with the top bit: refused at once with 1002") {
    std::vector<Row> rows;
    for (const unsigned opcode : {0x81U, 0x82U, 0x01U, 0x02U}) {
      for (const std::uint64_t length :
           {std::uint64_t{1} << 63U, (std::uint64_t{1} << 63U) + 10, ~std::uint64_t{0},
            ~std::uint64_t{0} - 13, std::uint64_t{0xfffffffffffffff6}}) {
        rows.push_back({"the top bit", header_of(opcode, length), Errc::length_out_of_range, 1002});
      }
    }
    check_rows(rows, quick());
    ConnectOptions unlimited = quick();
    unlimited.limits.max_message_size = no_limit;
    check_rows({rows.front(), rows[2]}, unlimited);
  }

  TEST_CASE("64-bit length near 2^63: over the limit, 1009") {
    const std::uint64_t top = std::uint64_t{1} << 63U;
    const Row rows[] = {
        {"2^63-1", header_of(0x82, top - 1), Errc::message_too_big, 1009},
        {"2^63-10", header_of(0x81, top - 10), Errc::message_too_big, 1009},
        {"2^62", header_of(0x02, top / 2), Errc::message_too_big, 1009},
        {"2^32", header_of(0x82, std::uint64_t{1} << 32U), Errc::message_too_big, 1009},
        {"the limit and one", header_of(0x82, 64 * megabyte + 1), Errc::message_too_big, 1009}};
    check_rows({std::begin(rows), std::end(rows)}, quick());
  }

  TEST_CASE("header + length overflowing: a fragment's length added to what came before") {
    const std::string first = support::server_frame(false, 2, std::string(100, 'x'));
    const std::uint64_t top = std::uint64_t{1} << 63U;
    check_rows(
        {{"2^63-1 behind 100", first + header_of(0x80, top - 1), Errc::message_too_big, 1009},
         {"2^63-100 behind 100", first + header_of(0x80, top - 100), Errc::message_too_big, 1009},
         {"the limit behind 100", first + header_of(0x80, 64 * megabyte), Errc::message_too_big,
          1009},
         {"2^64-100 behind 100", first + header_of(0x80, ~std::uint64_t{99}),
          Errc::length_out_of_range, 1002}},
        quick());
  }

  TEST_CASE("non-minimal lengths: refused at once with 1002") {
    check_rows({{"0 in 16 bits", raw({0x82, 126, 0, 0}), Errc::length_not_minimal, 1002},
                {"10 in 16 bits", raw({0x81, 126, 0, 10}), Errc::length_not_minimal, 1002},
                {"125 in 16 bits", raw({0x82, 126, 0, 125}), Errc::length_not_minimal, 1002},
                {"10 in 64 bits", header_of(0x82, 10), Errc::length_not_minimal, 1002},
                {"126 in 64 bits", header_of(0x82, 126), Errc::length_not_minimal, 1002},
                {"65535 in 64 bits", header_of(0x82, 65535), Errc::length_not_minimal, 1002}},
               quick());
  }

  TEST_CASE("masked frames from the server: refused at once with 1002") {
    check_rows(
        {{"text", raw({0x81, 0x80 | 5, 1, 2, 3, 4}) + "hello", Errc::masked_frame, 1002},
         {"empty", raw({0x82, 0x80, 0, 0, 0, 0}), Errc::masked_frame, 1002},
         {"ping", raw({0x89, 0x80, 1, 2, 3, 4}), Errc::masked_frame, 1002},
         {"Close", raw({0x88, 0x82, 0, 0, 0, 0, 3, 232}), Errc::masked_frame, 1002},
         {"a fragment", raw({0x01, 1, 'a', 0x80, 0x81, 0, 0, 0, 0, 'b'}), Errc::masked_frame, 1002},
         {"of 2^16", raw({0x82, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0}), Errc::masked_frame, 1002}},
        quick());
  }

  TEST_CASE("a declared 2 GiB frame with ten bytes behind it: nothing is allocated for a promise") {
    struct Promise {
      std::string what;
      std::uint64_t length;
      std::string max_message_size;
      int errc;
    };
    constexpr std::uint64_t two_gigabytes = std::uint64_t{1} << 31U;
    const Promise promises[] = {
        {"over the limit", two_gigabytes, "67108864", static_cast<int>(Errc::message_too_big)},
        {"within the limit", two_gigabytes, "4294967296", static_cast<int>(Errc::connection_lost)},
        {"2^63-1, without a limit", (std::uint64_t{1} << 63U) - 1, std::to_string(no_limit),
         static_cast<int>(Errc::connection_lost)}};
    for (const Face face : both_faces) {
      for (const Promise& promise : promises) {
        for (const std::string& beginning :
             {std::string(), support::server_frame(false, 2, std::string(1000, 'x'))}) {
          CAPTURE(name_of(face));
          CAPTURE(promise.what);
          const bool continued = !beginning.empty();
          HostileServer server([&](RawConnection& connection, const std::string& request) {
            connection.write(hostile::switching_protocols(request) + beginning +
                             header_of(continued ? 0x80 : 0x82, promise.length) + "ten bytes!");
            connection.shutdown();
            connection.wait_for_end();
          });
          const auto cost = hostile::visit_apart(face, server.url(),
                                                 {"max_message_size=" + promise.max_message_size});
          CHECK(cost.messages == 0);
          CHECK(cost.errc == promise.errc);
          CHECK(cost.resident < hostile::resident_bound(megabyte));
        }
      }
    }
  }

  TEST_CASE("a declared 2 GiB frame of which a little comes: memory for what came, not more") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request) +
                         header_of(0x82, std::uint64_t{1} << 31U));
        for (int i = 0; i < 8; ++i) connection.write(std::string(megabyte, 'x'));
        connection.shutdown();
        connection.wait_for_end();
      });
      const auto cost = hostile::visit_apart(face, server.url(), {"max_message_size=4294967296"});
      CHECK(cost.errc == static_cast<int>(Errc::connection_lost));
      CHECK(cost.resident < hostile::resident_bound(32 * megabyte));
    }
  }
}
