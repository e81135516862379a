// Compressing and inflating against zlib used directly.
#include "protocol/deflate.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "protocol/wire.hpp"
#include "protocol/zlib_peer.hpp"

using namespace std::string_literals;
using websocket::base::Buffer;
using websocket::base::StringBuffer;
using websocket::protocol::Deflater;
using websocket::protocol::DeflateSide;
using websocket::protocol::Inflater;

namespace {

constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

std::string compressed(Deflater& deflater, std::string_view text) {
  Buffer to;
  deflater.compress(text, true, to);
  return std::string(to.view());
}

// Nothing where it was refused.
std::optional<std::string> inflated(Inflater& inflater, std::string_view payload,
                                    std::size_t limit = no_limit) {
  StringBuffer to;
  auto result = inflater.inflate(payload, to, limit);
  if (result == Inflater::Result::ok) result = inflater.end_message(to, limit - to.size());
  if (result != Inflater::Result::ok) return std::nullopt;
  return std::string(to.view());
}

std::vector<std::string> messages() {
  return {"",
          "Hello",
          "Hello",
          "",
          "",
          wire::filling(300),
          std::string(70000, 'a'),
          wire::filling(200000),
          "Hello",
          std::string(1000, '\0'),
          wire::filling(65535, 7)};
}

}  // namespace

TEST_SUITE("RFC 7692 7.2.1: compressing") {
  TEST_CASE("zlib inflates what is made, with every window, with and without context takeover") {
    for (int bits = 8; bits <= 15; ++bits) {
      for (const bool no_context : {false, true}) {
        for (const int level : {0, 1, 6, 9}) {
          CAPTURE(bits);
          CAPTURE(no_context);
          CAPTURE(level);
          Deflater deflater(DeflateSide{no_context, bits}, level);
          zlib_peer::Decompressor peer(bits);
          for (const std::string& message : messages()) {
            const std::string payload = compressed(deflater, message);
            CHECK_FALSE(payload.empty());
            CHECK(peer.message(payload) == message);
            if (no_context) peer.reset();
          }
        }
      }
    }
  }

  TEST_CASE(
      "the example of 7.2.3.1 comes out as it stands there, and the empty message of 7.2.3.6") {
    Deflater deflater(DeflateSide{}, 6);
    CHECK(compressed(deflater, "Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
    CHECK(compressed(deflater, "Hello") == "\xf2\x00\x11\x00\x00"s);  // 7.2.3.2
    CHECK(compressed(deflater, "") == "\x00"s);
    CHECK(compressed(deflater, "") == "\x00"s);
  }

  TEST_CASE("fragments of a message are inflated one behind the other") {
    Deflater deflater(DeflateSide{}, 6);
    zlib_peer::Decompressor peer;
    for (int round = 0; round < 3; ++round) {
      std::string text;
      Buffer to;
      for (const std::size_t size : {100U, 0U, 5000U, 1U, 0U}) {
        const std::string piece = wire::filling(size);
        text += piece;
        deflater.compress(piece, false, to);
      }
      deflater.compress("", true, to);
      CHECK(peer.message(to.view()) == text);
    }
  }

  TEST_CASE("after forgetting and resting nothing refers to what was before") {
    Deflater deflater(DeflateSide{}, 6);
    for (int round = 0; round < 3; ++round) {
      CHECK(zlib_peer::Decompressor().message(compressed(deflater, wire::filling(500))) ==
            wire::filling(500));
      if (round == 0) deflater.forget();
      if (round == 1) deflater.rest();
    }
  }

  TEST_CASE("what is compressed is appended to what is there") {
    Deflater deflater(DeflateSide{}, 6);
    Buffer to;
    to.append("before");
    deflater.compress("", true, to);
    CHECK(to.view() == "before\0"s);
  }
}

TEST_SUITE("RFC 7692 7.2.2: inflating") {
  TEST_CASE("what zlib makes comes out, with every window, level and strategy") {
    for (int bits = 9; bits <= 15; ++bits) {
      for (const int level : {0, 1, 6, 9}) {
        for (const int strategy : {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
          CAPTURE(bits);
          CAPTURE(level);
          CAPTURE(strategy);
          zlib_peer::Compressor peer(bits, level, strategy);
          Inflater inflater(DeflateSide{false, bits});
          for (const std::string& message : messages()) {
            CHECK(inflated(inflater, peer.message(message)) == message);
          }
        }
      }
    }
  }

  TEST_CASE("the examples of 7.2.3") {
    Inflater inflater(DeflateSide{});
    CHECK(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    CHECK(inflated(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");  // 7.2.3.2
    CHECK(inflated(inflater, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s) ==
          "Hello");                                                             // 7.2.3.3
    CHECK(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s) == "Hello");  // 7.2.3.4
    CHECK(inflated(inflater, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s) ==
          "Hello");  // 7.2.3.5
    CHECK(inflated(inflater, "\x00"s) == "");
  }

  TEST_CASE("behind a final block what was before can still be referred to") {
    Inflater inflater(DeflateSide{});
    CHECK(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s) == "Hello");
    CHECK(inflated(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
    // A final block is the message's end as it is.
    CHECK(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    CHECK(inflated(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
  }

  TEST_CASE("the limit stops it while it inflates, and not before") {
    zlib_peer::Compressor peer;
    const std::string bomb = peer.message(std::string(50'000'000, '\0'));
    for (const std::size_t limit : {0U, 1U, 511U, 512U, 513U, 65535U, 65536U, 1'000'000U}) {
      CAPTURE(limit);
      Inflater inflater(DeflateSide{});
      StringBuffer to;
      CHECK(inflater.inflate(bomb, to, limit) == Inflater::Result::too_big);
      CHECK(to.size() <= limit);
      CHECK(to.capacity() <= 2 * limit + 70'000);
    }
    for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 65535U, 65536U}) {
      CAPTURE(size);
      peer.reset();
      const std::string payload = peer.message(std::string(size, 'x'));
      Inflater exact(DeflateSide{});
      CHECK(inflated(exact, payload, size) == std::string(size, 'x'));
      if (size == 0) continue;
      Inflater over(DeflateSide{});
      CHECK_FALSE(inflated(over, payload, size - 1));
    }
  }

  TEST_CASE("garbage, what is cut off, and what refers to nothing is refused") {
    for (const std::string& bad :
         {"\xff\xff\xff"s, "\x07"s, "\xf2\x48\xcd\xc9\xc9"s, "\xf2\x48"s, "\x00\x05\x00\xfa"s,
          "\x00\x05\x00\x00\x00hello"s, "\xf2\x00\x11\x00\x00"s, ""s}) {
      CAPTURE(bad.size());
      Inflater inflater(DeflateSide{});
      CHECK_FALSE(inflated(inflater, bad));
    }
  }

  TEST_CASE("without context takeover nothing may refer to an earlier message") {
    Inflater inflater(DeflateSide{true, 15});
    CHECK(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    inflater.rest();
    CHECK(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    CHECK_FALSE(inflated(inflater, "\xf2\x00\x11\x00\x00"s));
  }

  TEST_CASE("with context takeover resting keeps what may be referred to") {
    Inflater inflater(DeflateSide{});
    CHECK(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "Hello");
    inflater.rest();
    CHECK(inflated(inflater, "\xf2\x00\x11\x00\x00"s) == "Hello");
  }
}
