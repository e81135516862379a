// What threads of a test tell one another: an event, and a mailbox of values. Every wait has a
// deadline.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "support/deadline.hpp"

namespace support {

/// Happens once and stays so.
class Event {
 public:
  void set() {
    // Notified under the lock: whoever waits may destroy the event as soon as it has it.
    const std::lock_guard lock(mutex_);
    happened_ = true;
    changed_.notify_all();
  }
  /// Whether it happened in time.
  [[nodiscard]] bool wait(Milliseconds deadline = default_deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [this] { return happened_; });
  }
  bool is_set() const {
    const std::lock_guard lock(mutex_);
    return happened_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

/// Happens when `arrive` was called as often as said at the start.
class Latch {
 public:
  explicit Latch(std::size_t count) : left_(count) {}

  void arrive() {
    const std::lock_guard lock(mutex_);
    if (left_ > 0) --left_;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait(Milliseconds deadline = default_deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_;
};

/// Values in the order they came; filled by one thread, emptied by another.
template <class T>
class Mailbox {
 public:
  void push(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  /// The next value, or nullopt when none came in time.
  [[nodiscard]] std::optional<T> pop(Milliseconds deadline = default_deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, deadline, [this] { return !values_.empty(); })) return {};
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }
  bool empty() const { return size() == 0; }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

}  // namespace support
