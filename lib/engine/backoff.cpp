#include "engine/backoff.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace websocket::engine {

namespace {

double milliseconds(Duration duration) {
  return static_cast<double>(std::max(duration, Duration(1)).count());
}

Duration duration(double milliseconds) {
  if (milliseconds >= static_cast<double>(Duration::max().count())) return Duration::max();
  return Duration(static_cast<Duration::rep>(milliseconds));
}

}  // namespace

Backoff::Backoff(const ReconnectPolicy& policy, Random random)
    : initial_(milliseconds(policy.initial_delay)),
      cap_(milliseconds(policy.max_delay)),
      multiplier_(policy.multiplier >= 1.0 ? policy.multiplier : 1.0),
      jitter_(policy.jitter),
      random_(std::move(random)),
      delay_(initial_) {}

Duration Backoff::next() {
  const double current = std::min(delay_, cap_);
  delay_ = std::min(current * multiplier_, cap_);
  return duration(jitter_ ? current * part() : current);
}

// Anything from zero to the delay: clients that lost the same server come back spread over that
// time.
double Backoff::part() {
  std::uint32_t drawn = 0;
  random_(std::as_writable_bytes(std::span(&drawn, 1)));
  return static_cast<double>(drawn) / 4294967295.0;
}

}  // namespace websocket::engine
