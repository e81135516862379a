// Tokens, white space, lists and numbers of RFC 9110 5.6, and foreign bytes in sentences.
#include "base/ascii.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace websocket::base;

TEST_SUITE("RFC 9110 5.6: ASCII") {
  TEST_CASE("only ASCII letters change their case") {
    CHECK(to_lower('A') == 'a');
    CHECK(to_lower('Z') == 'z');
    CHECK(to_lower('@') == '@');
    CHECK(to_lower('[') == '[');
    CHECK(to_lower("Sec-WebSocket-Key 42 \xc3\x84") == "sec-websocket-key 42 \xc3\x84");
  }

  TEST_CASE("names are compared without regard to case") {
    CHECK(equal_ignoring_case("Upgrade", "uPGRADE"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("Upgrade", "Upgrad"));
    CHECK_FALSE(equal_ignoring_case("Upgrad", "Upgrade"));
    CHECK_FALSE(equal_ignoring_case("a@", "a`"));
  }

  TEST_CASE("spaces and tabs are trimmed, other white space is not") {
    CHECK(trim(" \t a b\t ") == "a b");
    CHECK(trim(" \t ").empty());
    CHECK(trim("").empty());
    CHECK(trim("\va\r") == "\va\r");
  }

  TEST_CASE("exactly the tchars of RFC 9110 make a token") {
    const std::string allowed =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int value = 0; value < 256; ++value) {
      const char c = static_cast<char>(value);
      CAPTURE(value);
      CHECK(is_token(std::string(1, c)) == (allowed.find(c) != std::string::npos));
    }
    CHECK(is_token(allowed));
    CHECK_FALSE(is_token(""));
    CHECK_FALSE(is_token("a b"));
  }

  TEST_CASE("controls, digits, letters and hexadecimal digits are told apart") {
    CHECK(is_control('\0'));
    CHECK(is_control('\t'));
    CHECK(is_control('\x1f'));
    CHECK(is_control('\x7f'));
    CHECK_FALSE(is_control(' '));
    CHECK_FALSE(is_control('\x80'));
    CHECK(is_non_ascii('\x80'));
    CHECK(is_non_ascii('\xff'));
    CHECK_FALSE(is_non_ascii('\x7f'));
    CHECK_FALSE(is_digit('/'));
    CHECK_FALSE(is_alpha('1'));
    CHECK(hex_value('0') == 0U);
    CHECK(hex_value('a') == 10U);
    CHECK(hex_value('F') == 15U);
    CHECK_FALSE(hex_value('g').has_value());
    CHECK_FALSE(hex_value('\xc6').has_value());
  }

  TEST_CASE("decimals are digits alone and in range") {
    CHECK(parse_decimal<std::uint16_t>("0") == std::uint16_t{0});
    CHECK(parse_decimal<std::uint16_t>("65535") == std::uint16_t{65535});
    CHECK(parse_decimal<std::uint16_t>("000080") == std::uint16_t{80});
    CHECK(parse_decimal<std::uint64_t>("18446744073709551615") ==
          std::numeric_limits<std::uint64_t>::max());
    for (const char* text :
         {"", "65536", "99999999999999999999", "-1", "+1", " 1", "1 ", "1x", "x", "0x10", "1.0"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_decimal<std::uint16_t>(text).has_value());
    }
  }

  TEST_CASE("lists are split at commas and lose empty elements") {
    using List = std::vector<std::string_view>;
    CHECK(split_list("keep-alive, Upgrade") == List{"keep-alive", "Upgrade"});
    CHECK(split_list(",a ,\t, b c,") == List{"a", "b c"});
    CHECK(split_list("one") == List{"one"});
    CHECK(split_list("").empty());
    CHECK(split_list(" , ,").empty());
  }

  TEST_CASE("foreign bytes are shown without control over the terminal") {
    CHECK(printable("HTTP/1.1 200 OK", 40) == "HTTP/1.1 200 OK");
    CHECK(printable(std::string_view("\r\n\t\x1b[31m\0\xff", 9), 40) == "\\r\\n\\t\\x1b[31m\\x00");
    CHECK(printable("\xff\x7f", 40) == "\\xff\\x7f");
    CHECK(printable("abcdef", 6) == "abcdef");
    CHECK(printable("abcdefg", 6) == "abcdef...");
    CHECK(printable("", 6).empty());
  }
}
