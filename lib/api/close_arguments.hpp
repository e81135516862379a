// What both faces ask of close()'s arguments: RFC 6455 5.5.1 and 7.4.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "protocol/close_code.hpp"
#include "protocol/frame.hpp"

namespace websocket::api {

// Throws std::invalid_argument.
inline void require_close_arguments(std::uint16_t code, std::string_view reason) {
  if (!protocol::may_be_sent(code)) {
    throw std::invalid_argument("close: the code " + std::to_string(code) +
                                " may not be sent; 1000-1003, 1007-1014 and 3000-4999 may");
  }
  if (reason.size() + 2 > protocol::max_control_payload) {
    throw std::invalid_argument("close: the reason has " + std::to_string(reason.size()) +
                                " bytes; at most 123 fit");
  }
  if (!base::is_utf8(reason)) throw std::invalid_argument("close: the reason is not UTF-8");
}

}  // namespace websocket::api
