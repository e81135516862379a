// See loop_context.hpp.
#include "net/loop_context.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "net/reactor_access.hpp"

namespace websocket::net {

// Inside Asio's functions, which may come back because we told it to stop.
class LoopContext::AtReactor {
 public:
  explicit AtReactor(LoopContext& loop) : loop_(loop) {
    loop_.is_at_reactor_.store(true);
    loop_.keep_time();
  }
  ~AtReactor() {
    loop_.is_at_reactor_.store(false);
    loop_.may_have_queued_.store(true);
    loop_.restart();
  }
  AtReactor(const AtReactor&) = delete;
  AtReactor& operator=(const AtReactor&) = delete;

 private:
  LoopContext& loop_;
};

void LoopContext::end() {
  timers_.clear();
  lone_waiter_ = nullptr;
  work_.reset();
  shutdown();
}

// ---- from any thread

void LoopContext::post(std::function<void()> work) {
  asio::post(*this, std::move(work));
  interrupt();
}

// Asio's own stop() is for the loop's thread: a late one would stop what is run next.
void LoopContext::stop_running() {
  stop_is_asked_.store(true);
  if (is_at_reactor_.load()) {
    asio::post(*this, [this] {
      if (is_at_reactor_.load()) stop();
    });
  }
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
  while (!take_stop()) {
    if (!needs_reactor()) {
      run_one_alone(Clock::time_point::max());
    } else {
      const AtReactor inside(*this);
      if (!stop_is_asked()) run();
    }
  }
}

std::size_t LoopContext::run_ready() {
  std::size_t all = 0;
  while (!take_stop()) {
    const std::size_t count =
        needs_reactor() ? poll_reactor() : run_one_alone(Clock::time_point::min());
    if (count == 0) break;
    all += count;
  }
  return all;
}

std::size_t LoopContext::poll_reactor() {
  const AtReactor inside(*this);
  return poll();
}

std::size_t LoopContext::run_one_until(Clock::time_point deadline) {
  const std::size_t count = run_one_alone(deadline);
  return take_stop() ? 0 : count;
}

std::size_t LoopContext::run_one_at_reactor(Clock::time_point deadline) {
  const AtReactor inside(*this);
  if (stop_is_asked()) return 0;
  if (deadline == Clock::time_point::max()) return run_one();
  const std::size_t count = asio::io_context::run_one_until(deadline);
  return count == 0 && !stopped() ? poll_one() : count;
}

// ---- timers

Timers::Key LoopContext::at(Clock::time_point when, Timers::Work work) {
  const Timers::Key key = timers_.add(when, std::move(work));
  if (is_at_reactor_.load() || wait_handle_is_used_.load()) keep_time();
  return key;
}

std::size_t LoopContext::run_due_timer() {
  const Timers::Work work = timers_.take_due();
  if (!work) return 0;
  work();
  return 1;
}

// At the reactor one of Asio's timers stands for all of ours: for the earliest, or before it.
void LoopContext::keep_time() {
  if (timers_.earliest() >= reactor_timer_is_at_) return;
  if (make_reactor()) return;
  reactor_timer_is_at_ = timers_.earliest();
  reactor_timer_->expires_at(reactor_timer_is_at_);
  reactor_timer_->async_wait([this](std::error_code cancelled) {
    if (cancelled) return;
    reactor_timer_is_at_ = Clock::time_point::max();
    run_due_timer();
    keep_time();
  });
}

// ---- one socket alone, or none

std::size_t LoopContext::run_one_alone(Clock::time_point deadline) {
  while (!needs_reactor()) {
    if (stop_is_asked()) return 0;
    // Said before looking: who posts meanwhile either is seen here or wakes us.
    polls_alone_.store(true);
    const bool has_queued = may_have_queued_.exchange(false);
    LoneWaiter* const waiter = lone_waiter_;
    const auto until =
        has_queued ? Clock::time_point::min() : std::min(deadline, timers_.earliest());
    LonePoll::Directions ready;
    if (waiter != nullptr) {
      ready = lone_poll_->wait(waiter->waits_for(), until);
    } else if (!has_queued) {
      lone_poll_->wait({}, until);
    }
    polls_alone_.store(false, std::memory_order_relaxed);  // one wake-up too many does no harm
    std::size_t count = has_queued ? poll_one() : 0;
    if (count > 0) may_have_queued_.store(true);  // there may be more
    if (stop_is_asked()) return count;
    // Also after a handler, which may have queued the next one: none starves the others.
    count += run_due_timer();
    if ((ready.read || ready.write) && lone_waiter_ == waiter) {
      waiter->is_ready(ready);
      ++count;
    }
    if (count > 0) return count;
    if (!has_queued && deadline != Clock::time_point::max() && Clock::now() >= deadline) return 0;
  }
  return run_one_at_reactor(deadline);
}

bool LoopContext::waits_alone(LoneWaiter& waiter) {
  if (lone_waiter_ == &waiter) return true;
  if (lone_waiter_ != nullptr || needs_reactor()) return false;
  lone_waiter_ = &waiter;
  if (is_at_reactor_.load()) stop();  // which it need not stay at
  return true;
}

bool LoopContext::needs_reactor() {
  if (reactor_waits_ > 0 || wait_handle_is_used_.load()) return true;
  if (lone_poll_ == nullptr) lone_poll_ = LonePoll::make();
  return lone_poll_ == nullptr;
}

std::error_code LoopContext::make_reactor() {
  try {
    if (!reactor_timer_) reactor_timer_.emplace(*this);
    return {};
  } catch (const std::system_error& error) {
    return error.code();
  }
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
  const int descriptor = reactor_descriptor(*this);
  wait_handle_is_used_.store(true);
  nobody_is_alone();
  keep_time();
  return descriptor;
}

}  // namespace websocket::net
