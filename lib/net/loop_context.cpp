// See loop_context.hpp.
#include "net/loop_context.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/meanwhile.hpp"
#include "net/reactor_access.hpp"
#include "net/system_socket.hpp"

namespace websocket::net {
namespace {

// So many posted handlers run before the socket and the timers have their turn.
constexpr std::size_t most_in_a_row = 64;

// So long run_ready() goes on where there is always more: who calls it has a window to draw, some
// sixty times a second.
constexpr std::chrono::milliseconds longest_visit{8};

// A read waits by the system's ticks, which may be 10 ms.
constexpr auto time_for_a_read = 2 * system_socket::longest_read_wait;

}  // namespace

// Inside Asio's functions, which may come back because we told it to stop.
class LoopContext::AtReactor {
 public:
  explicit AtReactor(LoopContext& loop) : AtReactor(loop, loop.reactor()) {
    loop_.keep_time(loop_.timers_.earliest());
    // What was posted before is known to nobody here.
    if (!loop_.posted_.empty()) loop_.have_posted_run();
  }
  ~AtReactor() {
    loop_.is_at_reactor_.store(false);
    reactor_.restart();
    // After a stop, out of an exception, or for it took long: the foreign loop is to come again for
    // the rest. Asio may have taken from the system what it has not told yet.
    const bool is_done = all_is_told_ && loop_.posted_.empty();
    if (loop_.wait_handle_is_used_.load() && !is_done) interrupt_reactor(reactor_);
  }
  // One handler, where one is ready.
  bool poll_one() {
    if (reactor_.poll_one() > 0) return true;
    all_is_told_ = !reactor_.stopped();
    return false;
  }
  AtReactor(const AtReactor&) = delete;
  AtReactor& operator=(const AtReactor&) = delete;

 private:
  AtReactor(LoopContext& loop, Reactor& reactor) : loop_(loop), reactor_(reactor) {
    loop_.is_at_reactor_.store(true);
  }

