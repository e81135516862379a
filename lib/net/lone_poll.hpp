// Waits for one socket without Asio's reactor, which is made for many: with poll(2), for that socket,
// the reactor's timers, and a wake-up.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/io_context.hpp>
#include <memory>

#include "net/loop.hpp"

namespace websocket::net {

class LonePoll {
 public:
  // Null where the platform has no such thing.
  static std::unique_ptr<LonePoll> make(asio::io_context& context);
  ~LonePoll();
  LonePoll(const LonePoll&) = delete;
  LonePoll& operator=(const LonePoll&) = delete;

  struct Directions {
    bool read = false;
    bool write = false;
  };
  // All false: it was woken, or interrupted by a signal; or there is more to wait than poll(2) can.
  struct Ready {
    Directions socket;  // a broken one for both: the read or write that follows meets it
    bool timers = false;
    bool too_late = false;  // the deadline has passed
    bool failed = false;
  };
  Ready wait(int socket, Directions directions, Clock::time_point deadline);
  // Makes wait() return, now or the next time. From any thread.
  void wake() noexcept;

 private:
  LonePoll(int timers, int wake) : timers_(timers), wake_(wake) {}

  [[maybe_unused]] const int timers_;  // Asio's
  [[maybe_unused]] const int wake_;
};

}  // namespace websocket::net
