// UTF-8 by SSSE3, for x86-64. What can be wrong with two bytes that follow one another shows in three
// of their four halves, so that three look-ups of sixteen entries find every mistake of theirs at once:
// the idea of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2020).
// Compiled with -mssse3, and run only where has_utf8_vectors() says so.
#include <tmmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/utf8_vectors.hpp"

namespace websocket::base {
namespace {

// A set of half bytes, one bit each.
using Halves = std::uint16_t;
constexpr Halves from_to(unsigned first, unsigned last) {
  return static_cast<Halves>((2U << last) - (1U << first));
}
constexpr Halves any = from_to(0x0, 0xf);
constexpr Halves tail = from_to(0x8, 0xb);  // the upper half of 80 to BF
constexpr Halves no_tail = any & ~tail;

struct Mistake {
  Halves first_upper, first_lower, second_upper;
};
constexpr std::array<Mistake, 8> mistakes = {{
    {from_to(0xc, 0xf), any, no_tail},                        // a lead byte without a tail
    {from_to(0x0, 0x7), any, tail},                           // a tail without a lead byte
    {from_to(0xc, 0xc), from_to(0x0, 0x1), tail},             // over-long: C0, C1
    {from_to(0xe, 0xe), from_to(0x0, 0x0), from_to(8, 9)},    // over-long: E0 80 to E0 9F
    {from_to(0xe, 0xe), from_to(0xd, 0xd), from_to(10, 11)},  // surrogates: ED A0 to ED BF
    {from_to(0xf, 0xf), from_to(0x4, 0xf), from_to(9, 11)},   // above U+10FFFF: F4 90 and on
    // Over-long: F0 80 to F0 8F; above U+10FFFF: F5 and on.
    {from_to(0xf, 0xf), from_to(0x0, 0x0) | from_to(0x5, 0xf), from_to(8, 8)},
    {tail, any, tail},  // the second tail in a row: a mistake but where a longer character goes on
}};
constexpr unsigned second_tail = 0x80;  // the bit of the last one

// Of each half byte the mistakes that it may be a part of, one bit each.
constexpr std::array<std::uint8_t, 16> table(Halves Mistake::*of) {
  std::array<std::uint8_t, 16> made{};
  for (unsigned half = 0; half < made.size(); ++half) {
    for (unsigned i = 0; i < mistakes.size(); ++i) {
      if ((mistakes[i].*of >> half & 1U) != 0) made[half] |= static_cast<std::uint8_t>(1U << i);
    }
  }
  return made;
}
alignas(16) constexpr auto by_first_upper = table(&Mistake::first_upper);
alignas(16) constexpr auto by_first_lower = table(&Mistake::first_lower);
alignas(16) constexpr auto by_second_upper = table(&Mistake::second_upper);

__m128i load(const void* from) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
__m128i all(unsigned byte) noexcept { return _mm_set1_epi8(static_cast<char>(byte)); }
__m128i upper(__m128i bytes) noexcept { return _mm_and_si128(_mm_srli_epi16(bytes, 4), all(0x0f)); }
__m128i lower(__m128i bytes) noexcept { return _mm_and_si128(bytes, all(0x0f)); }

class Checker {
 public:
  void take(__m128i bytes) noexcept {
    const __m128i before = _mm_alignr_epi8(bytes, last_, 15);  // for each byte the one before it
    const __m128i found =
        _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(load(by_first_upper.data()), upper(before)),
                                    _mm_shuffle_epi8(load(by_first_lower.data()), lower(before))),
                      _mm_shuffle_epi8(load(by_second_upper.data()), upper(bytes)));
    // A second tail has to be there exactly where two bytes before E0 or more stands, or three
    // before F0 or more.
    const __m128i third = _mm_subs_epu8(_mm_alignr_epi8(bytes, last_, 14), all(0xe0 - second_tail));
    const __m128i fourth =
        _mm_subs_epu8(_mm_alignr_epi8(bytes, last_, 13), all(0xf0 - second_tail));
    const __m128i due = _mm_and_si128(_mm_or_si128(third, fourth), all(second_tail));
    mistakes_ = _mm_or_si128(mistakes_, _mm_xor_si128(found, due));
    last_ = bytes;
  }
  bool found_none() const noexcept {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(mistakes_, _mm_setzero_si128())) == 0xffff;
  }

 private:
  __m128i last_ = _mm_setzero_si128();
  __m128i mistakes_ = _mm_setzero_si128();
};

constexpr std::size_t width = sizeof(__m128i);

}  // namespace

bool has_utf8_vectors() noexcept { return __builtin_cpu_supports("ssse3") != 0; }

bool is_utf8_by_vectors(std::string_view text) noexcept {
  Checker checker;
  for (; text.size() >= width; text.remove_prefix(width)) checker.take(load(text.data()));
  // Behind the end a character that is not there whole shows: zeros are no tails.
  std::array<char, width> rest{};
  if (!text.empty()) std::memcpy(rest.data(), text.data(), text.size());
  checker.take(load(rest.data()));
  return checker.found_none();
}

}  // namespace websocket::base