  LoopContext& loop_;
  Reactor& reactor_;
  bool all_is_told_ = false;
};

void LoopContext::end() {
  timers_.clear();
  lone_waiter_ = nullptr;
  posted_.clear();
  if (reactor_) reactor_->end();
  posted_.clear();  // what came of that
}

// ---- from any thread

void LoopContext::post(std::function<void()> work) {
  posted_.add(std::move(work));
  interrupt();
}

// Asio's own stop() is for the loop's thread: a late one would stop what is run next.
void LoopContext::stop_running() {
  stop_is_asked_.store(true);
  if (is_at_reactor_.load() && reactor_->runs_here()) stop_reactor();
  interrupt();
}

// What comes while nobody is inside is seen by who comes next.
void LoopContext::interrupt() {
  if (is_at_reactor_.load()) have_posted_run();
  if (wait_handle_is_used_.load()) interrupt_reactor(*reactor_);
  if (polls_alone_.load()) lone_poll_.wake();
}

void LoopContext::have_posted_run() noexcept {
  if (reactor_will_run_posted_.exchange(true)) return;
  reactor_->post_the_one([this] { run_posted_at_reactor(); });
}

// ---- running it

void LoopContext::run_until_stopped() {
  while (!take_stop()) {
    if (!needs_reactor()) {
      run_some(Clock::time_point::max());
    } else {
      const AtReactor inside(*this);
      if (!stop_is_asked()) reactor_->run();
    }
  }
}

std::size_t LoopContext::run_ready() {
  const base::Meanwhile visit(visit_ends_, Clock::now() + longest_visit);
  std::size_t all = 0;
  while (!take_stop()) {
    if (all > 0 && visit_is_over()) break;
    const std::size_t count = needs_reactor() ? poll_reactor() : run_some(Clock::time_point::min());
    if (count == 0 && !stop_is_asked()) break;
    all += count;
  }
  return all;
}

std::size_t LoopContext::poll_reactor() {
  AtReactor inside(*this);
  std::size_t count = 0;
  while (inside.poll_one()) {
    ++count;
    if (visit_is_over()) break;
  }
  return count;
}

std::size_t LoopContext::run_one_until(Clock::time_point deadline) {
  const std::size_t count = run_some(deadline);
  return take_stop() ? 0 : count;
}

std::size_t LoopContext::run_one_at_reactor(Clock::time_point deadline) {
  const AtReactor inside(*this);
  if (stop_is_asked()) return 0;
  if (deadline == Clock::time_point::max()) return reactor_->run_one();
  const std::size_t count = reactor_->run_one_until(deadline);
  return count == 0 && !reactor_->stopped() ? reactor_->poll_one() : count;
}

void LoopContext::stop_reactor() {
  if (is_at_reactor_.load()) reactor_->stop();
}

void LoopContext::run_posted_at_reactor() {
  reactor_will_run_posted_.store(false);
  if (!stop_is_asked()) run_posted();
  if (stop_is_asked()) return stop_reactor();
  if (!posted_.empty()) have_posted_run();
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
  if (when >= reactor_timer_is_at_ || reactor().make_timer()) return;
  reactor_timer_is_at_ = Clock::time_point::max();  // setting it ends the wait under way
  reactor().timer().expires_at(when);
  reactor().timer().async_wait([this](std::error_code cancelled) {
    if (!cancelled) run_timers_at_reactor();
  });
  reactor_timer_is_at_ = when;
}

void LoopContext::run_timers_at_reactor() {
  reactor_timer_is_at_ = Clock::time_point::max();
  for (std::size_t i = 0; i < most_in_a_row && run_due_timer() > 0 && !stop_is_asked(); ++i) {
  }
  keep_time(timers_.earliest());
}

// ---- one socket alone, or none

// Where the reactor is needed, that is where it waits.
std::size_t LoopContext::run_some(Clock::time_point deadline) {
  while (!needs_reactor()) {
    if (stop_is_asked()) return 0;
    LoneWaiter* const waiter = lone_waiter_;
    if (lets_reading_wait(waiter, deadline)) {
      waiter->wait_by_reading();
      return 1;
    }
    const LonePoll::Directions ready = look(waiter, deadline);
    // None of the three starves the others.
    std::size_t count = run_posted();
    if (!stop_is_asked()) count += run_due_timer();
    if ((ready.read || ready.write) && lone_waiter_ == waiter && !stop_is_asked()) {
      waiter->is_ready(ready, count == 0);
      ++count;
    }
    if (count > 0) return count;
    if (deadline != Clock::time_point::max() && Clock::now() >= deadline) return 0;
  }
  return run_one_at_reactor(deadline);
}

// Where nothing else can happen meanwhile: no other thread has anything to say, and it is long until
// a timer or the deadline.
bool LoopContext::lets_reading_wait(const LoneWaiter* waiter, Clock::time_point deadline) const {
  if (lone_poll_.expects_wakes() || waiter == nullptr || !waiter->can_wait_by_reading())
    return false;
  if (!posted_.empty()) return false;
  const auto until = std::min(deadline, timers_.earliest());
  return until == Clock::time_point::max() || until > Clock::now() + time_for_a_read;
}

// Waits where nothing was posted.
LonePoll::Directions LoopContext::look(LoneWaiter* waiter, Clock::time_point deadline) {
  // Said before looking: who posts meanwhile either is seen here or wakes us.
  polls_alone_.store(true);
  const bool has_work = !posted_.empty() || stop_is_asked();
  const auto until = has_work ? Clock::time_point::min() : std::min(deadline, timers_.earliest());
  LonePoll::Directions ready;
  if (waiter != nullptr) {
    ready = lone_poll_.wait(waiter->waits_for(), until);
  } else if (until != Clock::time_point::min()) {
    lone_poll_.wait({}, until);
  }
  polls_alone_.store(false, std::memory_order_relaxed);  // one wake-up too many does no harm
  return ready;
}

std::size_t LoopContext::run_posted() {
  std::size_t count = 0;
  while (count < most_in_a_row && !posted_.empty() && !stop_is_asked()) {
    const Posted::Work work = posted_.take();
    work();
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

Reactor& LoopContext::reactor() {
  if (!reactor_) reactor_ = std::make_unique<Reactor>();
  return *reactor_;
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
  const int descriptor = reactor_descriptor(reactor());
  wait_handle_is_used_.store(true);
  nobody_is_alone();
  keep_time(timers_.earliest());
  return descriptor;
}

}  // namespace websocket::net
