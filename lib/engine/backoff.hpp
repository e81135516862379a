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
  Duration jittered(Duration delay);

  const Duration initial_;
  const Duration cap_;
  const double multiplier_;
  const bool jitter_;
  Random random_;
  Duration delay_;
};

}  // namespace websocket::engine
