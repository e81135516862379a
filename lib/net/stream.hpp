// A byte stream that does not block: try to read or write, and where that would block, ask to be told
// when it is worth trying again. TCP is one; TLS is one that stands on any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

namespace websocket::net {

enum class IoStatus : std::uint8_t {
  ok,           // `size` bytes were moved, at least one
  would_block,  // nothing could be moved now
  end,          // reading: the peer has finished sending; for TLS: with a close_notify
  failed        // `error` says why; the stream is of no more use in that direction
};

struct IoResult {
  IoStatus status;
  std::size_t size = 0;
  // Reading: nothing more was there when this returned, so that trying again at once is in vain.
  bool drained = false;
  std::error_code error = {};
};

class Stream {
 public:
  // Told on the loop's thread, once for each time it was asked for. It may destroy the stream. There
  // may be nothing to read all the same; and where the loop's thread has nothing else to do, the first
  // read from within ready_to_read() waits a little for it.
  class Listener {
   public:
    virtual void ready_to_read() = 0;
    virtual void ready_to_write() = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~Stream() = default;  // closes; no listener is told anything afterwards

  // The listener outlives the stream or is taken off with null.
  virtual void set_listener(Listener* listener) = 0;

  virtual IoResult read(std::span<char> into) = 0;
  // After would_block, or where less was written than given, the next write begins with the bytes
  // left over (they may have moved, more may follow): TLS may have encrypted them already.
  virtual IoResult write(std::span<const char> from) = 0;

  // Asked again before it was told, it still tells once. Also told when the stream has failed.
  virtual void wait_to_read() = 0;
  virtual void wait_to_write() = 0;

  // "We are done sending": TCP's FIN; TLS sends close_notify first as far as it can without
  // blocking.
  virtual void shut_down_sending() = 0;

  virtual std::string local_address() const = 0;  // "127.0.0.1:50412", "[::1]:50412"
  virtual std::string remote_address() const = 0;
};

}  // namespace websocket::net
