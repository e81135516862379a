// How long to wait before the next attempt to connect: exponential, capped, with full jitter.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <websocket/options.hpp>

namespace websocket::engine {

class Backoff {
 public:
  using Random = std::function<void(std::span<std::byte>)>;

  Backoff(const ReconnectPolicy& policy, Random random);

  // An attempt failed, or a link was lost: how long to wait. Longer each time, up to the cap.
  Duration next();
  void reset() noexcept { delay_ = initial_; }

 private:
  // From zero to one, evenly.
  double part();

  // Milliseconds, with their fractions: rounding would keep small delays from growing.
  const double initial_;
  const double cap_;
  const double multiplier_;
  const bool jitter_;
  Random random_;
  double delay_;
};

}  // namespace websocket::engine
