// How a connection ended: RFC 6455 7.1.5 (the close code) and 7.4 (its meanings).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace websocket {

/// Told by `on_close` and `WebSocket::close`.
struct CloseInfo {
  /// The peer's code; 1005: it gave none; 1006: the link ended without a Close frame from it.
  std::uint16_t code = 1006;
  /// The peer's words, valid UTF-8, at most 123 bytes.
  std::string reason;
  /// A Close frame went both ways.
  bool clean = false;
  /// The peer sent the first Close frame.
  bool by_peer = false;
  /// Another attempt follows; false exactly once per run, in its last callback.
  bool will_reconnect = false;
  /// Messages that were queued on this connection and did not go out whole before it ended: the
  /// peer does not have them. One that is sent in pieces counts once its last piece was queued.
  std::size_t unsent_messages = 0;
  /// Messages that did go out, and of which nothing says that the peer has read them: neither an
  /// answer to a ping sent after them nor an answer to our Close frame with the same code.
  std::size_t unconfirmed_messages = 0;
};

}  // namespace websocket
