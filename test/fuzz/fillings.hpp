// Bytes to fill payloads with: what they are depends on how many there are, and on nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fuzz {

// With no period that a buffer could hide in.
inline std::string scattered(std::size_t size, unsigned lowest, unsigned kinds) {
  std::string made(size, '\0');
  auto state = static_cast<std::uint32_t>(size + 1);
  for (char& byte : made) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(static_cast<unsigned char>(lowest + (state >> 24U) % kinds));
  }
  return made;
}
inline std::string ascii(std::size_t size) { return scattered(size, ' ', 95); }
inline std::string noise(std::size_t size) { return scattered(size, 0, 256); }

// UTF-8: the first and last character of each length among others. Cut off: within the last one.
inline std::string characters(std::size_t size, bool cut_off) {
  constexpr std::array<std::string_view, 10> some = {
      "a",
      "\xc2\x80",
      "\xdf\xbf",
      "\xe0\xa0\x80",
      "\xed\x9f\xbf",
      "\xee\x80\x80",
      "\xef\xbf\xbf",
      "\xf0\x90\x80\x80",
      "\xf3\xa1\xa2\xa3",
      "\xf4\x8f\xbf\xbf",
  };
  std::string text;
  for (std::size_t i = size; text.size() + 4 <= size; ++i) text += some[i * 7 % some.size()];
  if (cut_off) return (text + "\xf4\x8f\xbf").substr(0, size);
  return text.append(size - text.size(), '.');
}

}  // namespace fuzz
