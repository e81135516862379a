// ASCII text: see ascii.hpp. RFC 9110 5.6.2 (tokens), 5.6.3 (white space), 5.6.1 (lists).
#include "base/ascii.hpp"

#include <algorithm>

namespace websocket::base {

namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
//         / DIGIT / ALPHA
bool is_token_character(char c) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return is_alpha(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
}

void append_printable(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (!is_control(c) && !is_non_ascii(c)) {
    out += c;
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += digits[byte / 16U];
    out += digits[byte % 16U];
  }
}

}  // namespace

// Looks at all of them, since that is what a compiler makes vectors of.
bool has_forbidden_in_field(std::string_view text) noexcept {
  unsigned char found = 0;
  for (const char c : text) {
    const unsigned char one = is_forbidden_in_field(c) ? 1 : 0;
    found = static_cast<unsigned char>(found | one);
  }
  return found != 0;
}

std::optional<unsigned> hex_value(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = to_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a') + 10U;
  return std::nullopt;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a == b) return true;  // most are written as their RFC writes them
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> elements;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view element = trim(text.substr(0, comma));
    if (!element.empty()) elements.push_back(element);
    if (comma == std::string_view::npos) return elements;
    text.remove_prefix(comma + 1);
  }
}

std::string printable(std::string_view bytes, std::size_t max) {
  std::string out;
  for (const char c : bytes.substr(0, max)) append_printable(out, c);
  if (bytes.size() > max) out += "...";
  return out;
}

}  // namespace websocket::base
