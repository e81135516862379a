// A condition variable that takes memory only once somebody waits, for a mutex of whatever kind. Where there is
// none, who waits looks now and then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

namespace websocket::api {

class LazyCondition {
  // Who waits takes the inner mutex before giving up the outer one, and who tells passes through it:
  // nobody is told between finding that it has to wait and waiting.
  struct Parts {
    std::mutex mutex;
    std::condition_variable condition;
    std::size_t waiting = 0;  // guarded by the outer mutex
  };

 public:
  // Those who wait, to be told once the outer mutex is free: they take that first thing, and where they
  // share a processor with who tells them they would run at once, only to find it held. Not to be kept
  // longer than the condition.
  class Waiters {
   public:
    Waiters() = default;
    void notify_all() const {
      if (parts_ == nullptr) return;
      { const std::lock_guard passing(parts_->mutex); }
      parts_->condition.notify_all();
    }

   private:
    friend class LazyCondition;
    explicit Waiters(Parts* parts) : parts_(parts) {}
    Parts* parts_ = nullptr;
  };

  // ---- the same mutex is held in every call
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate holds) {
    while (!holds()) {
      if (!wait_once(lock, [](Parts& parts, auto& inner) { parts.condition.wait(inner); }))
        look_later(lock);
    }
  }
  template <class Lock, class TimePoint, class Predicate>
  bool wait_until(Lock& lock, TimePoint deadline, Predicate holds) {
    bool in_time = true;
    while (!holds()) {
      if (!in_time) return false;
      const bool waited = wait_once(lock, [&](Parts& parts, auto& inner) {
        in_time = parts.condition.wait_until(inner, deadline) == std::cv_status::no_timeout;
      });
      if (waited) continue;
      look_later(lock);
      in_time = TimePoint::clock::now() < deadline;
    }
    return true;
  }
  Waiters waiters() const noexcept {
    return Waiters(parts_ && parts_->waiting > 0 ? parts_.get() : nullptr);
  }
  void notify_all() { waiters().notify_all(); }

 private:
  // False: there is no memory to wait with.
  template <class Lock, class Wait>
  bool wait_once(Lock& lock, Wait wait) {
    if (!parts_) parts_.reset(new (std::nothrow) Parts);
    if (!parts_) return false;
    Parts& parts = *parts_;
    ++parts.waiting;
    std::unique_lock inner(parts.mutex);
    lock.unlock();
    wait(parts, inner);
    inner.unlock();
    lock.lock();
    --parts.waiting;
    return true;
  }
  template <class Lock>
  static void look_later(Lock& lock) {
    constexpr std::chrono::milliseconds now_and_then{1};
    lock.unlock();
    std::this_thread::sleep_for(now_and_then);
    lock.lock();
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace websocket::api
