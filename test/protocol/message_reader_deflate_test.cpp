// Messages that come compressed: RFC 7692 6 and 7.2, in every cut.
#include <doctest/doctest.h>

#include <string>

#include "protocol/heard.hpp"
#include "protocol/zlib_peer.hpp"

using namespace protocol_test;
using namespace std::string_literals;
using protocol::DeflateSide;

namespace {

const Case with_deflate{.deflate = DeflateSide{}};

Case limited(std::size_t max_message_size) {
  Case how = with_deflate;
  how.limits.max_message_size = max_message_size;
  return how;
}

// In every cut it fails like that; how early, depends on what zlib can tell.
void expect_refusal(std::string_view bytes, Errc code, const Case& how = with_deflate) {
  wire::in_every_cut(bytes, [&](const wire::Cuts& cuts) {
    const Told told = hear(cuts, how);
    REQUIRE(told.failure);
    CHECK(told.failure->code == code);
    CHECK_FALSE(told.failure->message.empty());
  });
}

std::string deflated(unsigned opcode, std::string payload, bool fin = true) {
  return wire::bytes({.opcode = opcode, .payload = std::move(payload), .fin = fin, .reserved = 4});
}

const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;

}  // namespace

TEST_SUITE("RFC 7692 6.2: receiving compressed messages") {
  TEST_CASE("a compressed message comes out inflated, and an uncompressed one as it is") {
    expect(deflated(1, hello) + wire::text("plain") + deflated(2, "\xf2\x00\x11\x00\x00"s) +
               deflated(1, "\0"s),
           {"text 'Hello'", "text 'plain'", "binary 'Hello'", "text ''"}, with_deflate);
  }

  TEST_CASE("a long message, and many that share a window") {
    zlib_peer::Compressor peer;
    std::string bytes;
    Events events;
    for (const std::size_t size : {100000U, 3U, 3000U, 3000U, 0U, 70000U}) {
      const std::string text = wire::filling(size);
      bytes += deflated(1, peer.message(text));
      events.push_back("text " + shown(text));
    }
    expect(bytes, events, with_deflate);
  }

  TEST_CASE("what a message inflates to earns no belief in what is announced") {
    constexpr std::size_t long_size = std::size_t{3} << 20U;
    zlib_peer::Compressor peer;
    Ear ear;
    ear.reader.use_deflate(DeflateSide{});
    ear.push(deflated(1, peer.message(std::string(long_size, 'x'))));
    REQUIRE(ear.told.events.size() == 1);
    ear.push(wire::bytes({.opcode = 2, .payload = std::string(100, 'x'), .announced = long_size}));
    CHECK(ear.reader.memory() < 200'000);
  }

  TEST_CASE("a compressed message in fragments, with pings between and empty ones") {
    const std::string bytes = deflated(1, hello.substr(0, 2), false) + wire::ping("now") +
                              wire::continuation("", false) +
                              wire::continuation(hello.substr(2, 1), false) +
                              wire::continuation(hello.substr(3), false) + wire::continuation("");
    expect(bytes, {"ping 'now'", "text 'Hello'"}, with_deflate);
    expect(deflated(1, "", false) + wire::continuation(hello), {"text 'Hello'"}, with_deflate);
  }

  TEST_CASE("fragments can be had as they come, inflated") {
    zlib_peer::Compressor peer;
    const std::string first = peer.flushed("Hello, ", Z_SYNC_FLUSH);
    const std::string last = peer.message("world");
    expect(deflated(1, first, false) + wire::continuation(last) + wire::text("x"),
           {"fragment text* 'Hello, '", "fragment continuation 'world'", "text 'x'"},
           {.wanted = Wanted::fragments, .deflate = DeflateSide{}});
  }

  TEST_CASE("text is checked as it is inflated, over all fragments") {
    zlib_peer::Compressor peer;
    expect_refusal(deflated(1, peer.message("a\xff")), Errc::invalid_utf8);
    peer.reset();
    expect_refusal(deflated(1, peer.message("\xe2\x82")), Errc::invalid_utf8);
    peer.reset();
    expect(deflated(2, peer.message("\xe2\x82")), {"binary '\xe2\x82'"}, with_deflate);
    peer.reset();
    const std::string euro = peer.flushed("\xe2\x82", Z_SYNC_FLUSH);
    expect(deflated(1, euro, false) + wire::continuation(peer.message("\xac")),
           {"text '\xe2\x82\xac'"}, with_deflate);
  }
}

TEST_SUITE("RFC 7692: the same in every cut") {
  TEST_CASE("text that is not UTF-8 is told before the limit it goes on to break, and bad data") {
    expect_refusal(deflated(1, zlib_peer::Compressor().message("\xff" + std::string(2000, 'x'))),
                   Errc::invalid_utf8, limited(1000));
    expect_refusal(deflated(1, zlib_peer::Compressor().flushed("\xff", Z_SYNC_FLUSH) + "\x07"),
                   Errc::invalid_utf8);
  }

  TEST_CASE("a message without a byte is no compressed message, also behind a final block") {
    expect_refusal(deflated(1, ""), Errc::invalid_deflate_data);
    expect_refusal(deflated(1, "\xf3\x48\xcd\xc9\xc9\x07\x00"s) + deflated(1, ""),
                   Errc::invalid_deflate_data);
    // Here the tail completes the final block.
    expect(deflated(1, "\x01") + deflated(1, hello), {"text ''", "text 'Hello'"}, with_deflate);
    expect_refusal(deflated(1, "\x01") + deflated(1, ""), Errc::invalid_deflate_data);
  }
}

TEST_SUITE("RFC 7692 6.1: the Per-Message Compressed bit") {
  TEST_CASE("it stands on the first frame of a data message alone") {
    for (const unsigned opcode : {0U, 8U, 9U, 10U}) {
      CAPTURE(opcode);
      expect_refusal(deflated(1, hello, false) + deflated(opcode, ""), Errc::reserved_bits);
    }
  }

  TEST_CASE("the other reserved bits stay reserved") {
    for (const unsigned reserved : {1U, 2U, 3U, 5U, 6U, 7U}) {
      CAPTURE(reserved);
      expect_refusal(wire::bytes({.opcode = 1, .payload = hello, .reserved = reserved}),
                     Errc::reserved_bits);
    }
  }
}

TEST_SUITE("RFC 7692: limits and bad data") {
  TEST_CASE("the limit counts what was inflated, over all fragments") {
    for (const bool fits : {true, false}) {
      CAPTURE(fits);
      zlib_peer::Compressor peer;
      const std::string text(fits ? 1000 : 1001, 'x');
      std::string payload = peer.message(text);
      const std::string bytes =
          deflated(2, payload.substr(0, 3), false) + wire::continuation(payload.substr(3));
      if (fits) {
        expect(bytes, {"binary " + shown(text)}, limited(1000));
      } else {
        expect_refusal(bytes, Errc::message_too_big, limited(1000));
      }
    }
  }

  TEST_CASE("what many fragments add on the wire is not held against their message") {
    zlib_peer::Compressor peer;
    std::string bytes;
    const std::string text = wire::filling(900);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::string piece = peer.flushed(text.substr(i, 1), Z_SYNC_FLUSH);
      bytes += i == 0 ? deflated(1, piece, false) : wire::continuation(piece, false);
    }
    bytes += wire::continuation(std::string(1, '\0'));
    CHECK(bytes.size() > 5000);
    expect(bytes, {"text " + shown(text)}, limited(1000));
  }

  TEST_CASE("a message of noise as long as the limit fits, though it is longer on the wire") {
    zlib_peer::Compressor peer(15, 0);
    const std::string noise = wire::filling(4000);
    const std::string payload = peer.message(noise);
    CHECK(payload.size() > 4000);
    expect(deflated(2, payload), {"binary " + shown(noise)}, limited(4000));
    expect_refusal(wire::bytes({.opcode = 2, .reserved = 4, .announced = std::uint64_t{1} << 40U}),
                   Errc::message_too_big, limited(4000));
  }

  TEST_CASE("what cannot be inflated fails with 1007's reason") {
    expect_refusal(deflated(1, "\xff\xff"), Errc::invalid_deflate_data);
    expect_refusal(deflated(1, hello.substr(0, 3)), Errc::invalid_deflate_data);
    expect_refusal(deflated(1, hello) + deflated(1, "\xf2\x00\x11\x00\x00"s),
                   Errc::invalid_deflate_data, {.deflate = DeflateSide{true, 15}});
  }
}
