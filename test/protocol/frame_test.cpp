// One frame's header: decoded, judged, made.
#include "protocol/frame.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/wire.hpp"

using namespace websocket;
using namespace websocket::protocol;

namespace {

constexpr wire::Key some_key = {0xde, 0xad, 0xbe, 0xef};

// The header alone of such a frame.
std::string header_bytes(wire::Frame frame, std::uint64_t length) {
  frame.payload.clear();
  frame.announced = length;
  return wire::bytes(frame);
}

FrameHeader decoded(const std::string& bytes) {
  const auto header = decode_header(bytes);
  REQUIRE(header);
  CHECK(header->size == bytes.size());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_header(std::string_view(bytes).substr(0, size)));
  }
  const auto with_more = decode_header(bytes + "payload of the frame");
  REQUIRE(with_more);
  CHECK(with_more->size == bytes.size());
  CHECK(with_more->length == header->length);
  return *header;
}

std::optional<Errc> judged(const wire::Frame& frame, std::uint64_t length,
                           Role sender = Role::server) {
  const auto failure = check_header(decoded(header_bytes(frame, length)), sender);
  if (!failure) return std::nullopt;
  CHECK_FALSE(failure->message.empty());
  return failure->code;
}

MaskKeys counting_keys() {
  return MaskKeys([next = 0U](std::span<std::byte> into) mutable {
    for (std::byte& byte : into) byte = static_cast<std::byte>(++next * 7);
  });
}

const std::vector<std::uint64_t> lengths = {0,
                                            1,
                                            124,
                                            125,
                                            126,
                                            127,
                                            128,
                                            255,
                                            256,
                                            65534,
                                            65535,
                                            65536,
                                            65537,
                                            1U << 20U,
                                            0x7fffffff,
                                            0x80000000,
                                            0xffffffff,
                                            0x100000000,
                                            0x7fffffffffffffff};

}  // namespace

TEST_SUITE("RFC 6455 5.2: the frame header") {
  TEST_CASE("every length is read from its fewest bytes, masked and not") {
    for (const std::uint64_t length : lengths) {
      CAPTURE(length);
      const FrameHeader plain = decoded(header_bytes({.opcode = 2}, length));
      CHECK(plain.length == length);
      CHECK(plain.fin);
      CHECK_FALSE(plain.masked);
      CHECK(plain.opcode == Opcode::binary);
      CHECK(plain.size == (length < 126 ? 2 : length < 65536 ? 4 : 10));
      CHECK_FALSE(check_header(plain, Role::server));

      const FrameHeader masked = decoded(header_bytes({.opcode = 2, .key = some_key}, length));
      CHECK(masked.length == length);
      CHECK(masked.masked);
      CHECK(masked.key == some_key);
      CHECK_FALSE(check_header(masked, Role::client));
    }
  }

  TEST_CASE("all first bytes: FIN, reserved bits and opcode come out as they are") {
    for (unsigned first = 0; first < 256; ++first) {
      const FrameHeader header = decoded({static_cast<char>(first), '\0'});
      CHECK(header.fin == (first >= 128));
      CHECK(header.reserved == first / 16 % 8);
      CHECK(static_cast<unsigned>(header.opcode) == first % 16);
    }
  }

  TEST_CASE("a length that is not in its fewest bytes is a violation") {
    for (const std::uint64_t length : {0U, 1U, 5U, 124U, 125U}) {
      CAPTURE(length);
      CHECK(judged({.length = wire::Length::sixteen_bits}, length) == Errc::length_not_minimal);
      CHECK(judged({.key = some_key, .length = wire::Length::sixteen_bits}, length, Role::client) ==
            Errc::length_not_minimal);
      CHECK(judged({.opcode = 9, .length = wire::Length::sixteen_bits}, length) ==
            Errc::length_not_minimal);
    }
    for (const std::uint64_t length : {0U, 125U, 126U, 127U, 65534U, 65535U}) {
      CAPTURE(length);
      CHECK(judged({.length = wire::Length::sixty_four_bits}, length) == Errc::length_not_minimal);
      CHECK(judged({.key = some_key, .length = wire::Length::sixty_four_bits}, length,
                   Role::client) == Errc::length_not_minimal);
    }
    CHECK_FALSE(judged({.length = wire::Length::sixteen_bits}, 126));
    CHECK_FALSE(judged({.length = wire::Length::sixty_four_bits}, 65536));
  }

  TEST_CASE("a 64-bit length with its first bit set is a violation") {
    for (const std::uint64_t length :
         {0x8000000000000000U, 0x8000000000000001U, 0xfffffffffffffff0U, 0xffffffffffffffffU}) {
      CHECK(judged({}, length) == Errc::length_out_of_range);
      CHECK(judged({.key = some_key}, length, Role::client) == Errc::length_out_of_range);
    }
  }

  TEST_CASE("each reserved bit is a violation, on every opcode") {
    for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U}) {
      for (unsigned reserved = 1; reserved < 8; ++reserved) {
        CHECK(judged({.opcode = opcode, .reserved = reserved}, 3) == Errc::reserved_bits);
      }
    }
  }

  TEST_CASE("each reserved opcode is a violation") {
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
      CHECK(judged({.opcode = opcode}, 0) == Errc::reserved_opcode);
      CHECK(judged({.opcode = opcode, .key = some_key}, 5, Role::client) == Errc::reserved_opcode);
    }
    for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U})
      CHECK_FALSE(judged({.opcode = opcode}, 0));
  }
}

