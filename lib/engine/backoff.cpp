#include "engine/backoff.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace websocket::engine {

Backoff::Backoff(const ReconnectPolicy& policy, Random random)
    : initial_(std::max(policy.initial_delay, Duration(1))),
      cap_(std::max(policy.max_delay, Duration(1))),
      multiplier_(std::max(policy.multiplier, 1.0)),
      jitter_(policy.jitter),
      random_(std::move(random)),
      delay_(initial_) {}

Duration Backoff::next() {
  const Duration current = std::min(delay_, cap_);
  const double grown = static_cast<double>(current.count()) * multiplier_;
  delay_ = grown >= static_cast<double>(cap_.count()) ? cap_ : Duration(static_cast<Duration::rep>(grown));
  return jitter_ ? jittered(current) : current;
}

// Anything from zero to the delay: clients that lost the same server come back spread over that time.
Duration Backoff::jittered(Duration delay) {
  std::uint32_t drawn = 0;
  random_(std::as_writable_bytes(std::span(&drawn, 1)));
  const double part = static_cast<double>(drawn) / 4294967295.0;
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * part));
}

}  // namespace websocket::engine
