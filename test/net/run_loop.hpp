// Running a loop in a test until something has happened, and the results of operations.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "net/asio_loop.hpp"
#include "support/deadline.hpp"

namespace net_test {

using namespace websocket;

/// Runs the loop until `happened()`, or for as long as any test waits; says whether it happened.
template <class Predicate>
bool run_until(net::AsioLoop& loop, Predicate happened) {
  const auto deadline = net::Clock::now() + support::default_deadline;
  while (!happened()) {
    if (loop.run_one_until(deadline) == 0) return happened();
  }
  return true;
}

/// Runs what is ready by now, and what that makes ready. What comes from elsewhere is not waited
/// for.
inline void run_ready(net::AsioLoop& loop) {
  while (loop.poll() > 0) {
  }
}

/// What an operation told: its value or its failure, and how often.
template <class Value>
class Told {
 public:
  auto handler() {
    return [this](base::Outcome<Value> outcome) {
      ++times_;
      outcome_.emplace(std::move(outcome));
    };
  }
  int times() const { return times_; }
  explicit operator bool() const { return outcome_.has_value(); }
  /// Throws where the operation told the other one.
  Value& value() { return std::get<Value>(outcome_.value()); }
  const base::Failure& failure() const { return std::get<base::Failure>(outcome_.value()); }
  bool has_failed() const { return outcome_ && std::holds_alternative<base::Failure>(*outcome_); }

 private:
  int times_ = 0;
  std::optional<base::Outcome<Value>> outcome_;
};

using ToldStream = Told<std::unique_ptr<net::Stream>>;
using ToldAddresses = Told<std::vector<net::Address>>;

/// Notes what it is told, and does then what it was given to do.
class Listening : public net::Stream::Listener {
 public:
  void ready_to_read() override {
    ++reads;
    if (when_readable) when_readable();
  }
  void ready_to_write() override { ++writes; }
  int reads = 0;
  int writes = 0;
  std::function<void()> when_readable;
};

}  // namespace net_test
