// A scripted TCP server on 127.0.0.1: blocking sockets, one thread per connection, a deadline for
// every step. It speaks WebSocket (RFC 6455 4.2, 5.2) only as far as its script says, also wrongly.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/deadline.hpp"
#include "support/descriptor.hpp"

namespace support {

/// What a RawConnection throws: the client went away, or nothing happened in time.
class RawError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A frame as it was on the wire.
struct RawFrame {
  bool fin = true;
  std::uint8_t reserved_bits = 0;  ///< RSV1 is 4, RSV2 is 2, RSV3 is 1
  std::uint8_t opcode = 0;
  bool masked = false;
  std::uint32_t mask_key = 0;
  std::uint8_t length_field = 0;  ///< the 7 bits: 126 and 127 say that a longer length follows
  std::string payload;            ///< unmasked

  std::uint16_t close_code() const;  ///< of a Close frame; 1005 without one
};

/// One accepted connection, in the hands of the script.
class RawConnection {
 public:
  RawConnection(Descriptor socket, int stop) : socket_(std::move(socket)), stop_(stop) {}

  /// What has come, at least a byte; empty at the end of the stream.
  std::string read_some(Milliseconds deadline = default_deadline);
  /// Up to and with the delimiter; what lies behind it is kept for the next read.
  std::string read_until(std::string_view delimiter, Milliseconds deadline = default_deadline);
  std::string read_exactly(std::size_t size, Milliseconds deadline = default_deadline);
  /// Reads and drops until the client ends the connection, in order or by a reset.
  void wait_for_end(Milliseconds deadline = default_deadline);
  void write(std::string_view bytes, Milliseconds deadline = default_deadline);

  /// Reads the request and answers 101 with the right accept value and those lines besides (each
  /// with its CR LF). Returns the request's head.
  std::string accept_handshake(std::string_view more_lines = {});
  RawFrame read_frame(Milliseconds deadline = default_deadline);
  void write_frame(bool fin, std::uint8_t opcode, std::string_view payload);
  void write_text(std::string_view payload) { write_frame(true, 1, payload); }
  void write_close(std::uint16_t code, std::string_view reason = {});

  /// No more bytes from here; reading goes on.
  void shutdown();
  /// Ends the connection with a reset.
  void reset();
  /// Ends the connection in order.
  void close() { socket_.close(); }

 private:
  void wait_for(short events, const Deadline& deadline, const char* what);

  Descriptor socket_;
  int stop_;
  std::string unread_;
};

/// Serves from its construction until its destruction.
class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  /// The script runs once for each connection, on a thread of its own; the connection is closed
  /// when it returns or throws. A RawError that leaves it is kept for `problems`.
  explicit RawServer(Script script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// `ws://127.0.0.1:<port><path>`
  std::string url(std::string_view path = "/") const;
  /// How many connections were accepted so far.
  int accepted() const { return accepted_.load(); }
  /// What scripts threw so far, other than because the server ended.
  std::vector<std::string> problems() const;

 private:
  void accept_connections();
  void serve(Descriptor socket);

  Script script_;
  Descriptor listener_;
  Descriptor stop_;  // readable once the server ends
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> problems_;
  std::vector<std::thread> connections_;  // the accepting thread's, until it has ended
  std::thread acceptor_;
};

/// Sec-WebSocket-Accept for a key, RFC 6455 4.2.2.
std::string accept_value(std::string_view key);
/// A field's value in a request's or answer's head; "" when it isn't there.
std::string header_value(std::string_view head, std::string_view name);
/// A frame as a server sends it: not masked, the length in the fewest bytes.
std::string server_frame(bool fin, std::uint8_t opcode, std::string_view payload);
/// Masks or unmasks.
void apply_mask(std::string& payload, std::uint32_t mask_key);

}  // namespace support
