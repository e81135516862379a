// See loop_context.hpp.
#include "net/loop_context.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "net/reactor_access.hpp"

namespace websocket::net {
namespace {

// So many posted handlers run before the socket and the timers have their turn.
constexpr std::size_t most_in_a_row = 64;

}  // namespace

// Inside Asio's functions, which may come back because we told it to stop.
class LoopContext::AtReactor {
 public:
  explicit AtReactor(LoopContext& loop) : loop_(loop) {
    loop_.keep_time(loop_.timers_.earliest());
    loop_.is_at_reactor_.store(true);
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
  if (get_executor().running_in_this_thread()) {
    stop_reactor();
  } else if (is_at_reactor_.load()) {
    asio::post(*this, [this] { stop_reactor(); });
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
      run_some(Clock::time_point::max());
    } else {
      const AtReactor inside(*this);
      if (!stop_is_asked()) run();
    }
  }
}

std::size_t LoopContext::run_ready() {
  std::size_t all = 0;
  while (!take_stop()) {
    const std::size_t count = needs_reactor() ? poll_reactor() : run_some(Clock::time_point::min());
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
  const std::size_t count = run_some(deadline);
  return take_stop() ? 0 : count;
}

std::size_t LoopContext::run_one_at_reactor(Clock::time_point deadline) {
  const AtReactor inside(*this);
  if (stop_is_asked()) return 0;
  if (deadline == Clock::time_point::max()) return run_one();
  const std::size_t count = asio::io_context::run_one_until(deadline);
  return count == 0 && !stopped() ? poll_one() : count;
}

void LoopContext::stop_reactor() {
  if (is_at_reactor_.load()) stop();
}

// ---- timers

Timers::Key LoopContext::at(Clock::time_point when, Timers::Work work) {
  if (is_at_reactor_.load() || wait_handle_is_used_.load()) keep_time(when);
  return timers_.add(when, std::move(work));
}

std::size_t LoopContext::run_due_timer() {
  const Timers::Work work = timers_.take_due();
  if (!work) return 0;
  work();
  return 1;
}

// At the reactor one of Asio's timers stands for all of ours: it comes when the earliest is due, or
// before.
void LoopContext::keep_time(Clock::time_point when) {
  if (when >= reactor_timer_is_at_ || make_reactor()) return;
  reactor_timer_->expires_at(when);
  reactor_timer_->async_wait([this](std::error_code cancelled) {
    if (cancelled) return;
    reactor_timer_is_at_ = Clock::time_point::max();
    for (std::size_t i = 0; i < most_in_a_row && run_due_timer() > 0 && !stop_is_asked(); ++i) {
    }
    keep_time(timers_.earliest());
  });
  reactor_timer_is_at_ = when;
}

// ---- one socket alone, or none

// Where the reactor is needed, that is where it waits.
std::size_t LoopContext::run_some(Clock::time_point deadline) {
  while (!needs_reactor()) {
    if (stop_is_asked()) return 0;
    LoneWaiter* const waiter = lone_waiter_;
    const LonePoll::Directions ready = look(waiter, deadline);
    // None of the three starves the others.
    std::size_t count = run_queued();
    if (!stop_is_asked()) count += run_due_timer();
    if ((ready.read || ready.write) && lone_waiter_ == waiter && !stop_is_asked()) {
      waiter->is_ready(ready);
      ++count;
    }
    if (count > 0) return count;
    if (deadline != Clock::time_point::max() && Clock::now() >= deadline) return 0;
  }
  return run_one_at_reactor(deadline);
}

// Waits where nothing is queued.
LonePoll::Directions LoopContext::look(LoneWaiter* waiter, Clock::time_point deadline) {
  // Said before looking: who posts meanwhile either is seen here or wakes us.
  polls_alone_.store(true);
  const auto until =
      may_have_queued_.load() ? Clock::time_point::min() : std::min(deadline, timers_.earliest());
  LonePoll::Directions ready;
  if (waiter != nullptr) {
    ready = lone_poll_->wait(waiter->waits_for(), until);
  } else if (until != Clock::time_point::min()) {
    lone_poll_->wait({}, until);
  }
  polls_alone_.store(false, std::memory_order_relaxed);  // one wake-up too many does no harm
  return ready;
}

std::size_t LoopContext::run_queued() {
  if (!may_have_queued_.load()) return 0;
  std::size_t count = 0;
  while (count < most_in_a_row && !stop_is_asked()) {
    may_have_queued_.store(false);
    if (poll_one() == 0) return count;
    may_have_queued_.store(true);
    ++count;
  }
  return count;
}

bool LoopContext::waits_alone(LoneWaiter& waiter) {
  if (lone_waiter_ == &waiter) return true;
  if (lone_waiter_ != nullptr || needs_reactor()) return false;
  lone_waiter_ = &waiter;
  stop_reactor();  // which it need not stay at
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
  keep_time(timers_.earliest());
  return descriptor;
}

}  // namespace websocket::net
