// Compressed messages that make work rather than bytes: fragments and blocks with nothing in them, and
// data that is none. RFC 7692 7.2, RFC 1951 3.2.
#include <cstddef>
#include <string>
#include <vector>

#include "hostile/cost.hpp"
#include "hostile/deflated.hpp"
#include "hostile/expect.hpp"

using hostile::bomb;
using hostile::both_faces;
using hostile::compressed_frame;
using hostile::Cost;
using hostile::deflate_line;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::Pieces;
using hostile::quick;
using hostile::raw;
using hostile::repeated;
using support::RawConnection;
using support::server_frame;
using websocket::Condition;
using websocket::Errc;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;

// "Hello", and then as many fragments of that payload; the end is an empty block's.
std::string hello_and(std::size_t fragments, std::string_view payload) {
  return compressed_frame(false, 1, hostile::deflated_hello.substr(0, 6)) +
         repeated(server_frame(false, 0, payload), fragments) +
         server_frame(true, 0, hostile::deflated_hello.substr(6));
}

Cost cost_of(Face face, const std::string& frames) {
  HostileServer server([&](RawConnection& connection, const std::string& request) {
    connection.write(hostile::switching_protocols(request, deflate_line()));
    connection.write(frames);
    hostile::close_in_order(connection);
  });
  const Cost cost = hostile::visit_apart(
      face, server.url(), {"max_fragments=100000000", "max_message_size=1000000000"});
  CHECK(cost.errc == 0);
  CHECK(cost.code == 1000);
  return cost;
}

void check_linear(const std::string& once, const std::string& four_times) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    const auto growth = hostile::measure_growth([&](std::size_t factor) {
      const Cost cost = cost_of(face, factor == 1 ? once : four_times);
      CHECK(cost.messages == 1);
      CHECK(cost.resident < hostile::resident_bound(2 * megabyte));
      return cost.seconds;
    });
    CAPTURE(growth.once);
    CAPTURE(growth.four_times);
    CHECK(growth.is_linear());
  }
}

// RFC 1951 3.2.4 and 3.2.6: blocks that hold nothing, each of whole bytes.
struct Block {
  std::string what;
  std::string bytes;
};
const Block empty_blocks[] = {
    {"without compression", raw({0x00, 0x00, 0x00, 0xff, 0xff})},
    {"with fixed codes, and one without compression", raw({0x02, 0x00, 0x00, 0x00, 0xff, 0xff})},
    {"final, with fixed codes", raw({0x03, 0x00})},
    {"final, without compression", raw({0x01, 0x00, 0x00, 0xff, 0xff})}};

}  // namespace

