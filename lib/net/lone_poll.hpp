// Waits for one socket, or for none, without Asio's reactor, which is made for many: with poll(2),
// for that socket, a wake-up, and the time.
#pragma once

#include <atomic>

#include "net/loop.hpp"

namespace websocket::net {

class LonePoll {
 public:
  // Whether the platform has such a thing.
  static bool is_possible() noexcept;

  LonePoll() = default;
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
  // From the thread that waits: others will wake it, until each who said so takes it back. Otherwise
  // it spares the descriptor that takes.
  void expect_wakes() { ++expecting_wakes_; }
  void expect_no_more_wakes();
  bool expects_wakes() const { return expecting_wakes_ > 0; }
  // Makes wait() return, now or the next time. From any thread, while wakes are expected.
  void wake() noexcept;

 private:
  unsigned expecting_wakes_ = 0;
  std::atomic<int> wake_{-1};  // none yet, or there is no descriptor left
};

}  // namespace websocket::net
