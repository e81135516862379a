// An automaton with RFC 3629's grammar as its table, a short way over ASCII, and vectors for long text
// where the machine has them. A state is a number of bits to shift by: each byte has one word in which
// the state that follows stands that far up, so that a step is a look-up and a shift, without a branch.
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/utf8_vectors.hpp"

namespace websocket::base {
namespace {

using Row = std::uint64_t;

// Each state six bits further up; a row holds ten.
constexpr unsigned rejected = 0;  // for ever: where a row says nothing it says this
constexpr unsigned accepting = 6;
constexpr unsigned wants_one = 12;  // more tail byte, 80 to BF
constexpr unsigned wants_two = 18;
constexpr unsigned wants_three = 24;
constexpr unsigned after_e0 = 30;  // the first tail byte has narrower bounds
constexpr unsigned after_ed = 36;
constexpr unsigned after_f0 = 42;
constexpr unsigned after_f4 = 48;

constexpr Row arrow(unsigned from, unsigned to) { return Row{to} << from; }

// RFC 3629 4: UTF8-2 = %xC2-DF tail; UTF8-3 = %xE0 %xA0-BF tail / %xE1-EC 2(tail) / %xED %x80-9F
// tail / %xEE-EF 2(tail); UTF8-4 = %xF0 %x90-BF 2(tail) / %xF1-F3 3(tail) / %xF4 %x80-8F 2(tail).
constexpr unsigned begun_by(unsigned lead) {
  if (lead < 0xc2) return rejected;
  if (lead < 0xe0) return wants_one;
  if (lead == 0xe0) return after_e0;
  if (lead == 0xed) return after_ed;
  if (lead < 0xf0) return wants_two;
  if (lead == 0xf0) return after_f0;
  if (lead < 0xf4) return wants_three;
  return lead == 0xf4 ? after_f4 : rejected;
}

constexpr Row row_of_tail(unsigned byte) {
  return arrow(wants_one, accepting) | arrow(wants_two, wants_one) | arrow(wants_three, wants_two) |
         (byte >= 0xa0 ? arrow(after_e0, wants_one) : arrow(after_ed, wants_one)) |
         (byte >= 0x90 ? arrow(after_f0, wants_two) : arrow(after_f4, wants_two));
}

constexpr std::array<Row, 256> rows = [] {
  std::array<Row, 256> made{};
  for (unsigned byte = 0; byte < made.size(); ++byte) {
    made[byte] = byte < 0x80   ? arrow(accepting, accepting)
                 : byte < 0xc0 ? row_of_tail(byte)
                               : arrow(accepting, begun_by(byte));
  }
  return made;
}();

unsigned step(unsigned state, char byte) noexcept {
  return static_cast<unsigned>(rows[static_cast<unsigned char>(byte)] >> state) & 63U;
}

template <std::size_t size>
bool is_ascii(const char* from) noexcept {
  std::array<std::uint64_t, size / sizeof(std::uint64_t)> words;
  std::memcpy(words.data(), from, size);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all |= word;
  return (all & 0x8080808080808080U) == 0;
}

// How many of the bytes in front are ASCII for sure.
std::size_t skip_ascii(std::string_view bytes) noexcept {
  const char* const from = bytes.data();
  std::size_t at = 0;
  while (bytes.size() - at >= 64 && is_ascii<64>(from + at)) at += 64;
  while (bytes.size() - at >= 16 && is_ascii<16>(from + at)) at += 16;
  // A shorter rest is looked at together with what was before it.
  const bool short_rest = bytes.size() - at < 16 && bytes.size() >= 16;
  return short_rest && is_ascii<16>(from + bytes.size() - 16) ? bytes.size() : at;
}

// How many bytes there are before a last character that may not be there whole.
std::size_t size_of_whole_characters(std::string_view bytes) noexcept {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const std::size_t at = bytes.size() - back;
    if (static_cast<unsigned char>(bytes[at]) >= 0xc0) return at;
  }
  return bytes.size();
}

// Where vectors do not help, ASCII is looked for again after so many bytes.
constexpr std::size_t stride = 64;
constexpr std::size_t worth_vectors = 32;

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) noexcept {
  static_assert(accepting == between_characters);
  unsigned state = state_;
  while (!bytes.empty() && state != rejected) {
    if (state == accepting) {
      bytes.remove_prefix(skip_ascii(bytes));
      if (bytes.size() >= worth_vectors && has_utf8_vectors()) {
        const std::size_t size = size_of_whole_characters(bytes);
        if (!is_utf8_by_vectors(bytes.substr(0, size))) state = rejected;
        bytes.remove_prefix(size);
      }
    }
    const std::string_view next = bytes.substr(0, stride);
    for (const char byte : next) state = step(state, byte);
    bytes.remove_prefix(next.size());
  }
  state_ = static_cast<std::uint8_t>(state);
  return state != rejected;
}

bool is_utf8(std::string_view text) noexcept {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace websocket::base
