// Text as protocols see it: ASCII alone, whatever the locale. Tokens, white space and lists are
// those of RFC 9110 5.6.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace websocket::base {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_non_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }
// CTL of RFC 5234: 0x00-0x1f (HTAB, CR and LF among them) and 0x7f.
constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
// RFC 9110 5.5: "Field values containing CR, LF, or NUL characters are invalid and dangerous", and "Field
// values containing other CTL characters are also invalid"; HTAB is none of them.
constexpr bool is_forbidden_in_field(char c) noexcept { return is_control(c) && c != '\t'; }
bool has_forbidden_in_field(std::string_view text) noexcept;
// 0-15, or nothing for what is no hexadecimal digit.
std::optional<unsigned> hex_value(char c) noexcept;

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Without the spaces and tabs around it (OWS).
std::string_view trim(std::string_view text) noexcept;

// token = 1*tchar: header names, subprotocols, methods.
bool is_token(std::string_view text) noexcept;

// The elements of a comma-separated list, trimmed; empty ones are dropped (RFC 9110 5.6.1.2).
std::vector<std::string_view> split_list(std::string_view text);

// Foreign bytes as they may stand in a sentence or a trace line: at most `max` of them, followed by
// "..." where it was cut; what is not printable ASCII shows as \r, \n, \t or \xNN.
std::string printable(std::string_view bytes, std::size_t max);

// Digits and nothing else, in range; no sign, no spaces.
template <std::unsigned_integral Number>
std::optional<Number> parse_decimal(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  // For an unsigned type from_chars takes no sign either.
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

}  // namespace websocket::base
