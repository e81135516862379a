#include "base/utf8.hpp"

#include <cstddef>
#include <cstring>

namespace websocket::base {
namespace {

// How many bytes from `at` on are ASCII, looked at eight at a time; may stop up to seven short.
std::size_t skip_ascii(const char* at, const char* end) noexcept {
  const char* begin = at;
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  while (end - at >= 16) {
    std::uint64_t words[2];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1]) & high_bits) != 0) break;
    at += 16;
  }
  return static_cast<std::size_t>(at - begin);
}

}  // namespace

// RFC 3629 4: UTF8-2 = %xC2-DF tail; UTF8-3 = %xE0 %xA0-BF tail / %xE1-EC 2(tail) / %xED %x80-9F
// tail / %xEE-EF 2(tail); UTF8-4 = %xF0 %x90-BF 2(tail) / %xF1-F3 3(tail) / %xF4 %x80-8F 2(tail).
bool Utf8Validator::begin_character(unsigned char lead) noexcept {
  lowest_ = 0x80;
  highest_ = 0xbf;
  if (lead < 0xc2) return false;
  if (lead < 0xe0) {
    missing_ = 1;
    return true;
  }
  if (lead < 0xf0) {
    missing_ = 2;
    if (lead == 0xe0) lowest_ = 0xa0;
    if (lead == 0xed) highest_ = 0x9f;
    return true;
  }
  if (lead > 0xf4) return false;
  missing_ = 3;
  if (lead == 0xf0) lowest_ = 0x90;
  if (lead == 0xf4) highest_ = 0x8f;
  return true;
}

bool Utf8Validator::feed(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    const auto byte = static_cast<unsigned char>(*at);
    if (missing_ > 0) {
      if (byte < lowest_ || byte > highest_) return false;
      lowest_ = 0x80;
      highest_ = 0xbf;
      --missing_;
      ++at;
    } else if (byte < 0x80) {
      const std::size_t skipped = skip_ascii(at, end);
      at += skipped > 0 ? skipped : 1;
    } else {
      if (!begin_character(byte)) return false;
      ++at;
    }
  }
  return true;
}

bool is_utf8(std::string_view text) noexcept {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace websocket::base
