// A connection that agreed on permessage-deflate: what it sends, and what it answers. RFC 7692 6.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocol/connected.hpp"
#include "protocol/zlib_peer.hpp"

using namespace protocol_test;
using namespace std::string_literals;
using protocol::DeflateAgreement;

namespace {

struct DeflatedSide : Side {
  explicit DeflatedSide(const DeflateAgreement& agreement = {}, Role own_role = Role::client)
      : Side(own_role), agreed(agreement) {
    connection.use_deflate(agreed);
  }
  const DeflateAgreement agreed;
  std::vector<wire::Frame> frames() { return wire::parse(take_output()); }
};

const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;

}  // namespace

TEST_SUITE("RFC 7692 6.1: sending compressed messages") {
  TEST_CASE("a message is compressed, masked and marked, in either role") {
    for (const Role role : {Role::client, Role::server}) {
      DeflatedSide side({}, role);
      CHECK(side.connection.send(Opcode::text, "Hello"));
      CHECK(side.connection.send(Opcode::binary, "Hello"));
      const auto frames = side.frames();
      REQUIRE(frames.size() == 2);
      CHECK(frames[0].opcode == 1);
      CHECK(frames[0].reserved == 4);
      CHECK(frames[0].fin);
      CHECK(frames[0].payload == hello);
      CHECK(frames[0].key.has_value() == (role == Role::client));
      CHECK(frames[1].opcode == 2);
      CHECK(frames[1].reserved == 4);
      CHECK(frames[1].payload == "\xf2\x00\x11\x00\x00"s);
    }
  }

  TEST_CASE("what is shorter than the threshold goes out as it is, between the others") {
    DeflatedSide side({.threshold = 6});
    zlib_peer::Decompressor peer;
    for (const char* text : {"longer than that", "short", "longer than that"}) {
      side.connection.send(Opcode::text, text);
      const auto frames = side.frames();
      REQUIRE(frames.size() == 1);
      const bool compressed = std::string_view(text).size() >= 6;
      CHECK(frames[0].reserved == (compressed ? 4 : 0));
      if (compressed) {
        CHECK(peer.message(frames[0].payload) == text);
      } else {
        CHECK(frames[0].payload == text);
      }
    }
  }

  TEST_CASE("of a message in fragments the first frame alone is marked") {
    DeflatedSide side({.threshold = 1000});
    side.connection.send(Opcode::text, "Hel", false);
    side.connection.send(Opcode::ping, "between");
    side.connection.send(Opcode::continuation, "", false);
    side.connection.send(Opcode::continuation, "lo", true);
    side.connection.send(Opcode::text, "plain", true);
    const auto frames = side.frames();
    REQUIRE(frames.size() == 5);
    CHECK(frames[0].reserved == 4);
    CHECK_FALSE(frames[0].fin);
    CHECK(frames[1].opcode == 9);
    CHECK(frames[1].reserved == 0);
    CHECK(frames[1].payload == "between");
    CHECK(frames[2].reserved == 0);
    CHECK(frames[3].reserved == 0);
    CHECK(frames[3].fin);
    CHECK(zlib_peer::Decompressor().message(frames[0].payload + frames[2].payload +
                                            frames[3].payload) == "Hello");
    CHECK(frames[4].reserved == 0);
    CHECK(frames[4].payload == "plain");
  }

  TEST_CASE("control frames are never compressed") {
    DeflatedSide side;
    side.connection.send(Opcode::ping, std::string(125, 'x'));
    side.push(side.peers_ping(std::string(100, 'y')));
    side.connection.close(1000, std::string(100, 'z'));
    for (const auto& frame : side.frames()) {
      CHECK(frame.reserved == 0);
      CHECK(frame.payload.size() >= 100);
    }
  }

  TEST_CASE("after a rest what follows refers to nothing before, and the peer understands it") {
    DeflatedSide side;
    zlib_peer::Decompressor peer;
    for (int i = 0; i < 4; ++i) {
      side.connection.send(Opcode::text, "Hello");
      const auto frames = side.frames();
      REQUIRE(frames.size() == 1);
      CHECK(frames[0].payload == (i == 2 ? hello : i == 0 ? hello : "\xf2\x00\x11\x00\x00"s));
      CHECK(peer.message(frames[0].payload) == "Hello");
      if (i == 1) side.connection.rest();
    }
  }

  TEST_CASE("a rest within a message changes nothing") {
    DeflatedSide side;
    side.connection.send(Opcode::text, "Hel", false);
    side.connection.rest();
    side.connection.send(Opcode::continuation, "lo", true);
    const auto frames = side.frames();
    REQUIRE(frames.size() == 2);
    CHECK(zlib_peer::Decompressor().message(frames[0].payload + frames[1].payload) == "Hello");

    const std::string bytes =
        side.peers({.opcode = 1, .payload = hello.substr(0, 3), .fin = false, .reserved = 4});
    side.push(bytes);
    side.connection.rest();
    side.push(side.peers({.opcode = 0, .payload = hello.substr(3)}));
    CHECK(side.take_told() == Events{"text 'Hello'"});
  }
}

TEST_SUITE("RFC 7692: a peer that breaks the rules") {
  TEST_CASE("each violation is answered with its code") {
    struct Row {
      wire::Frame frame;
      const char* close;
      Errc code;
    };
    const Row rows[] = {
        {{.opcode = 9, .reserved = 4}, "close 1002", Errc::reserved_bits},
        {{.opcode = 1, .payload = hello, .reserved = 6}, "close 1002", Errc::reserved_bits},
        {{.opcode = 1, .payload = "\xff\xff", .reserved = 4},
         "close 1007",
         Errc::invalid_deflate_data},
        {{.opcode = 1, .payload = zlib_peer::Compressor().message("\xff"), .reserved = 4},
         "close 1007",
         Errc::invalid_utf8},
        {{.opcode = 2,
          .payload = zlib_peer::Compressor().message(std::string(70'000'000, 'x')),
          .reserved = 4},
         "close 1009",
         Errc::message_too_big}};
    for (const Row& row : rows) {
      CAPTURE(row.close);
      DeflatedSide side;
      side.push(side.peers(row.frame) + side.peers_text("after"));
      side.eof();
      CHECK(side.take_told() == Events{"closing", "closed 1006" + because(row.code)});
      CHECK(side.sent() == Events{row.close});
    }
  }

  TEST_CASE("without the agreement a compressed message is a violation") {
    Side side;
    side.push(side.peers({.opcode = 1, .payload = hello, .reserved = 4}));
    CHECK(side.sent() == Events{"close 1002"});
  }
}
