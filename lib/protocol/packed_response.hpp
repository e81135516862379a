// A server's answer in one run of bytes, for as long as nobody looks at it: every open connection
// keeps one, and unpacked it would be the largest thing that it keeps.
#pragma once

#include <string>
#include <websocket/headers.hpp>

namespace websocket::protocol {

class PackedResponse {
 public:
  PackedResponse() = default;  // status 0
  explicit PackedResponse(const Response& response);

  Response unpack() const;

 private:
  // Status, reason, names and values, each with a line feed behind it, which none of them can have
  // within; an empty line; the body.
  std::string bytes_;
};

}  // namespace websocket::protocol
