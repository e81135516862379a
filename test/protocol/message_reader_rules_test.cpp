// What a side refuses to hear, and how early: framing, order of fragments, UTF-8, limits.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "protocol/heard.hpp"

using namespace protocol_test;
using protocol::Role;
using wire::Length;

namespace {

const std::string good = wire::text("good");
const Events good_came = {"text 'good'"};

// As the first frame, and behind others.
void refused(const std::string& frame, std::size_t header_size, Errc code, Case how = {}) {
  expect_failure(frame, header_size, code, {}, how);
  if (how.role == Role::client) {
    expect_failure(good + frame, good.size() + header_size, code, good_came, how);
  }
}

// A text message in one frame, which is refused at its `at`-th payload byte; whatever the cut, and
// as well when the character is cut by a fragment's end.
void text_refused(const std::string& payload, std::size_t at) {
  CAPTURE(payload);
  expect_failure(wire::text(payload), 2 + at, Errc::invalid_utf8);
  for (std::size_t cut = 0; cut < at; ++cut) {
    expect_failure(wire::text(payload.substr(0, cut), false) + wire::ping("between") +
                       wire::continuation(payload.substr(cut)),
                   2 + cut + wire::ping("between").size() + 2 + (at - cut), Errc::invalid_utf8,
                   {"ping 'between'"});
  }
}

}  // namespace

TEST_SUITE("RFC 6455 5.2: frames that are refused") {
  TEST_CASE("a masked frame from the server is refused at its header's end") {
    refused(wire::masked({.payload = "x"}), 6, Errc::masked_frame);
    refused(wire::masked({.opcode = 8}), 6, Errc::masked_frame);
  }

  TEST_CASE("an unmasked frame from the client is refused") {
    refused(wire::text("x"), 2, Errc::unmasked_frame, {.role = Role::server});
    refused(wire::close(1000), 2, Errc::unmasked_frame, {.role = Role::server});
  }

  TEST_CASE("reserved bits and reserved opcodes are refused") {
    for (unsigned reserved = 1; reserved < 8; ++reserved) {
      refused(wire::bytes({.payload = "x", .reserved = reserved}), 2, Errc::reserved_bits);
    }
    for (const unsigned opcode : {3U, 7U, 11U, 15U}) {
      refused(wire::bytes({.opcode = opcode, .payload = "x"}), 2, Errc::reserved_opcode);
    }
  }

  TEST_CASE("lengths that are not minimal, or have their first bit set, are refused") {
    refused(wire::bytes({.payload = "x", .length = Length::sixteen_bits}), 4,
            Errc::length_not_minimal);
    refused(wire::bytes({.payload = "x", .length = Length::sixty_four_bits}), 10,
            Errc::length_not_minimal);
    for (const std::uint64_t length : {0x8000000000000000U, 0xffffffffffffffffU}) {
      refused(wire::bytes({.announced = length}), 10, Errc::length_out_of_range);
    }
  }

  TEST_CASE("header and length together do not overflow") {
    for (const std::uint64_t length : {0x7fffffffffffffffU, 0x7ffffffffffffff0U}) {
      refused(wire::bytes({.announced = length}), 10, Errc::message_too_big);
      expect_failure(wire::text("a", false) + wire::bytes({.opcode = 0, .announced = length}), 13,
                     Errc::message_too_big);
    }
  }
}

TEST_SUITE("RFC 6455 5.4: fragments in the wrong order") {
  TEST_CASE("a continuation where no message had begun is refused") {
    refused(wire::continuation("x"), 2, Errc::unexpected_continuation);
    refused(wire::continuation("x", false), 2, Errc::unexpected_continuation);
    const std::string whole = wire::text("a", false) + wire::continuation("b");
    expect_failure(whole + wire::continuation("c"), whole.size() + 2, Errc::unexpected_continuation,
                   {"text 'ab'"});
  }

  TEST_CASE("a new message within a fragmented one is refused") {
    for (const bool fin : {true, false}) {
      expect_failure(wire::text("a", false) + wire::text("b", fin), 5, Errc::interrupted_message);
      expect_failure(wire::text("a", false) + wire::binary("b", fin), 5, Errc::interrupted_message);
      expect_failure(wire::text("a", false) + wire::ping() + wire::binary("b", fin), 7,
                     Errc::interrupted_message, {"ping ''"});
      expect_failure(wire::text("a", false) + wire::text("b", fin), 5, Errc::interrupted_message,
                     {"fragment text* 'a'"}, {.wanted = Wanted::fragments});
    }
  }
}

TEST_SUITE("RFC 6455 5.5: control frames that are refused") {
  TEST_CASE("one without FIN, or with more than 125 bytes, at its header's end") {
    for (const unsigned opcode : {8U, 9U, 10U}) {
      refused(wire::bytes({.opcode = opcode, .payload = "x", .fin = false}), 2,
              Errc::fragmented_control);
      refused(wire::bytes({.opcode = opcode, .payload = wire::filling(126)}), 4,
              Errc::control_too_long);
    }
  }
}

