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
  bool complete() const noexcept { return state_ == between_characters; }
  void reset() noexcept { state_ = between_characters; }

 private:
  // What the next byte may be; utf8.cpp knows the others.
  static constexpr std::uint8_t between_characters = 6;
  std::uint8_t state_ = between_characters;
};

bool is_utf8(std::string_view text) noexcept;

}  // namespace websocket::base
