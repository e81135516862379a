// How long a test waits before it says that something did not happen.
#pragma once

#include <algorithm>
#include <chrono>

namespace support {

using Milliseconds = std::chrono::milliseconds;

/// Long enough for a loaded machine under a sanitizer; no wait of a passing test comes near it.
inline constexpr Milliseconds default_deadline{20'000};

/// A point in time by which something has to happen.
class Deadline {
 public:
  explicit Deadline(Milliseconds from_now) : end_(Clock::now() + from_now) {}

  /// What is left, rounded up, in the form poll(2) wants it; 0 when the time is over.
  int left() const {
    const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now());
    return static_cast<int>(std::clamp<Milliseconds::rep>(left.count(), 0, 1'000'000));
  }
  bool over() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

}  // namespace support
