// HTTP heads as a plain reader sees them, apart from the library's code: lines, names in lower
// case, values without the white space around them, lists cut at commas. Judges nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fuzz {

inline std::string lower(std::string_view text) {
  std::string made;
  for (const char c : text) made += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return made;
}

inline std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

// Between the commas, without empty ones.
inline std::vector<std::string> list_elements(std::string_view list) {
  std::vector<std::string> elements;
  std::string element;
  for (const char c : std::string(list) + ",") {
    if (c != ',') {
      element += c;
      continue;
    }
    if (!trimmed(element).empty()) elements.push_back(trimmed(element));
    element.clear();
  }
  return elements;
}

struct PlainHead {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> fields;
  bool ends_here = false;  // nothing follows its empty line

  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> found;
    for (const auto& field : fields) {
      if (field.first == name) found.push_back(field.second);
    }
    return found;
  }
  std::vector<std::string> elements(std::string_view name) const {
    std::vector<std::string> found;
    for (const std::string& value : values(name)) {
      for (std::string& element : list_elements(value)) found.push_back(std::move(element));
    }
    return found;
  }
  bool has_token(std::string_view name, std::string_view token) const {
    for (const std::string& element : elements(name)) {
      if (lower(element) == token) return true;
    }
    return false;
  }
};

// The last of the heads these bytes begin with: answers 100 and 103 may come before the real one.
inline PlainHead last_head(std::string_view bytes) {
  PlainHead head;
  bool between_heads = true;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      between_heads = true;
      head.ends_here = bytes.empty();
    } else if (between_heads) {
      head = PlainHead{std::string(line), {}, false};
      between_heads = false;
    } else if (line.front() == ' ' || line.front() == '\t') {
      // RFC 9112 5.2: a folded line goes on with the field before it.
      if (head.fields.empty()) continue;
      std::string& value = head.fields.back().second;
      value = trimmed(value + " " + trimmed(line));
    } else {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      head.fields.emplace_back(lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
  }
  return head;
}

}  // namespace fuzz
