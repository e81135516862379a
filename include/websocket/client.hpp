// The synchronous face: connect, send, receive, close, on the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <websocket/close.hpp>
#include <websocket/exceptions.hpp>
#include <websocket/export.hpp>
#include <websocket/headers.hpp>
#include <websocket/message.hpp>
#include <websocket/options.hpp>

namespace websocket {

/// A connection run by whoever calls its functions: no thread, and no work between the calls. Pings
/// are answered while a call is waiting. Use one object from one thread at a time.
///
/// Everything that fails throws one of exceptions.hpp's.
class WEBSOCKET_API WebSocket {
 public:
  explicit WebSocket(ConnectOptions options = {});
  /// Closes with 1001 without waiting for the answer; call close() to wait for it.
  ~WebSocket();
  WebSocket(WebSocket&& other) noexcept;
  WebSocket& operator=(WebSocket&& other) noexcept;

  /// Connects within ConnectOptions::timeout. After close() or a loss it may be called again.
  /// Throws std::logic_error when already connected.
  void connect(std::string_view url);

  /// Sends a text message: returns when the system has taken it. After a timeout the message is not
  /// lost: it goes out, in its turn, with the next calls; do not send it again.
  void send(std::string_view text);
  void send_text(std::string_view text);
  void send_bytes(std::span<const std::byte> data);
  void send_bytes(std::string_view data);
  /// At most 125 bytes of payload each. recv does not show pongs.
  void ping(std::string_view payload = {});
  void pong(std::string_view payload = {});

  /// The next message's payload. Throws WebSocketTimeoutException when none came in time and
  /// WebSocketConnectionClosedException when the connection has ended; what came before is given
  /// first.
  std::string recv();
  /// The same with its kind.
  ReceivedMessage recv_message();
  /// The same as a view, the fastest way: of most messages nothing is allocated and nothing copied.
  /// It is valid until the next call of a function of this object that is not const; that call may be
  /// given it, so that `ws.send(ws.recv_view())` echoes a text. Until then the memory behind it is kept:
  /// 128 KiB, or as much as the message is long. Where many connections rest, recv() is the better one.
  Message recv_view();
  /// The next message, or nullopt when none came in that time; the connection stays whole. Zero
  /// looks at what has arrived.
  std::optional<ReceivedMessage> try_recv(Duration timeout);

  /// For send and recv; nullopt: wait for ever. Starts as ConnectOptions::timeout.
  void set_timeout(std::optional<Duration> timeout);

  /// The closing handshake, at most ConnectOptions::close_timeout long. Messages that still arrive
  /// are dropped. Again: the same answer. Throws std::invalid_argument for a code other than
  /// 1000-1003, 1007-1014 and 3000-4999 and for a reason over 123 bytes or not UTF-8.
  CloseInfo close(std::uint16_t code = 1000, std::string_view reason = {});

  /// Whether messages can be sent, as far as is known without looking at the network.
  bool connected() const noexcept;
  std::string subprotocol() const;  ///< what the server chose; "" for nothing
  /// What the server chose of the extensions offered, as it wrote it; "" for nothing.
  std::string extensions() const;
  const Response& response() const;   ///< the handshake's answer; status 0 before connect()
  bool is_ssl() const noexcept;       ///< whether the latest URL was wss
  std::string local_address() const;  ///< "127.0.0.1:50412" or "[::1]:50412"
  std::string remote_address() const;

 private:
  class WEBSOCKET_LOCAL Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// A WebSocket that is connected to that URL.
WEBSOCKET_API WebSocket create_connection(std::string_view url, ConnectOptions options = {});

}  // namespace websocket
