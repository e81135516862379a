#include "protocol/close_code.hpp"

#include "base/utf8.hpp"

namespace websocket::protocol {

bool may_be_sent(std::uint16_t code) noexcept {
  // RFC 6455 7.4.1: 1005, 1006 and 1015 "MUST NOT be set as a status code in a Close control
  // frame"; 1004 and what is not listed is reserved. 7.4.2: 3000-4999 are for libraries and
  // applications.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

base::Outcome<ClosePayload> parse_close_payload(std::string_view payload) {
  if (payload.empty()) return ClosePayload{};
  // RFC 6455 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned
  // integer".
  if (payload.size() == 1) {
    return base::Failure{Errc::invalid_close_payload, "a Close frame has one byte of payload"};
  }
  const auto code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8U |
                                               static_cast<unsigned char>(payload[1]));
  if (!may_be_sent(code)) {
    return base::Failure{
        Errc::invalid_close_code,
        "a Close frame has the code " + std::to_string(code) + ", which may not be sent"};
  }
  // 5.5.1: "Following the 2-byte integer, the body MAY contain UTF-8-encoded data".
  const std::string_view reason = payload.substr(2);
  if (!base::is_utf8(reason)) {
    return base::Failure{Errc::invalid_utf8, "the reason in a Close frame is not UTF-8"};
  }
  return ClosePayload{code, std::string(reason)};
}

std::string make_close_payload(std::uint16_t code, std::string_view reason) {
  if (code == static_cast<std::uint16_t>(CloseCode::no_status)) return {};
  std::string payload;
  payload += static_cast<char>(code >> 8U);
  payload += static_cast<char>(code & 0xffU);
  payload += reason;
  return payload;
}

CloseCode close_code_for(Errc code) noexcept {
  const std::error_code error = code;
  // RFC 6455 7.4.1 has a code for each of these.
  if (error == Condition::payload_invalid) return CloseCode::invalid_payload;
  if (error == Condition::too_big) return CloseCode::too_big;
  // 1010 is for a server that did not return the extension expected; of all codes it is the nearest
  // for one that returned something else.
  if (code == Errc::unexpected_extension) return CloseCode::mandatory_extension;
  return CloseCode::protocol_error;
}

}  // namespace websocket::protocol
