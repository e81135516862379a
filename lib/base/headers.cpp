// Header fields in their order, names compared without regard to case (RFC 9110 5.1).
// What is stored is checked by whoever puts it on the wire.
#include <algorithm>
#include <websocket/headers.hpp>

#include "base/ascii.hpp"

namespace websocket {
namespace {

constexpr std::size_t first_room = 8;  // so that a handful of fields is not moved time and again

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) : fields_(fields) {}

void Headers::add(std::string name, std::string value) {
  if (fields_.capacity() == 0) fields_.reserve(first_room);
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  const auto has_that_name = [&name](const Field& field) {
    return base::equal_ignoring_case(field.first, name);
  };
  const auto first = std::find_if(fields_.begin(), fields_.end(), has_that_name);
  if (first == fields_.end()) return add(std::move(name), std::move(value));
  fields_.erase(std::remove_if(first + 1, fields_.end(), has_that_name), fields_.end());
  // The iterator still stands: only what follows it was erased.
  *first = Field(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (base::equal_ignoring_case(field.first, name)) return field.second;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (base::equal_ignoring_case(field.first, name)) values.emplace_back(field.second);
  }
  return values;
}

}  // namespace websocket
