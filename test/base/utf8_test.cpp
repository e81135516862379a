// Which bytes are UTF-8, in every cut, and how early it is told that they are not.
#include "base/utf8.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace websocket::base;

namespace {

std::string encode(std::uint32_t point) {
  const auto tail = [point](unsigned shift) {
    return static_cast<char>(0x80U | ((point >> shift) & 0x3fU));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0U | (point >> 6U)), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0U | (point >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xf0U | (point >> 18U)), tail(12), tail(6), tail(0)};
}

std::string bytes(std::initializer_list<unsigned> values) {
  std::string text;
  for (const unsigned value : values) text += static_cast<char>(value);
  return text;
}

// RFC 3629 3 by arithmetic, apart from the table of RFC 3629 4: what code points these bytes may
// still become, the missing ones being 80 to BF, and whether one of them is allowed in that length.
bool may_become_character(std::string_view begun) {
  const auto lead = static_cast<unsigned char>(begun[0]);
  if (lead < 0x80) return true;
  const std::size_t length = lead >= 0xf8   ? 0
                             : lead >= 0xf0 ? 4
                             : lead >= 0xe0 ? 3
                             : lead >= 0xc0 ? 2
                                            : 0;
  if (length == 0) return false;
  std::uint32_t least = lead & (0x7fU >> length);
  std::uint32_t most = least;
  for (std::size_t i = 1; i < length; ++i) {
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (i < begun.size()) low = high = static_cast<unsigned char>(begun[i]);
    if (low < 0x80 || high > 0xbf) return false;
    least = least << 6U | (low & 0x3fU);
    most = most << 6U | (high & 0x3fU);
  }
  const std::uint32_t first_of_length = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  least = std::max(least, first_of_length);
  most = std::min(most, std::uint32_t{0x10ffff});
  if (least > most) return false;
  return least < 0xd800 || most > 0xdfff;
}

// How many bytes it takes, one at a time; npos when it never objects.
std::size_t first_objection(std::string_view text) {
  Utf8Validator validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!validator.feed(text.substr(i, 1))) return i;
  }
  return std::string_view::npos;
}

void check_in_every_cut(const std::string& text, bool valid) {
  CAPTURE(text);
  CHECK(is_utf8(text) == valid);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    const bool fed = validator.feed(std::string_view(text).substr(0, cut)) &&
                     validator.feed(std::string_view(text).substr(cut));
    CHECK((fed && validator.complete()) == valid);
  }
}

}  // namespace

