// The queue of things to do that a program with a window has, as a dispatcher.
#pragma once

#include <functional>
#include <utility>
#include <websocket/websocket.hpp>

#include "support/event.hpp"

namespace api_test {

/// Run by the test's own thread.
class HandlerQueue {
 public:
  websocket::RunOptions options() {
    return {.dispatcher = [this](std::function<void()> work) { work_.push(std::move(work)); }};
  }
  /// Runs the next thing; false when none came in time.
  bool run_one(support::Milliseconds deadline = support::default_deadline) {
    auto work = work_.pop(deadline);
    if (work) (*work)();
    return work.has_value();
  }
  bool run_until(const std::function<bool()>& condition) {
    while (!condition()) {
      if (!run_one()) return false;
    }
    return true;
  }
  void run_what_is_there() {
    while (!work_.empty()) run_one();
  }
  std::size_t size() const { return work_.size(); }

 private:
  support::Mailbox<std::function<void()>> work_;
};

}  // namespace api_test