TEST_SUITE("RFC 6455 5.1: who masks") {
  TEST_CASE("a masked frame from the server and an unmasked one from the client are violations") {
    for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U}) {
      for (const std::uint64_t length : {0U, 1U, 125U}) {
        CHECK(judged({.opcode = opcode, .key = some_key}, length) == Errc::masked_frame);
        CHECK(judged({.opcode = opcode}, length, Role::client) == Errc::unmasked_frame);
        CHECK_FALSE(judged({.opcode = opcode}, length));
        CHECK_FALSE(judged({.opcode = opcode, .key = some_key}, length, Role::client));
      }
    }
  }
}

TEST_SUITE("RFC 6455 5.5: control frames") {
  TEST_CASE("one without FIN is a violation") {
    for (const unsigned opcode : {8U, 9U, 10U}) {
      CHECK(judged({.opcode = opcode, .fin = false}, 0) == Errc::fragmented_control);
      CHECK(judged({.opcode = opcode, .fin = false, .key = some_key}, 5, Role::client) ==
            Errc::fragmented_control);
    }
  }

  TEST_CASE("one with more than 125 bytes is a violation") {
    for (const unsigned opcode : {8U, 9U, 10U}) {
      CHECK_FALSE(judged({.opcode = opcode}, 125));
      for (const std::uint64_t length : {126U, 127U, 65535U, 65536U}) {
        CHECK(judged({.opcode = opcode}, length) == Errc::control_too_long);
      }
    }
  }

  TEST_CASE("control opcodes are those with the highest bit") {
    CHECK(is_control(Opcode::close));
    CHECK(is_control(Opcode::ping));
    CHECK(is_control(Opcode::pong));
    CHECK_FALSE(is_control(Opcode::continuation));
    CHECK_FALSE(is_control(Opcode::text));
    CHECK_FALSE(is_control(Opcode::binary));
  }
}

