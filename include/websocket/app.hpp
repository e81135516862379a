// The callback face: a connection that runs by itself and tells what happens.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <websocket/callback.hpp>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/export.hpp>
#include <websocket/headers.hpp>
#include <websocket/message.hpp>
#include <websocket/options.hpp>

namespace websocket {

class EventLoop;

/// Where an app is in its life.
enum class State : std::uint8_t {
  idle,        ///< not started yet
  connecting,  ///< from the name look-up to the handshake's answer
  open,        ///< messages go both ways
  closing,  ///< close() was called, or the server's Close frame came, or the server broke the rules
  waiting,  ///< for the next attempt to connect
  closed    ///< the run has ended; start() begins a new one
};

/// What became of a message given to send().
enum class SendResult : std::uint8_t {
  queued,       ///< it will go out in its turn
  closed,       ///< there is no open connection; nothing was queued
  buffer_full,  ///< Limits::max_send_buffer would be exceeded; on_drain tells when there is room
                ///< again
  invalid       ///< text that is not UTF-8, or a ping over 125 bytes; nothing was queued
};

/// A WebSocket client with handlers, in the shape of websocket-client's WebSocketApp.
///
/// Handlers run on the thread that runs the loop (the caller of run_forever, the background thread
/// of start, the EventLoop's) or where RunOptions::dispatcher puts them; never two at once. For
/// each connection: on_open or on_reconnect, then messages, pings and pongs in wire order, then
/// on_error if something failed, then on_close. Each failed attempt has its on_error. The last
/// handler of a run is an on_close with `will_reconnect == false`, however the run ended; start()
/// may be called in it. An exception that leaves a handler goes to on_error
/// (Condition::callback_threw); the connection stays.
///
/// Every member function may be called from every thread, from every handler and in every state.
///
/// In a child process that fork() made after the app was constructed it is closed, can't be started,
/// and does nothing when it is destroyed: the connection stays the parent's. When the process exits
/// while apps run, no handler begins any more and their connections end.
class WEBSOCKET_API WebSocketApp {
 public:
  /// Never throws for what is in the URL or the options: a run tells it through on_error.
  explicit WebSocketApp(std::string url, ConnectOptions options = {});
  /// An app that runs on that loop. It may outlive the loop, which ends it then.
  WebSocketApp(EventLoop& loop, std::string url, ConnectOptions options = {});
  /// Ends the run. After it no handler runs: one that is running on another thread is waited for.
  /// An open connection is closed in order (code 1001); an app with a thread of its own waits for
  /// that no longer than close_timeout. Allowed in the app's own handlers, which must not touch the
  /// app after it.
  ~WebSocketApp();
  WebSocketApp(const WebSocketApp&) = delete;
  WebSocketApp& operator=(const WebSocketApp&) = delete;

  /// The first connection of a run is open; also each later one where on_reconnect is empty.
  Callback<void(WebSocketApp&)> on_open;
  /// A later connection of the same run is open.
  Callback<void(WebSocketApp&)> on_reconnect;
  /// There is room again: buffered_amount() had been over Limits::send_high_water, or a message was
  /// refused with SendResult::buffer_full, and now it is at most Limits::send_low_water (not
  /// counting what waits behind a message in pieces).
  Callback<void(WebSocketApp&)> on_drain;
  /// A whole message.
  Callback<void(WebSocketApp&, const Message& message)> on_message;
  /// Before each on_message (fin is true) and each on_cont_message: the fragment or piece, its
  /// opcode (text or binary for the first one of a message, then continuation), and whether it is
  /// the message's last. The view is valid until the handler returns.
  Callback<void(WebSocketApp&, std::string_view data, Opcode opcode, bool fin)> on_data;
  /// When set, a message that comes in fragments comes here, fragment by fragment as they arrive,
  /// and not to on_message; fragments of text may begin and end within a character. A message in
  /// one frame goes to on_message where that is set as well. Where it is not, every message comes
  /// here, and a long frame comes in pieces as its bytes arrive: so messages of any length can be
  /// received in little memory (see Limits::max_message_size).
  Callback<void(WebSocketApp&, std::string_view fragment, bool fin)> on_cont_message;
  /// A ping came; the pong has gone out already.
  Callback<void(WebSocketApp&, std::string_view payload)> on_ping;
  /// A pong came, asked for or not.
  Callback<void(WebSocketApp&, std::string_view payload)> on_pong;
  /// Something failed; `error.message` says what.
  Callback<void(WebSocketApp&, const Error& error)> on_error;
  /// A connection that was open has ended, or the run has; see CloseInfo::will_reconnect.
  Callback<void(WebSocketApp&, const CloseInfo& info)> on_close;