TEST_SUITE("hostile servers: deflate floods") {
  TEST_CASE("millions of empty compressed fragments: their count is limited, 1009 goes out") {
    if (hostile::skip_without_deflate()) return;
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      FrameServer server(hello_and(2'000'000, ""), Pieces::whole, deflate_line());
      const auto visit = hostile::visit(face, server.url(), quick());
      check_failed(visit, Errc::too_many_fragments);
      CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
      check_farewell(server, 1009);
    }
  }

  TEST_CASE("millions of empty compressed fragments: below the limit the cost is linear") {
    if (hostile::skip_without_deflate()) return;
    check_linear(hello_and(250'000, ""), hello_and(1'000'000, ""));
  }

  TEST_CASE("millions of compressed fragments of one byte: below the limit the cost is linear") {
    if (hostile::skip_without_deflate()) return;
    // What they inflate to is the bomb's; each byte is a thousand of it.
    const auto in_bytes = [](std::size_t matches) {
      std::string frames;
      const std::string payload = bomb(matches);
      for (std::size_t i = 0; i + 1 < payload.size(); ++i) {
        frames += i == 0 ? compressed_frame(false, 2, payload.substr(0, 1))
                         : server_frame(false, 0, payload.substr(i, 1));
      }
      return frames + server_frame(true, 0, payload.substr(payload.size() - 1));
    };
    const std::string once = in_bytes(16'000);
    const std::string four_times = in_bytes(64'000);
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      const auto growth = hostile::measure_growth([&](std::size_t factor) {
        const Cost cost = cost_of(face, factor == 1 ? once : four_times);
        CHECK(cost.bytes == hostile::inflated_size(factor * 16'000));
        return cost.seconds;
      });
      CAPTURE(growth.once);
      CAPTURE(growth.four_times);
      CHECK(growth.is_linear());
    }
  }

  TEST_CASE("millions of empty compressed messages: the cost is linear, memory flat") {
    if (hostile::skip_without_deflate()) return;
    const std::string message = compressed_frame(true, 1, std::string(1, '\0'));
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      const auto growth = hostile::measure_growth([&](std::size_t factor) {
        const Cost cost = cost_of(face, repeated(message, factor * 100'000));
        CHECK(cost.messages == factor * 100'000);
        CHECK(cost.bytes == 0);
        CHECK(cost.resident < hostile::resident_bound(2 * megabyte));
        return cost.seconds;
      });
      CAPTURE(growth.once);
      CAPTURE(growth.four_times);
      CHECK(growth.is_linear());
    }
  }

  TEST_CASE("hundreds of thousands of empty blocks: the cost is linear, memory flat") {
    if (hostile::skip_without_deflate()) return;
    for (const Block& block : empty_blocks) {
      CAPTURE(block.what);
      const auto message = [&](std::size_t count) {
        return compressed_frame(true, 2, repeated(block.bytes, count) + std::string(1, '\0'));
      };
      check_linear(message(50'000), message(200'000));
    }
  }

  TEST_CASE("final blocks with a full window before them cost no more than a block without") {
    if (hostile::skip_without_deflate()) return;
    constexpr std::size_t count = 100'000;
    const auto with = [&](const Block& block) {
      // 32 KiB to refer to, and the empty block's rest, so that blocks begin with a byte.
      return compressed_frame(false, 2, bomb(127) + raw({0x00, 0x00, 0xff, 0xff})) +
             server_frame(true, 0, repeated(block.bytes, count) + std::string(1, '\0'));
    };
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      double plain = 1000;
      double final = 1000;
      for (int round = 0; round < 3; ++round) {
        plain = std::min(plain, cost_of(face, with(empty_blocks[0])).seconds);
        final = std::min(final, cost_of(face, with(empty_blocks[2])).seconds);
      }
      CAPTURE(plain);
      CAPTURE(final);
      CHECK(final < 20 * plain);
    }
  }

  TEST_CASE("compressed data that is none: 1007, one error, and the next connection works") {
    if (hostile::skip_without_deflate()) return;
    std::vector<std::string> payloads = {
        raw({0x07}),  // a kind of block there is not
        raw({0xff, 0xff, 0xff, 0xff}), raw({0x00, 0x05, 0x00, 0x00, 0x00}),  // lengths that differ
        raw({0x73, 0x04, 0x7d}),                                             // before the beginning
        raw({0x05, 0xe0, 0x81})};                                            // codes that are none
    for (const std::string& payload : payloads) {
      for (const Face face : both_faces) {
        for (const std::size_t behind : {std::size_t{0}, std::size_t{100'000}}) {
          CAPTURE(name_of(face));
          CAPTURE(behind);
          FrameServer server(compressed_frame(true, 2, payload + std::string(1, '\0')) +
                                 std::string(behind, '\xff'),
                             Pieces::whole, deflate_line());
          const auto visit = hostile::visit(face, server.url(), quick());
          REQUIRE(visit.hostile.errors.size() == 1);
          CHECK(visit.hostile.errors[0].code == Condition::payload_invalid);
          CHECK(visit.hostile.ends == 1);
          check_usable(visit);
          check_farewell(server, 1007);
        }
      }
    }
  }

  TEST_CASE("any bytes at all as compressed data: one end, the right code, no crash") {
    if (hostile::skip_without_deflate()) return;
    for (const Face face : both_faces) {
      std::uint32_t state = 20261121;
      for (int i = 0; i < 200; ++i) {
        std::string payload;
        for (std::size_t size = 1 + state % 300; size > 0; --size) {
          state = state * 1664525U + 1013904223U;
          payload += static_cast<char>(static_cast<unsigned char>(state >> 24U));
        }
        CAPTURE(name_of(face));
        CAPTURE(i);
        HostileServer server([&](RawConnection& connection, const std::string& request) {
          connection.write(hostile::switching_protocols(request, deflate_line()) +
                           compressed_frame(true, 2, payload));
          connection.write_close(1000);
          while (connection.read_frame().opcode != 8) {
          }
        });
        const auto visit = hostile::visit(face, server.url(), quick());
        CHECK(visit.hostile.ends == 1);
        CHECK(visit.hostile.errors.size() + visit.hostile.messages == 1);
        check_usable(visit);
      }
    }
  }
}
