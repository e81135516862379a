// Sec-WebSocket-Extensions as a plain reader sees it (RFC 6455 9.1), and what a client may make of
// an answer to its permessage-deflate (RFC 7692 7.1), apart from the library's code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <websocket/options.hpp>

#include "fuzz/plain_head.hpp"

namespace fuzz {

struct PlainExtension {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

// RFC 9110 5.6.2
inline bool is_plain_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

// The pieces between the separators that do not stand within quotes, trimmed.
inline std::vector<std::string> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string> pieces(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator && !quoted) {
      pieces.emplace_back();
      continue;
    }
    if (text[i] == '"') quoted = !quoted;
    pieces.back() += text[i];
    if (quoted && text[i] == '\\' && i + 1 < text.size()) pieces.back() += text[++i];
  }
  for (std::string& piece : pieces) piece = trimmed(piece);
  return pieces;
}

// Nothing where it is neither a token nor a quoted one.
inline std::optional<std::string> plain_value(std::string_view text) {
  std::string value(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    value.clear();
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == '"') return std::nullopt;
      if (text[i] == '\\' && ++i + 1 == text.size()) return std::nullopt;
      value += text[i];
    }
  }
  return is_plain_token(value) ? std::optional(value) : std::nullopt;
}

inline std::optional<PlainExtension> plain_extension(std::string_view text) {
  PlainExtension extension;
  for (const std::string& piece : split_outside_quotes(text, ';')) {
    const std::vector<std::string> sides = split_outside_quotes(piece, '=');
    if (sides.size() > 2 || !is_plain_token(sides[0])) return std::nullopt;
    const auto value = sides.size() == 2 ? plain_value(sides[1]) : std::nullopt;
    if (sides.size() == 2 && !value) return std::nullopt;
    if (!extension.name.empty()) {
      extension.parameters.emplace_back(sides[0], value);
    } else if (value) {
      return std::nullopt;
    } else {
      extension.name = sides[0];
    }
  }
  return extension;
}

// All fields of the answer; nothing where the grammar is not kept: 1#extension asks for one at
// least.
inline std::optional<std::vector<PlainExtension>> plain_extensions(
    const std::vector<std::string>& fields) {
  std::vector<PlainExtension> extensions;
  for (const std::string& field : fields) {
    for (const std::string& element : split_outside_quotes(field, ',')) {
      if (element.empty()) continue;
      auto extension = plain_extension(element);
      if (!extension) return std::nullopt;
      extensions.push_back(std::move(*extension));
    }
  }
  if (extensions.empty() && !fields.empty()) return std::nullopt;
  return extensions;
}

struct PlainAgreement {
  int client_bits = 15;
  int server_bits = 15;
  bool client_forgets = false;
  bool server_forgets = false;
};

// RFC 7692 7.1. The client always offers client_max_window_bits.
inline std::optional<PlainAgreement> plain_agreement(const PlainExtension& extension,
                                                     const websocket::CompressionOptions& offered) {
  PlainAgreement agreement;
  std::vector<std::string> seen;
  for (const auto& [name, value] : extension.parameters) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return std::nullopt;
    seen.push_back(name);
    const std::vector<std::string> numbers = {"8", "9", "10", "11", "12", "13", "14", "15"};
    const auto number = std::find(numbers.begin(), numbers.end(), value.value_or(""));
    const bool is_number = number != numbers.end();
    const int bits = 8 + static_cast<int>(number - numbers.begin());
    if (name == "server_no_context_takeover" && !value) {
      agreement.server_forgets = true;
    } else if (name == "client_no_context_takeover" && !value) {
      agreement.client_forgets = true;
    } else if (name == "server_max_window_bits" && is_number) {
      agreement.server_bits = bits;
    } else if (name == "client_max_window_bits" && is_number) {
      agreement.client_bits = bits;
    } else {
      return std::nullopt;
    }
  }
  if (offered.server_no_context_takeover && !agreement.server_forgets) return std::nullopt;
  if (agreement.server_bits > offered.server_max_window_bits) return std::nullopt;
  agreement.client_bits = std::min(agreement.client_bits, offered.client_max_window_bits);
  agreement.client_forgets = agreement.client_forgets || offered.client_no_context_takeover;
  return agreement;
}

}  // namespace fuzz