TEST_SUITE("RFC 6455 8.1: text that is not UTF-8") {
  TEST_CASE("it is refused at the first byte that cannot be right, before the frame ends") {
    text_refused(
        "ab\xff"
        "cdefghij",
        3);
    text_refused("\xc0\xaf ", 1);
    text_refused("\xc3(", 2);
    text_refused("\xe0\x9f\xbf ", 2);
    text_refused("\xed\xa0\x80 ", 2);
    text_refused("\xe2\x82( ", 3);
    text_refused("\xf0\x8f\xbf\xbf ", 2);
    text_refused("\xf4\x90\x80\x80 ", 2);
    text_refused("\xf5\x80\x80\x80 ", 1);
    text_refused("\xf0\x9f\x98( ", 4);
    text_refused(
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
        "edited",
        13);
    text_refused("a\x80", 2);
  }

  TEST_CASE("text that ends within a character is refused at its end") {
    text_refused("a\xc3", 2);
    text_refused("\xe2\x82", 2);
    text_refused("\xf0\x9f\x98", 3);
    expect_failure(wire::text("\xe2\x82", false) + wire::continuation(""), 6, Errc::invalid_utf8);
  }

  TEST_CASE("a frame that only announces a wrong byte's successors is refused all the same") {
    const std::string frame = wire::bytes({.payload = "ok\xff", .announced = 60000});
    expect_failure(frame, frame.size(), Errc::invalid_utf8);
  }

  TEST_CASE("a long text is refused at its wrong byte too") {
    std::string payload = wire::filling(40000);
    payload[30000] = '\xff';
    expect_failure(wire::text(payload), 4 + 30001, Errc::invalid_utf8);
  }

  TEST_CASE("a fragment may end within a character") {
    const std::string text = "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9";
    for (std::size_t first = 0; first <= text.size(); ++first) {
      for (std::size_t second = first; second <= text.size(); ++second) {
        const std::string bytes = wire::text(text.substr(0, first), false) + wire::ping() +
                                  wire::continuation(text.substr(first, second - first), false) +
                                  wire::continuation(text.substr(second));
        expect(bytes, {"ping ''", "text '" + text + "'"});
      }
    }
  }

  TEST_CASE("each message begins anew") {
    expect(wire::text("\xe2\x82\xac") + wire::binary("\xe2\x82") + wire::text("a"),
           {"text '\xe2\x82\xac'", "binary '\xe2\x82'", "text 'a'"});
  }

  TEST_CASE("it is refused within streamed fragments, after those that were right") {
    expect_failure(wire::text("a", false) + wire::continuation("b\xff"
                                                               "c"),
                   3 + 4, Errc::invalid_utf8, {"fragment text* 'a'"},
                   {.wanted = Wanted::fragments});
  }

  TEST_CASE("nobody looks where skip_utf8_validation is set") {
    expect(wire::text("\xff\xc3"), {"text '\xff\xc3'"}, {.check_utf8 = false});
  }
}

TEST_SUITE("limits") {
  TEST_CASE("a message of just the limit passes, one byte more is refused at the header") {
    const Case how{.limits = {.max_message_size = 1000}};
    const std::string fits = wire::filling(1000);
    expect(wire::binary(fits), {"binary " + shown(fits)}, how);
    refused(wire::binary(fits + "x"), 4, Errc::message_too_big, how);
    refused(wire::bytes({.announced = std::uint64_t{2} << 30U}), 10, Errc::message_too_big, how);
  }

  TEST_CASE("the limit counts all fragments of a message, and each message anew") {
    const Case how{.limits = {.max_message_size = 10}};
    const std::string whole =
        wire::text("12345", false) + wire::ping("not counted") + wire::continuation("67890");
    expect(whole + whole,
           {"ping 'not counted'", "text '1234567890'", "ping 'not counted'", "text '1234567890'"},
           how);
    expect_failure(wire::text("12345", false) + wire::continuation("678901"), 7 + 2,
                   Errc::message_too_big, {}, how);
    expect_failure(
        wire::text("12345", false) + wire::continuation("67890", false) + wire::continuation("1"),
        14 + 2, Errc::message_too_big, {"fragment text* '12345'", "fragment continuation* '67890'"},
        {.limits = {.max_message_size = 10}, .wanted = Wanted::fragments});
  }

  TEST_CASE("a limit of 0 lets empty messages through alone") {
    const Case how{.limits = {.max_message_size = 0}};
    expect(wire::text("") + wire::ping("p"), {"text ''", "ping 'p'"}, how);
    expect_failure(wire::text("x"), 2, Errc::message_too_big, {}, how);
  }

  TEST_CASE("fragments are counted, empty ones too, and each message anew") {
    const Case how{.limits = {.max_fragments = 3}};
    const std::string whole = wire::text("", false) + wire::continuation("", false) + wire::ping() +
                              wire::continuation("");
    expect(whole + whole, {"ping ''", "text ''", "ping ''", "text ''"}, how);
    expect_failure(wire::text("", false) + wire::continuation("", false) +
                       wire::continuation("", false) + wire::continuation("", true),
                   8, Errc::too_many_fragments, {}, how);
  }

  TEST_CASE("the sentence has the limit in it") {
    Ear ear(Role::client, {.max_message_size = 1234});
    ear.push(wire::binary(wire::filling(5678)));
    REQUIRE(ear.told.failure);
    CHECK(ear.told.failure->message.find("1234") != std::string::npos);
    CHECK(ear.told.failure->message.find("5678") != std::string::npos);
  }

  TEST_CASE("what is put aside grows with what has come, not with what is promised") {
    Ear ear(Role::client, {.max_message_size = std::size_t{1} << 40U});
    ear.push(
        wire::bytes({.opcode = 2, .payload = "ten bytes.", .announced = std::uint64_t{1} << 39U}));
    CHECK_FALSE(ear.told.failure);
    std::size_t came = 10;
    for (int i = 0; i < 40; ++i) {
      const std::string piece = wire::filling(20000);
      ear.push(piece);
      came += piece.size();
      CHECK(ear.reader.memory() <=
            std::max<std::size_t>(1U << 17U, came < (1U << 17U) ? 0 : 1U << 20U) + came);
    }
  }
}
