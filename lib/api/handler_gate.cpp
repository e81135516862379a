#include "api/handler_gate.hpp"

#include "api/exit_guard.hpp"

namespace websocket::api {

// Where nobody is; tells what it saw where somebody was.
bool HandlerGate::come_in(std::uint32_t& state) {
  state = state_.load(std::memory_order_acquire);
  while ((state & (occupied_bit | shut_bit)) == 0) {
    if (state_.compare_exchange_weak(state, state | occupied_bit, std::memory_order_acquire)) {
      inside_.store(std::this_thread::get_id(), std::memory_order_relaxed);
      depth_ = 1;
      return true;
    }
  }
  return false;
}

bool HandlerGate::enter() {
  if (is_inside()) {
    if (is_shut()) return false;
    ++depth_;
    return true;
  }
  for (std::uint32_t state = 0; !come_in(state);) {
    if ((state & shut_bit) != 0) return false;
    state_.wait(state);
  }
  return true;
}

bool HandlerGate::try_enter() {
  std::uint32_t state = 0;
  return is_inside() ? enter() : come_in(state);
}

void HandlerGate::leave() {
  if (--depth_ > 0) return;
  inside_.store({}, std::memory_order_relaxed);
  const std::uint32_t before = state_.fetch_and(~occupied_bit, std::memory_order_acq_rel);
  state_.notify_all();
  if ((before & silent_bit) != 0) ExitGuard::get().stay_if_too_late();
}

void HandlerGate::fall_silent() {
  state_.fetch_or(shut_bit | silent_bit, std::memory_order_acq_rel);
  state_.notify_all();
}

void HandlerGate::shut() {
  std::uint32_t state = state_.fetch_or(shut_bit, std::memory_order_acq_rel) | shut_bit;
  state_.notify_all();
  if (is_inside()) return;
  for (; (state & occupied_bit) != 0; state = state_.load(std::memory_order_acquire)) {
    state_.wait(state);
  }
}

}  // namespace websocket::api
