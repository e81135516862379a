// Through which every handler of an app goes: knows on which thread one is running, and when shut
// lets none in any more. What makes destroying an app safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace websocket::api {

class HandlerGate {
 public:
  // False when shut. Waits while another thread is inside; a thread that is inside may enter again.
  bool enter();
  // The same without waiting: also false while another thread is inside.
  bool try_enter();
  void leave();

  // Whether the calling thread is inside.
  bool is_inside() const;
  bool is_shut() const noexcept { return shut_.load(std::memory_order_acquire); }

  // Nobody enters from now on; waits for another thread that is inside to leave.
  void shut();
  // The process exits: the same without waiting. Whoever leaves too late does not come back.
  void fall_silent();

 private:
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::thread::id inside_;
  int depth_ = 0;
  bool silent_ = false;
  std::atomic<bool> shut_{false};
};

}  // namespace websocket::api
