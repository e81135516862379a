// Compressed messages that inflate to far more than they are, RFC 7692 9 (security considerations):
// the limit counts inflated bytes, while they are inflated.
#include <algorithm>
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
using hostile::inflated_size;
using hostile::name_of;
using hostile::Pieces;
using hostile::quick;
using hostile::repeated;
using support::RawConnection;
using support::server_frame;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;
constexpr std::size_t half_a_gigabyte_of_matches = (512 * megabyte) / 258 + 1;

// A compressed message in frames of at most that many bytes.
std::string in_frames(std::uint8_t opcode, const std::string& payload, std::size_t size) {
  std::string frames;
  for (std::size_t at = 0; at < payload.size(); at += size) {
    const bool fin = at + size >= payload.size();
    const auto piece = std::string_view(payload).substr(at, size);
    frames += at == 0 ? compressed_frame(fin, opcode, piece) : server_frame(fin, 0, piece);
  }
  return frames;
}

struct Kind {
  std::string what;
  std::string frames;
};

std::vector<Kind> bombs() {
  const std::string small = bomb(half_a_gigabyte_of_matches);
  return {{"binary, in one frame", compressed_frame(true, 2, small)},
          {"text, in one frame", compressed_frame(true, 1, small)},
          // Each of them inflates to 16 KiB.
          {"binary, in many fragments", in_frames(2, small, 16)},
          {"text, in fragments", in_frames(1, small, 1000)},
          {"behind messages that were none", compressed_frame(true, 1, hostile::deflated_hello) +
                                                 compressed_frame(true, 2, bomb(1000)) +
                                                 compressed_frame(true, 2, small)}};
}

ConnectOptions with_limit(std::size_t limit) {
  ConnectOptions options = quick();
  options.limits.max_message_size = limit;
  return options;
}

}  // namespace

