// Whether bytes are UTF-8 (RFC 3629), told as early as it can be: RFC 6455 8.1.
#pragma once

#include <cstdint>
#include <string_view>

namespace websocket::base {

// Takes text in pieces cut anywhere. Over-long forms, surrogates and code points above U+10FFFF are
// not UTF-8.
class Utf8Validator {
 public:
  // False: whatever follows, this cannot become UTF-8 any more.
  bool feed(std::string_view bytes) noexcept;
  // Whether the text may end here, not within a character.
  bool complete() const noexcept { return missing_ == 0; }
  void reset() noexcept { *this = Utf8Validator(); }

 private:
  bool begin_character(unsigned char lead) noexcept;

  std::uint8_t missing_ = 0;     // continuation bytes the current character still wants
  std::uint8_t lowest_ = 0x80;   // bounds of the next one: the second byte of some characters has
  std::uint8_t highest_ = 0xbf;  // narrower ones than 80..BF (RFC 3629 4)
};

bool is_utf8(std::string_view text) noexcept;

}  // namespace websocket::base
