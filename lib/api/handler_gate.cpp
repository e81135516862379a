#include "api/handler_gate.hpp"

#include "api/exit_guard.hpp"

namespace websocket::api {

bool HandlerGate::enter() {
  const auto self = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return depth_ == 0 || inside_ == self || is_shut(); });
  if (is_shut()) return false;
  inside_ = self;
  ++depth_;
  return true;
}

bool HandlerGate::try_enter() {
  const auto self = std::this_thread::get_id();
  const std::lock_guard lock(mutex_);
  if (is_shut() || (depth_ > 0 && inside_ != self)) return false;
  inside_ = self;
  ++depth_;
  return true;
}

void HandlerGate::leave() {
  bool exits = false;
  {
    const std::lock_guard lock(mutex_);
    if (--depth_ > 0) return;
    inside_ = {};
    exits = silent_;
  }
  if (exits) ExitGuard::get().stay_if_too_late();
  left_.notify_all();
}

bool HandlerGate::is_inside() const {
  const std::lock_guard lock(mutex_);
  return depth_ > 0 && inside_ == std::this_thread::get_id();
}

void HandlerGate::fall_silent() {
  const std::lock_guard lock(mutex_);
  silent_ = true;
  shut_.store(true, std::memory_order_release);
  left_.notify_all();
}

void HandlerGate::shut() {
  const auto self = std::this_thread::get_id();
  std::unique_lock lock(mutex_);
  shut_.store(true, std::memory_order_release);
  left_.notify_all();
  left_.wait(lock, [&] { return depth_ == 0 || inside_ == self; });
}

}  // namespace websocket::api