TEST_SUITE("RFC 6455 5.7: making frames") {
  TEST_CASE("the RFC's examples") {
    base::Buffer to;
    append_frame(to, true, Opcode::text, "Hello", nullptr);
    CHECK(to.view() == "\x81\x05Hello");
    to.clear();
    MaskKeys keys([](std::span<std::byte> into) {
      const unsigned char example[] = {0x37, 0xfa, 0x21, 0x3d};
      for (std::size_t i = 0; i < into.size(); ++i)
        into[i] = static_cast<std::byte>(example[i % 4]);
    });
    append_frame(to, true, Opcode::text, "Hello", &keys);
    CHECK(to.view() == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    to.clear();
    append_frame(to, false, Opcode::text, "Hel", nullptr);
    append_frame(to, true, Opcode::continuation, "lo", nullptr);
    CHECK(to.view() == std::string("\x01\x03Hel\x80\x02lo"));
    to.clear();
    append_frame(to, true, Opcode::ping, "Hello", nullptr);
    CHECK(to.view() == "\x89\x05Hello");
  }

  TEST_CASE("every size round its limits is made in the fewest bytes and reads back") {
    MaskKeys keys = counting_keys();
    for (const std::size_t size :
         {0U, 1U, 124U, 125U, 126U, 127U, 1000U, 65534U, 65535U, 65536U, 65537U, 200000U}) {
      CAPTURE(size);
      for (MaskKeys* const used : {static_cast<MaskKeys*>(nullptr), &keys}) {
        const std::string payload = wire::filling(size);
        base::Buffer to;
        append_frame(to, true, Opcode::binary, payload, used);
        CHECK(to.size() == frame_size(size, used != nullptr));
        const auto frames = wire::parse(to.view());
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].opcode == 2);
        CHECK(frames[0].reserved == 0);
        CHECK(frames[0].key.has_value() == (used != nullptr));
        CHECK((frames[0].payload == payload));
      }
    }
  }

  TEST_CASE("frames are appended behind what is there, each with a key of its own") {
    MaskKeys keys = counting_keys();
    base::Buffer to;
    for (int i = 0; i < 600; ++i) append_frame(to, i % 2 == 0, Opcode::text, "same", &keys);
    const auto frames = wire::parse(to.view());
    REQUIRE(frames.size() == 600);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      CHECK(frames[i].payload == "same");
      CHECK(frames[i].fin == (i % 2 == 0));
      if (i > 0) CHECK(frames[i].key != frames[i - 1].key);
    }
  }
}

TEST_SUITE("RFC 6455 5.2: the header of most messages") {
  TEST_CASE("whatever is taken for plain is what the whole rules say, and nothing wrong") {
    int plain_ones = 0;
    for (unsigned first = 0; first < 256; ++first) {
      for (unsigned second = 0; second < 256; ++second) {
        for (const std::string_view more :
             {std::string_view("\0\0", 2), std::string_view("\0\x7d", 2),
              std::string_view("\0\x7e", 2), std::string_view("\xff\xff", 2)}) {
          std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
          bytes += more;
          bytes += std::string(10, '\0');
          const auto plain = decode_plain_header(bytes);
          if (!plain) continue;
          ++plain_ones;
          const auto header = decode_header(bytes);
          REQUIRE(header);
          CHECK_FALSE(check_header(*header, Role::server));
          CHECK(header->fin);
          CHECK(header->opcode == plain.opcode);
          CHECK((plain.opcode == Opcode::text || plain.opcode == Opcode::binary));
          CHECK(header->size == plain.size);
          CHECK(header->length == plain.length);
        }
      }
    }
    // Text and binary, 126 short lengths and 4 looks at each, and the two longer ones that are as
    // short as can be.
    CHECK(plain_ones == 2 * (126 * 4 + 2));
  }

  TEST_CASE("an incomplete one is not plain yet") {
    CHECK_FALSE(decode_plain_header(""));
    CHECK_FALSE(decode_plain_header("\x81"));
    CHECK_FALSE(decode_plain_header("\x81\x7e"));
    CHECK_FALSE(decode_plain_header("\x81\x7e\x01"));
    CHECK(decode_plain_header("\x81\x7e\x01\x01"));
  }

  TEST_CASE("a short frame's size is what its header says") {
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{126}, std::size_t{70000}}) {
      for (const bool masked : {true, false}) {
        base::Buffer frame;
        MaskKeys keys = counting_keys();
        append_frame(frame, true, Opcode::text, std::string(length, 'x'), masked ? &keys : nullptr);
        const auto size = short_frame_size(frame.view());
        CHECK(size.has_value() == (length <= 125));
        if (size) CHECK(*size == frame.size());
      }
    }
  }

  TEST_CASE("a message ends with the last frame of data") {
    CHECK(ends_message('\x81'));
    CHECK(ends_message('\x80'));
    CHECK(ends_message('\xc2'));
    CHECK_FALSE(ends_message('\x01'));
    CHECK_FALSE(ends_message('\x00'));
    CHECK_FALSE(ends_message('\x89'));
  }
}
