// Close codes and the payload of a Close frame: RFC 6455 5.5.1 and 7.4, with the codes IANA added
// since.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure.hpp"

namespace websocket::protocol {

enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  no_status = 1005,  // stands for a Close frame without a code; never sent
  abnormal = 1006,   // stands for no Close frame at all; never sent
  invalid_payload = 1007,
  too_big = 1009,
  mandatory_extension = 1010
};

// 1000-1003, 1007-1014, 3000-4999.
bool may_be_sent(std::uint16_t code) noexcept;

struct ClosePayload {
  std::uint16_t code = static_cast<std::uint16_t>(CloseCode::no_status);
  std::string reason;
};

base::Outcome<ClosePayload> parse_close_payload(std::string_view payload);

// The payload of a Close frame: the code's two bytes and the reason; none for 1005.
std::string make_close_payload(std::uint16_t code, std::string_view reason);

// What to tell the peer when it did that.
CloseCode close_code_for(Errc code) noexcept;

}  // namespace websocket::protocol
