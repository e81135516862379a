// UTF-8 as RFC 3629 3 describes it, by code points: plain, slow, and apart from the library's
// tables.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

struct Utf8Reading {
  // The first byte with which the text can't become UTF-8 any more; npos where it still can.
  std::size_t bad_at = std::string_view::npos;
  bool complete = true;  // it does not end within a character
};

// Whether a character encoded in that many bytes may be one of `lowest` to `highest`: not with more
// bytes than it needs, no surrogate, and none beyond U+10FFFF.
inline bool may_be_character(std::uint32_t lowest, std::uint32_t highest, unsigned bytes) {
  const std::uint32_t smallest = bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
  lowest = std::max(lowest, smallest);
  highest = std::min(highest, std::uint32_t{0x10ffff});
  return lowest <= highest && !(lowest >= 0xd800 && highest <= 0xdfff);
}

inline Utf8Reading read_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const unsigned bytes = lead >> 5U == 6 ? 2 : lead >> 4U == 14 ? 3 : lead >> 3U == 30 ? 4 : 0;
    if (bytes == 0) return {at, false};
    std::uint32_t value = lead & (0x7fU >> bytes);
    for (unsigned i = 1;; ++i) {
      const unsigned missing = 6 * (bytes - i);
      if (!may_be_character(value << missing, ((value + 1) << missing) - 1, bytes)) {
        return {at + i - 1, false};
      }
      if (i == bytes) break;
      if (at + i == text.size()) return {std::string_view::npos, false};
      const auto next = static_cast<unsigned char>(text[at + i]);
      if (next >> 6U != 2) return {at + i, false};
      value = value << 6U | (next & 0x3fU);
    }
    at += bytes;
  }
  return {};
}

}  // namespace fuzz
