// The server's side of the opening handshake, for test servers: RFC 6455 4.2.
// Which subprotocol is chosen, and what else the program wants of the client, is left to the
// caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <websocket/headers.hpp>

#include "protocol/http_head.hpp"

namespace websocket::protocol {

class ServerHandshake {
 public:
  explicit ServerHandshake(std::size_t max_head = 65536);

  enum class Progress : std::uint8_t { more, accepted, refused };
  // Stops right behind the head's empty line: what follows are frames. Once it said anything but
  // `more` it says so again and takes nothing.
  Progress feed(std::string_view bytes, std::size_t& consumed);

  // Empty before the request line was read.
  const std::string& target() const noexcept { return target_; }
  const Headers& headers() const noexcept { return head_.headers(); }
  // 101, or the refusal with a body that says why; empty before the request is whole. The
  // subprotocol is not held against those offered: a test may want to answer wrongly.
  std::string answer(std::string_view subprotocol = {}) const;

 private:
  enum class Refusal : std::uint8_t { none, bad_request, upgrade_required };

  void end_head();
  bool read_request_line();
  bool check_headers();
  bool check_key();
  bool refuse(Refusal refusal, std::string because);

  HeadParser head_;
  Progress progress_ = Progress::more;
  std::string target_;
  Refusal refusal_ = Refusal::none;
  std::string because_;
};

}  // namespace websocket::protocol
