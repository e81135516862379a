#include "protocol/packed_response.hpp"

#include <cstddef>
#include <string_view>

#include "base/ascii.hpp"

namespace websocket::protocol {
namespace {

std::string_view take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return line;
}

}  // namespace

PackedResponse::PackedResponse(const Response& response) {
  const auto add = [this](std::string_view line) { bytes_.append(line).push_back('\n'); };
  const std::string status = std::to_string(response.status);
  std::size_t size = status.size() + response.reason.size() + response.body.size() + 3;
  for (const auto& [name, value] : response.headers) size += name.size() + value.size() + 2;
  bytes_.reserve(size);
  add(status);
  add(response.reason);
  for (const auto& [name, value] : response.headers) {
    add(name);
    add(value);
  }
  add({});
  bytes_ += response.body;
}

Response PackedResponse::unpack() const {
  Response response;
  if (bytes_.empty()) return response;
  std::string_view left = bytes_;
  response.status = static_cast<int>(base::parse_decimal<unsigned>(take_line(left)).value_or(0));
  response.reason = take_line(left);
  for (auto name = take_line(left); !name.empty(); name = take_line(left)) {
    response.headers.add(std::string(name), std::string(take_line(left)));
  }
  response.body = left;
  return response;
}

}  // namespace websocket::protocol
