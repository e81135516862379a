// Compressed messages that are wanted in pieces: inflated in steps as their bytes arrive.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "protocol/piece_ear.hpp"
#include "protocol/zlib_peer.hpp"

using namespace protocol_test;
using namespace std::string_literals;
using protocol::DeflateSide;
using protocol::Role;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;

const Case with_deflate{.deflate = DeflateSide{}};

Case limited(std::size_t size) {
  return {.limits = {.max_message_size = size}, .deflate = DeflateSide{}};
}

std::string deflated(unsigned opcode, std::string payload, bool fin = true) {
  return wire::bytes({.opcode = opcode, .payload = std::move(payload), .fin = fin, .reserved = 4});
}

const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;

}  // namespace

TEST_SUITE("compressed messages in pieces") {
  TEST_CASE("put together they are the messages, long and empty ones, and plain ones between") {
    zlib_peer::Compressor peer;
    std::string bytes;
    Events events;
    for (const std::size_t size : {100000U, 3U, 3000U, 0U, 70000U}) {
      const std::string text = wire::filling(size);
      bytes += deflated(1, peer.message(text)) + wire::binary("plain");
      events.push_back("text " + shown(text));
      events.push_back("binary 'plain'");
    }
    expect_together(bytes, events, with_deflate);
  }

  TEST_CASE("of fragmented ones too, where fragments inflate to nothing as well") {
    expect_together(deflated(1, hello.substr(0, 1), false) + wire::ping("now") +
                        wire::continuation("", false) +
                        wire::continuation(hello.substr(1, 3), false) +
                        wire::continuation(hello.substr(4), false) + wire::continuation("") +
                        deflated(1, "", false) + wire::continuation(hello) + deflated(2, "\0"s),
                    {"ping 'now'", "text 'Hello'", "text 'Hello'", "binary ''"}, with_deflate);
  }

  TEST_CASE("what inflates to much is given in steps, one byte after the other of what was read") {
    const std::string zeros(3 * megabyte, 'z');
    zlib_peer::Compressor peer;
    const std::string bytes = deflated(1, peer.message(zeros)) + wire::ping("behind it") +
                              deflated(1, peer.message("small"));
    CHECK(bytes.size() < 5000);
    expect_together(bytes, {"text " + shown(zeros), "ping 'behind it'", "text 'small'"},
                    with_deflate);
    CHECK(hear_pieces({bytes}, with_deflate).pieces.size() > zeros.size() / longest_inflated_piece);
  }

  TEST_CASE("a server that inflates in steps unmasks each byte once") {
    const std::string zeros(megabyte, 'z');
    const std::string text = zeros + wire::filling(20000) + zeros;
    const Case how{.role = Role::server, .deflate = DeflateSide{}};
    expect_together(
        wire::masked({.opcode = 1, .payload = zlib_peer::Compressor().message(text), .reserved = 4},
                     {0xff, 0x00, 0x5a, 0xc3}),
        {"text " + shown(text)}, how);
  }

  TEST_CASE("what is inflated already and was not given yet counts as not looked at") {
    PieceEar ear(with_deflate);
    std::string bytes = deflated(2, zlib_peer::Compressor().message(std::string(megabyte, 'z')));
    ear.reader.feed(bytes);
    std::size_t came = 0;
    bool ended = false;
    while (auto received = ear.reader.next()) {
      const auto& piece = std::get<protocol::FragmentReceived>(*received);
      came += piece.data.size();
      ended = piece.fin;
      CHECK(ear.reader.has_input() == !piece.fin);
      CHECK(ear.reader.between_frames() == piece.fin);
    }
    CHECK(ended);
    CHECK(came == megabyte);
  }

  TEST_CASE("behind a final block it goes on") {
    const std::string final_hello = "\xf3\x48\xcd\xc9\xc9\x07\x00"s;
    expect_together(deflated(1, final_hello + "\0"s) + deflated(1, final_hello + hello),
                    {"text 'Hello'", "text 'HelloHello'"}, with_deflate);
  }
}

TEST_SUITE("compressed messages in pieces: what is refused") {
  TEST_CASE("a bomb ends at the limit, having given no more") {
    const std::string bomb = zlib_peer::Compressor().message(std::string(8 * megabyte, 'b'));
    wire::in_every_cut(deflated(2, bomb), [&](const wire::Cuts& cuts) {
      const PieceEar ear = hear_pieces(cuts, limited(megabyte));
      REQUIRE(ear.told.failure);
      CHECK(ear.told.failure->code == Errc::message_too_big);
      CHECK(ear.unfinished.size() <= megabyte);
      CHECK(ear.unfinished.size() + longest_inflated_piece > megabyte);
      CHECK(ear.told.events.empty());
    });
  }

  TEST_CASE("the limit is exact, over all fragments") {
    for (const std::size_t size : {1000U, 70000U, 200000U}) {
      CAPTURE(size);
      const std::string text(size, 'x');
      const std::string payload = zlib_peer::Compressor().message(text);
      const std::string bytes =
          deflated(2, payload.substr(0, 3), false) + wire::continuation(payload.substr(3));
      expect_together(bytes, {"binary " + shown(text)}, limited(size));
      wire::in_every_cut(bytes, [&](const wire::Cuts& cuts) {
        const PieceEar ear = hear_pieces(cuts, limited(size - 1));
        REQUIRE(ear.told.failure);
        CHECK(ear.told.failure->code == Errc::message_too_big);
        CHECK(ear.unfinished.size() < size);
      });
    }
  }

  TEST_CASE("data that cannot be inflated, after what could") {
    zlib_peer::Compressor peer;
    const std::string good = peer.flushed("good", Z_SYNC_FLUSH);
    expect_broken(deflated(1, good + "\x07\xff"s), 2 + good.size() + 1, Errc::invalid_deflate_data,
                  "good", {}, with_deflate);
    const std::string cut = zlib_peer::Compressor().flushed("good", Z_SYNC_FLUSH);
    expect_broken(deflated(1, cut, false) + wire::continuation("\x07\xff"s), 2 + cut.size() + 2 + 1,
                  Errc::invalid_deflate_data, "good", {}, with_deflate);
  }

  TEST_CASE("text that is not UTF-8, as it is inflated, also far within a step") {
    zlib_peer::Compressor peer;
    const std::string euro = peer.flushed("\xe2\x82", Z_SYNC_FLUSH);
    expect_together(deflated(1, euro, false) + wire::continuation(peer.message("\xac")),
                    {"text '\xe2\x82\xac'"}, with_deflate);
    const std::string bad = std::string(megabyte, 'a') + "\xff" + std::string(megabyte, 'a');
    const std::string bytes = deflated(1, zlib_peer::Compressor().message(bad));
    wire::in_every_cut(bytes, [&](const wire::Cuts& cuts) {
      const PieceEar ear = hear_pieces(cuts, with_deflate);
      REQUIRE(ear.told.failure);
      CHECK(ear.told.failure->code == Errc::invalid_utf8);
      CHECK(ear.unfinished.size() <= megabyte);
    });
    wire::in_every_cut(deflated(1, zlib_peer::Compressor().message("a\xe2\x82")),
                       [&](const wire::Cuts& cuts) {
                         const PieceEar ear = hear_pieces(cuts, with_deflate);
                         REQUIRE(ear.told.failure);
                         CHECK(ear.told.failure->code == Errc::invalid_utf8);
                         CHECK(ear.told.events.empty());
                       });
  }
}