  /// Connects and runs until closed for good. False: closed in order by either side; true: ended by
  /// an error. Throws std::logic_error when a run is going on, from one of the app's own
  /// handlers, and from the thread that runs the app's EventLoop. Where there is no memory for
  /// something the connection fails as from anything else, and on an EventLoop all of its connections
  /// do. Where there is none for telling that either, the run is over and on_close alone is told; what
  /// would go through a dispatcher is not.
  bool run_forever(RunOptions options = {});
  /// The same on a background thread (or on the EventLoop); returns at once. Throws
  /// std::logic_error when a run is going on.
  void start(RunOptions options = {});
  /// Until the run going on now has ended; returns at once where there is none. Throws
  /// std::logic_error from one of the app's own handlers, where it would wait for itself.
  void wait();
  /// The same for at most that long: whether the run has ended. False at once from one of the app's
  /// own handlers.
  bool wait_for(Duration timeout);

  /// Queues a text message; never blocks on the network. It is compressed (where that was agreed
  /// on; see CompressionOptions), framed and masked when the call returns, so `text` may be
  /// changed. Messages of one thread keep their order.
  SendResult send(std::string_view text);
  /// The same as send().
  SendResult send_text(std::string_view text);
  /// Queues a binary message.
  SendResult send_bytes(std::span<const std::byte> data);
  SendResult send_bytes(std::string_view data);
  /// The same as send() and send_bytes(), but where there is no room it waits until there is: at
  /// most that long, then it says buffer_full. For threads of the program's own. In a handler,
  /// that is, on the thread that runs the app's loop, it does not wait, since that is the one which
  /// makes room. (Nor should a thread wait that calls EventLoop::poll from time to time.)
  /// When more than some 512 KiB are unsent it pauses now and then although there is room, within
  /// that time and 2 ms at most: what is written soon is still in the processor's cache.
  SendResult send_wait(std::string_view text, Duration timeout);
  SendResult send_bytes_wait(std::span<const std::byte> data, Duration timeout);
  SendResult send_bytes_wait(std::string_view data, Duration timeout);
  /// Queues a part of a message that is sent in pieces (RFC 6455 5.4); `fin` says that it is the
  /// last. The pieces of a message come from one thread, the first one decides between text and
  /// binary, and a piece of text may end within a character. What is sent by others meanwhile goes
  /// out after the last piece; pings do not wait. A piece that is refused with buffer_full can be
  /// given again, and one that is `invalid` replaced. When the connection ends, so does the message:
  /// the next piece is `closed`, and the one after it begins a new message.
  SendResult send_fragment(std::string_view text, bool fin);
  SendResult send_fragment(std::span<const std::byte> data, bool fin);
  SendResult send_bytes_fragment(std::string_view data, bool fin);
  /// Queues a ping; the payload has at most 125 bytes. The answer comes to on_pong.
  SendResult ping(std::string_view payload = {});
  /// Ends the run: what was queued goes out (but for what waits behind a message in pieces that was
  /// not ended), then a Close frame; the server has close_timeout to
  /// answer. While connecting or waiting it ends at once. Again: nothing happens. Idle or closed:
  /// likewise. Throws std::invalid_argument for a code other than 1000-1003, 1007-1014 and
  /// 3000-4999 (RFC 6455 7.4) and for a reason over 123 bytes or not UTF-8. Where there is no
  /// memory to close with it throws std::bad_alloc: nothing is sent any more then, and it can be called again.
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  /// Does not wait any longer for the next attempt to connect, and begins the delays anew: for when
  /// the program learns that the network is back. In other states nothing happens.
  void reconnect_now();

  State state() const noexcept;
  /// How long the last ping that was answered took there and back, whether RunOptions::ping_interval
  /// or ping() sent it. Zero before there was one on this connection.
  std::chrono::microseconds latency() const noexcept;
  /// Bytes of frames, their headers included, which the system has not taken yet.
  std::size_t buffered_amount() const noexcept;
  /// What the server chose of ConnectOptions::subprotocols; "" when nothing, or not open yet.
  std::string subprotocol() const;
  /// What the server chose of the extensions offered, as it wrote it:
  /// "permessage-deflate; server_no_context_takeover"; "" when nothing, or not open yet.
  std::string extensions() const;
  /// The server's answer to the handshake of the latest connection; status 0 before there was one.
  Response response() const;
  /// "127.0.0.1:50412" or "[::1]:50412" of the latest connection; "" before there was one.
  std::string local_address() const;
  std::string remote_address() const;

 private:
  class WEBSOCKET_LOCAL Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace websocket
