// When a call's time is over.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "net/loop.hpp"

namespace websocket::api {

// The clock is read only when there is something to wait for: what is here already costs no look at
// it.
class Deadline {
 public:
  explicit Deadline(const std::optional<Duration>& timeout) : timeout_(timeout) {}

  net::Clock::time_point get() {
    if (!when_) when_ = compute();
    return *when_;
  }

  // What is there by then is taken as well, but no longer than that: a peer that always has more does
  // not keep a call for good.
  bool is_long_past() const {
    return when_ && net::Clock::now() >= net::later(*when_, std::chrono::milliseconds(8));
  }

 private:
  net::Clock::time_point compute() const {
    if (!timeout_) return net::Clock::time_point::max();
    return net::later(net::Clock::now(), std::max(*timeout_, Duration::zero()));
  }

  const std::optional<Duration> timeout_;
  std::optional<net::Clock::time_point> when_;
};

}  // namespace websocket::api
