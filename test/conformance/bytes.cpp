// Frames by hand: see bytes.hpp. Written apart from the library's code, RFC 6455 5.2.
#include "conformance/bytes.hpp"

#include "support/raw_server.hpp"

namespace conformance {

std::string raw(std::initializer_list<unsigned> bytes) {
  std::string text;
  for (const unsigned byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string number(std::uint64_t value, unsigned size) {
  std::string text;
  for (unsigned left = size; left > 0; --left) {
    text += static_cast<char>(static_cast<unsigned char>(value >> ((left - 1) * 8)));
  }
  return text;
}

std::string frame(unsigned first, std::string_view payload) {
  if (payload.size() > 65535) return frame64(first, payload.size(), payload);
  if (payload.size() > 125) return frame16(first, payload.size(), payload);
  return raw({first, static_cast<unsigned>(payload.size())}).append(payload);
}

std::string frame16(unsigned first, std::uint64_t length, std::string_view payload) {
  return (raw({first, 126}) + number(length, 2)).append(payload);
}

std::string frame64(unsigned first, std::uint64_t length, std::string_view payload) {
  return (raw({first, 127}) + number(length, 8)).append(payload);
}

std::string masked_frame(unsigned first, std::uint32_t key, std::string_view payload) {
  std::string masked(payload);
  support::apply_mask(masked, key);
  return raw({first, 0x80U | static_cast<unsigned>(payload.size())}) + number(key, 4) + masked;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  return number(code, 2).append(reason);
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  return frame(0x88, close_payload(code, reason));
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string shown;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!shown.empty()) shown += ' ';
    shown += digits[byte >> 4U];
    shown += digits[byte & 15U];
  }
  return shown;
}

}  // namespace conformance
