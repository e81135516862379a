// A condition variable that takes memory only once somebody waits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

namespace websocket::api {

// The same mutex is held in every call.
class LazyCondition {
 public:
  template <class Predicate>
  void wait(std::unique_lock<std::mutex>& lock, Predicate holds) {
    if (!holds()) get().wait(lock, holds);
  }
  template <class TimePoint, class Predicate>
  bool wait_until(std::unique_lock<std::mutex>& lock, TimePoint deadline, Predicate holds) {
    return holds() || get().wait_until(lock, deadline, holds);
  }
  void notify_all() {
    if (condition_) condition_->notify_all();
  }

 private:
  std::condition_variable& get() {
    if (!condition_) condition_ = std::make_unique<std::condition_variable>();
    return *condition_;
  }

  std::unique_ptr<std::condition_variable> condition_;
};

}  // namespace websocket::api
