// A message and its kind: RFC 6455 5.2 (opcodes) and 5.6 (data frames).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace websocket {

/// The opcodes of RFC 6455 5.2.
enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

/// A received message as a handler sees it: a view, valid until the handler returns, or, where
/// `WebSocket::recv_view` gave it, until the next call. Copy `data` to keep it.
struct Message {
  std::string_view data;  ///< the payload; valid UTF-8 when `opcode` is text
  Opcode opcode;          ///< text or binary

  bool is_text() const noexcept { return opcode == Opcode::text; }
  bool is_binary() const noexcept { return opcode == Opcode::binary; }

  /// So that a handler may take a std::string_view instead.
  operator std::string_view() const noexcept {
    return data;
  }  // NOLINT(google-explicit-constructor)
};

/// A received message as `WebSocket::recv_message` returns it: it owns its payload.
struct ReceivedMessage {
  std::string data;  ///< the payload; valid UTF-8 when `opcode` is text
  Opcode opcode;     ///< text or binary

  bool is_text() const noexcept { return opcode == Opcode::text; }
  bool is_binary() const noexcept { return opcode == Opcode::binary; }
};

}  // namespace websocket
