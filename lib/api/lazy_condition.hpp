// A condition variable that takes memory only once somebody waits.
#pragma once

#include <condition_variable>
#include <memory>

namespace websocket::api {

// The same mutex, of whatever kind, is held in every call.
class LazyCondition {
 public:
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate holds) {
    if (!holds()) get().wait(lock, holds);
  }
  template <class Lock, class TimePoint, class Predicate>
  bool wait_until(Lock& lock, TimePoint deadline, Predicate holds) {
    return holds() || get().wait_until(lock, deadline, holds);
  }
  void notify_all() {
    if (condition_) condition_->notify_all();
  }

 private:
  std::condition_variable_any& get() {
    if (!condition_) condition_ = std::make_unique<std::condition_variable_any>();
    return *condition_;
  }

  std::unique_ptr<std::condition_variable_any> condition_;
};

}  // namespace websocket::api