TEST_SUITE("hostile servers: deflate bombs") {
  TEST_CASE("the bombs are what they are called: half a megabyte, and well-formed") {
    if (hostile::skip_without_deflate()) return;
    CHECK(bomb(half_a_gigabyte_of_matches).size() < 530'000);
    CHECK(inflated_size(half_a_gigabyte_of_matches) > 512 * megabyte);
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer server([&](RawConnection& connection, const std::string& request) {
        connection.write(hostile::switching_protocols(request, deflate_line()) +
                         compressed_frame(true, 1, bomb(0)) + compressed_frame(true, 2, bomb(0)) +
                         in_frames(2, bomb(100'000), 7));
        hostile::close_in_order(connection);
      });
      const auto visit = hostile::visit(face, server.url(), quick());
      CHECK(visit.hostile.errors.empty());
      CHECK(visit.hostile.texts == std::vector<std::string>(2, std::string(1, '\0')));
      CHECK(visit.hostile.bytes == 2 + inflated_size(100'000));
      CHECK(visit.hostile.info.code == 1000);
      check_usable(visit);
    }
  }

  TEST_CASE("a small compressed message inflates to gigabytes: stopped at the limit, 1009") {
    if (hostile::skip_without_deflate()) return;
    for (const Kind& kind : bombs()) {
      for (const Face face : both_faces) {
        for (const std::size_t limit : {megabyte, 64 * megabyte}) {
          CAPTURE(kind.what);
          CAPTURE(name_of(face));
          CAPTURE(limit);
          FrameServer server(kind.frames, Pieces::whole, deflate_line());
          const auto visit = hostile::visit(face, server.url(), with_limit(limit));
          check_failed(visit, Errc::message_too_big);
          CHECK(visit.hostile.errors.at(0).code == Condition::too_big);
          CHECK(visit.hostile.errors[0].message.find(std::to_string(limit)) != std::string::npos);
          CHECK(visit.hostile.texts.at(0) == "before");
          check_farewell(server, 1009);
        }
      }
    }
  }

  TEST_CASE("a small compressed message inflates to gigabytes: no more memory than the limit") {
    if (hostile::skip_without_deflate()) return;
    for (const Kind& kind : bombs()) {
      for (const Face face : both_faces) {
        for (const std::size_t limit : {megabyte, 64 * megabyte}) {
          CAPTURE(kind.what);
          CAPTURE(name_of(face));
          CAPTURE(limit);
          FrameServer server(kind.frames, Pieces::whole, deflate_line());
          const Cost cost = hostile::visit_apart(face, server.url(),
                                                 {"max_message_size=" + std::to_string(limit)});
          CHECK(cost.errc == static_cast<int>(Errc::message_too_big));
          CHECK(cost.resident < hostile::resident_bound(2 * limit + 2 * megabyte));
        }
      }
    }
  }

  TEST_CASE("a small compressed message whose end never comes is stopped at the limit as well") {
    if (hostile::skip_without_deflate()) return;
    const std::string small = bomb(half_a_gigabyte_of_matches);
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      FrameServer unfinished_frame(compressed_frame(true, 2, small).substr(0, small.size() / 2),
                                   Pieces::whole, deflate_line());
      check_failed(hostile::visit(face, unfinished_frame.url(), with_limit(megabyte)),
                   Errc::message_too_big);
      check_farewell(unfinished_frame, 1009);

      FrameServer unfinished_message(compressed_frame(false, 2, small), Pieces::whole,
                                     deflate_line());
      check_failed(hostile::visit(face, unfinished_message.url(), with_limit(megabyte)),
                   Errc::message_too_big);
      check_farewell(unfinished_message, 1009);
    }
  }

  TEST_CASE("the limit counts inflated bytes to the byte, over all fragments") {
    if (hostile::skip_without_deflate()) return;
    constexpr std::size_t matches = 4000;
    const std::string small = bomb(matches);
    for (const Face face : both_faces) {
      for (const std::size_t size : {small.size(), std::size_t{100}, std::size_t{1}}) {
        CAPTURE(name_of(face));
        CAPTURE(size);
        HostileServer allowed([&](RawConnection& connection, const std::string& request) {
          connection.write(hostile::switching_protocols(request, deflate_line()) +
                           in_frames(1, small, size));
          hostile::close_in_order(connection);
        });
        const auto visit = hostile::visit(face, allowed.url(), with_limit(inflated_size(matches)));
        CHECK(visit.hostile.errors.empty());
        CHECK(visit.hostile.bytes == inflated_size(matches));

        FrameServer refused(in_frames(1, small, size), Pieces::whole, deflate_line());
        check_failed(hostile::visit(face, refused.url(), with_limit(inflated_size(matches) - 1)),
                     Errc::message_too_big);
        check_farewell(refused, 1009);
      }
    }
  }

  TEST_CASE(
      "garbage right after the limit tripped while inflating: one error, one close, no second "
      "fault") {
    if (hostile::skip_without_deflate()) return;
    const std::string small = bomb(half_a_gigabyte_of_matches);
    const std::string first = compressed_frame(false, 2, small);
    const Kind rests[] = {
        {"all bits set", std::string(200'000, '\xff')},
        {"zeros", std::string(200'000, '\0')},
        {"more of the message", repeated(server_frame(false, 0, small), 5)},
        {"another bomb", compressed_frame(true, 2, small)},
        {"messages", repeated(compressed_frame(true, 1, hostile::deflated_hello), 1000)},
        {"pings", repeated(server_frame(true, 9, "not to be answered"), 1000)},
        {"a Close frame", server_frame(true, 8, "\x03\xe8")}};
    for (const Face face : both_faces) {
      for (const Kind& rest : rests) {
        CAPTURE(name_of(face));
        CAPTURE(rest.what);
        FrameServer server(first + rest.frames, Pieces::whole, deflate_line());
        const auto visit = hostile::visit(face, server.url(), with_limit(megabyte));
        check_failed(visit, Errc::message_too_big);
        CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
        check_farewell(server, 1009);
      }
    }
  }

  TEST_CASE("many messages that inflate to the limit: memory is that of one") {
    if (hostile::skip_without_deflate()) return;
    constexpr std::size_t matches = 16'000;  // 4 MB
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      const auto resident_of = [&](std::size_t count) {
        HostileServer server([&](RawConnection& connection, const std::string& request) {
          connection.write(hostile::switching_protocols(request, deflate_line()) +
                           repeated(compressed_frame(true, 2, bomb(matches)), count));
          hostile::close_in_order(connection);
        });
        const Cost cost = hostile::visit_apart(face, server.url());
        CHECK(cost.errc == 0);
        CHECK(cost.bytes == count * inflated_size(matches));
        return cost.resident;
      };
      const auto few = resident_of(10);
      const auto many = resident_of(40);
      CAPTURE(few);
      CHECK(many < hostile::resident_bound(4 * inflated_size(matches) + 2 * megabyte));
    }
  }
}