TEST_SUITE("RFC 3629: UTF-8") {
  TEST_CASE("every code point but the surrogates is valid, and no prefix of it is complete") {
    std::size_t wrong = 0;
    for (std::uint32_t point = 0; point <= 0x10ffff; ++point) {
      const bool surrogate = point >= 0xd800 && point <= 0xdfff;
      const std::string text = encode(point);
      if (is_utf8(text) == surrogate) ++wrong;
      if (text.size() > 1 && is_utf8(std::string_view(text).substr(0, text.size() - 1))) ++wrong;
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("every two bytes are judged at the first that cannot be right") {
    std::size_t wrong = 0;
    for (unsigned first = 0x80; first < 0x100; ++first) {
      for (unsigned second = 0; second < 0x100; ++second) {
        const std::string text = bytes({first, second});
        std::size_t expected = std::string::npos;
        if (!may_become_character(text)) expected = 1;
        if (!may_become_character(text.substr(0, 1))) expected = 0;
        if (first_objection(text) != expected) ++wrong;
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("longer sequences are judged at the first byte that cannot be right") {
    const std::vector<unsigned> edges = {0x00, 0x41, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0,
                                         0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xf4, 0xff};
    std::size_t wrong = 0;
    for (unsigned first = 0xe0; first < 0x100; ++first) {
      for (const unsigned second : edges) {
        for (const unsigned third : edges) {
          for (const unsigned fourth : edges) {
            const std::string text = first < 0xf0 ? bytes({first, second, third})
                                                  : bytes({first, second, third, fourth});
            std::size_t expected = std::string::npos;
            for (std::size_t size = text.size(); size > 0; --size) {
              if (!may_become_character(std::string_view(text).substr(0, size)))
                expected = size - 1;
            }
            if (first_objection(text) != expected) ++wrong;
          }
        }
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("over-long forms, surrogates, bytes beyond U+10FFFF and stray tails are refused") {
    for (const std::string& text : {bytes({0xc0, 0x80}),
                                    bytes({0xc0, 0xaf}),
                                    bytes({0xc1, 0xbf}),
                                    bytes({0xe0, 0x80, 0x80}),
                                    bytes({0xe0, 0x9f, 0xbf}),
                                    bytes({0xf0, 0x80, 0x80, 0x80}),
                                    bytes({0xf0, 0x8f, 0xbf, 0xbf}),
                                    bytes({0xed, 0xa0, 0x80}),
                                    bytes({0xed, 0xbf, 0xbf}),
                                    bytes({0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80}),
                                    bytes({0xf4, 0x90, 0x80, 0x80}),
                                    bytes({0xf5, 0x80, 0x80, 0x80}),
                                    bytes({0xf8, 0x88, 0x80, 0x80, 0x80}),
                                    bytes({0xfe}),
                                    bytes({0xff}),
                                    bytes({0x80}),
                                    bytes({0xbf}),
                                    bytes({0xc3, 0x28}),
                                    bytes({0xe2, 0x82, 0x28}),
                                    bytes({0xf0, 0x9f, 0x98, 0x28}),
                                    bytes({0x61, 0xc3}),
                                    bytes({0xe2, 0x82}),
                                    bytes({0xf0, 0x9f, 0x98})}) {
      check_in_every_cut(text, false);
      check_in_every_cut(std::string(20, 'a') + text + std::string(20, 'z'), false);
    }
  }

  TEST_CASE("text is valid in every cut") {
    check_in_every_cut("", true);
    check_in_every_cut("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true);
    check_in_every_cut("plain text, longer than sixteen bytes, \xf0\x9f\x98\x80 and more of it",
                       true);
    check_in_every_cut(std::string("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 12), true);
    check_in_every_cut("\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true);
  }

  TEST_CASE("a wrong byte is found wherever it stands among ASCII") {
    for (std::size_t size = 1; size < 50; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = '\xff';
        CAPTURE(size);
        CAPTURE(at);
        CHECK_FALSE(is_utf8(text));
      }
    }
  }

  TEST_CASE("random bytes are judged alike whole, byte by byte and by arithmetic") {
    std::mt19937 random(1);
    const std::string alphabet = "a\x80\xbf\xc2\xe0\xed\xf0\xf4\x90\x9f";
    std::size_t wrong = 0;
    for (int round = 0; round < 20000; ++round) {
      std::string text;
      for (std::size_t left = random() % 24; left > 0; --left) text += alphabet[random() % 10];
      std::string begun;
      bool may_be = true;
      for (std::size_t i = 0; i < text.size() && may_be; ++i) {
        begun += text[i];
        may_be = may_become_character(begun);
        const auto lead = static_cast<unsigned char>(begun[0]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (begun.size() == length) begun.clear();
      }
      Utf8Validator whole;
      if (whole.feed(text) != may_be) ++wrong;
      if ((first_objection(text) == std::string::npos) != may_be) ++wrong;
      if (may_be && whole.complete() != begun.empty()) ++wrong;
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("after reset it begins anew") {
    Utf8Validator validator;
    CHECK(validator.feed("\xe2\x82"));
    CHECK_FALSE(validator.complete());
    validator.reset();
    CHECK(validator.complete());
    CHECK(validator.feed("a"));
    CHECK(validator.complete());
  }
}

// Long text is judged by other means than bytes that come one by one.
TEST_SUITE("RFC 3629: UTF-8, long texts") {
  TEST_CASE("every code point but the surrogates is valid in the middle of a long text") {
    const std::string around = std::string(50, 'a') + "\xf0\x9f\x98\x80";
    std::size_t wrong = 0;
    for (std::uint32_t point = 0x80; point <= 0x10ffff; ++point) {
      const bool surrogate = point >= 0xd800 && point <= 0xdfff;
      if (is_utf8(around + encode(point) + around) == surrogate) ++wrong;
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("every two bytes are judged alike in the middle of a long text") {
    const std::string before = "\xc3\xa4" + std::string(40, 'a');
    std::size_t wrong = 0;
    for (unsigned first = 0x80; first < 0x100; ++first) {
      for (unsigned second = 0; second < 0x100; ++second) {
        for (const std::string& tails : {bytes({}), bytes({0x80}), bytes({0x80, 0x80})}) {
          const std::string text = bytes({first, second}) + tails;
          const std::string longer = before + text + std::string(33, 'z');
          if (is_utf8(longer) != is_utf8(text)) ++wrong;
        }
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("one changed byte is judged alike whole, cut anywhere and byte by byte") {
    std::mt19937 random(2);
    const std::vector<std::uint32_t> points = {0x41,   0x7f,   0x80,   0x7ff,   0x800,   0xfff,
                                               0xd7ff, 0xe000, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    std::size_t wrong = 0;
    std::size_t valid = 0;
    for (int round = 0; round < 20000; ++round) {
      std::string text;
      const std::size_t size = 20 + random() % 200;
      while (text.size() < size) text += encode(points[random() % points.size()]);
      if (round % 4 != 0) text[random() % text.size()] = static_cast<char>(random() % 256);
      if (round % 4 == 2) text.resize(text.size() - random() % 4);

      const std::size_t objection = first_objection(text);
      Utf8Validator whole;
      const bool fed = whole.feed(text);
      if (fed != (objection == std::string::npos)) ++wrong;
      Utf8Validator cut;
      const std::string_view view = text;
      const std::size_t at = random() % (text.size() + 1);
      if ((cut.feed(view.substr(0, at)) && cut.feed(view.substr(at))) != fed) ++wrong;
      if (fed && cut.complete() != whole.complete()) ++wrong;
      // Told as early as it can be: with the byte that was wrong, and not before.
      if (!fed && !Utf8Validator().feed(view.substr(0, objection))) ++wrong;
      if (!fed && Utf8Validator().feed(view.substr(0, objection + 1))) ++wrong;
      if (fed && whole.complete()) ++valid;
    }
    CHECK(wrong == 0);
    CHECK(valid > 5000);
  }
}
