// Waits for one socket, or for none, without Asio's reactor, which is made for many: with poll(2),
// for that socket, a wake-up, and the time.
#pragma once

#include <atomic>
#include <memory>

#include "net/loop.hpp"

namespace websocket::net {

class LonePoll {
 public:
  // Null where the platform has no such thing.
  static std::unique_ptr<LonePoll> make();
  ~LonePoll();
  LonePoll(const LonePoll&) = delete;
  LonePoll& operator=(const LonePoll&) = delete;

  struct Directions {
    bool read = false;
    bool write = false;
  };
  struct Socket {
    int descriptor = -1;  // none
    Directions directions;
  };
  // Both false: it was woken, interrupted by a signal, or the time has come. A broken socket is ready
  // for both: the read or write that follows meets what is wrong with it.
  // time_point::min() only looks, max() waits for ever.
  Directions wait(const Socket& socket, Clock::time_point until);
  // Makes wait() return, now or the next time. From any thread.
  void wake() noexcept;

 private:
  LonePoll() = default;

  std::atomic<int> wake_{-1};  // there is no descriptor left
};

}  // namespace websocket::net
