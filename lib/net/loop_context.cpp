// See loop_context.hpp.
#include "net/loop_context.hpp"

#include <asio/post.hpp>
#include <utility>

#include "net/reactor_access.hpp"

namespace websocket::net {

// ---- from any thread

void LoopContext::post(std::function<void()> work) {
  asio::post(*this, std::move(work));
  interrupt();
}

void LoopContext::stop_running() {
  stop();
  interrupt();
}

// What is posted while nobody is inside is in no reactor yet.
void LoopContext::interrupt() {
  may_have_queued_.store(true);
  if (wait_handle_is_used_.load()) interrupt_reactor(*this);
  if (polls_alone_.load()) lone_poll_->wake();
}

// ---- running it

void LoopContext::run_until_stopped() {
  nobody_is_alone();
  waits_at_reactor_only_ = true;
  run();
  waits_at_reactor_only_ = false;
  restart();
}

std::size_t LoopContext::run_ready() {
  nobody_is_alone();
  waits_at_reactor_only_ = true;
  const std::size_t count = poll();
  waits_at_reactor_only_ = false;
  if (stopped()) restart();
  return count;
}

std::size_t LoopContext::run_one_until(Clock::time_point deadline) {
  const std::size_t count = run_one_alone(deadline);
  if (count == 0 && stopped()) restart();
  return count;
}

std::size_t LoopContext::run_one_at_reactor(Clock::time_point deadline) {
  may_have_queued_.store(true);
  if (deadline == Clock::time_point::max()) return run_one();
  const std::size_t count = asio::io_context::run_one_until(deadline);
  return count == 0 && !stopped() ? poll_one() : count;
}

// ---- one socket alone

std::size_t LoopContext::run_one_alone(Clock::time_point deadline) {
  while (lone_waiter_ != nullptr) {
    // Said before looking: who posts meanwhile either is seen here or wakes us.
    polls_alone_.store(true);
    const bool has_queued = may_have_queued_.exchange(false);
    const LonePoll::Ready ready =
        lone_poll_->wait(lone_waiter_->descriptor(), lone_waiter_->waits_for(),
                         has_queued ? Clock::time_point::min() : deadline);
    polls_alone_.store(false);
    LoneWaiter* const waiter = lone_waiter_;
    std::size_t count = 0;
    if (has_queued || ready.timers) {
      count = poll_one();
      if (count > 0 || stopped()) may_have_queued_.store(true);  // there may be more
      if (stopped()) return count;
    }
    // Also after a handler, which may have queued the next one: neither starves the other.
    if ((ready.socket.read || ready.socket.write) && lone_waiter_ == waiter) {
      waiter->is_ready(ready.socket);
      return count + 1;
    }
    if (count > 0) return count;
    if (ready.failed) nobody_is_alone();
    if (ready.too_late && !has_queued) return 0;
  }
  return run_one_at_reactor(deadline);
}

bool LoopContext::waits_alone(LoneWaiter& waiter) {
  if (lone_waiter_ == &waiter) return true;
  if (!may_wait_alone()) return false;
  lone_waiter_ = &waiter;
  return true;
}

bool LoopContext::may_wait_alone() {
  if (lone_waiter_ != nullptr || reactor_waits_ > 0) return false;
  if (waits_at_reactor_only_ || wait_handle_is_used_.load()) return false;
  if (lone_poll_ == nullptr) lone_poll_ = LonePoll::make(*this);
  return lone_poll_ != nullptr;
}

void LoopContext::reactor_wait_begins() {
  ++reactor_waits_;
  nobody_is_alone();
}

void LoopContext::nobody_is_alone() {
  LoneWaiter* const waiter = std::exchange(lone_waiter_, nullptr);
  if (waiter != nullptr) waiter->wait_at_reactor();
}

// ---- a foreign loop

int LoopContext::wait_handle() {
  nobody_is_alone();
  wait_handle_is_used_.store(true);
  return reactor_descriptors(*this).all;
}

}  // namespace websocket::net
