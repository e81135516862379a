// A line of the trace is one line, and what a server says cannot make it anything else: bytes that
// would end it, or steer a terminal, show as \xNN. UTF-8 stays as it is.
#pragma once

#include <string>
#include <string_view>

namespace websocket::engine {

inline std::string one_line(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string line;
  line.reserve(text.size());
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value >= 0x20 && value != 0x7f) {
      line += byte;
    } else {
      line += "\\x";
      line += digits[value >> 4U];
      line += digits[value & 15U];
    }
  }
  return line;
}

}  // namespace websocket::engine
