// What lib/net's own files share of a loop: its timers, what was posted to it, its sockets that wait,
// and who waits for all that. It can end before the last object that was made on it. For lib/net
// alone; other layers know AsioLoop.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "net/lone_poll.hpp"
#include "net/loop.hpp"
#include "net/timers.hpp"

namespace websocket::net {

// A socket that waits for its loop, and is the only one: see LoopContext::waits_alone().
class LoneWaiter {
 public:
  virtual LonePoll::Socket waits_for() const = 0;
  // Of the directions it waits for. It may be destroyed meanwhile, and says so when it waits again.
  virtual void is_ready(LonePoll::Directions directions) = 0;
  // Where the others wait.
  virtual void wait_at_reactor() = 0;

 protected:
  ~LoneWaiter() = default;
};

class LoopContext : public asio::io_context {
 public:
  // One thread runs it at a time and touches its sockets, which spares Asio some wake-ups and locks;
  // posting stays safe from any thread.
  LoopContext()
      : asio::io_context(ASIO_CONCURRENCY_HINT_UNSAFE_IO), work_(asio::make_work_guard(*this)) {}

  // Destroys every waiting handler uncalled. Sockets and timers of this context stay valid objects.
  void end();

  // Runs it on the thread that runs this, later; from any thread.
  void post(std::function<void()> work);
  Timers::Key at(Clock::time_point when, Timers::Work work);
  void forget(const Timers::Key& timer) { timers_.remove(timer); }
  // A descriptor that is readable when there is something to run; -1 where the platform has none.
  int wait_handle();

  // As AsioLoop says.
  void run_until_stopped();
  std::size_t run_one_until(Clock::time_point deadline);
  std::size_t run_ready();
  void stop_running();
  void forget_stop() { stop_is_asked_.store(false); }

  // Most loops have one connection. While its socket is the only one that waits, the system is asked
  // for that one directly: at Asio's reactor each wait takes an allocation, another system call and
  // a thousand instructions, and a loop that never needs the reactor need not make one, which takes
  // three descriptors and a dozen system calls. False: wait at the reactor. True: it waits until
  // is_ready(), wait_at_reactor() or forget().
  bool waits_alone(LoneWaiter& waiter);
  void forget(LoneWaiter& waiter) {
    if (lone_waiter_ == &waiter) lone_waiter_ = nullptr;
  }
  // Fails where no descriptor is left for it.
  std::error_code make_reactor();
  // A socket begins to wait at the reactor, which has been made; and it has been told.
  void reactor_wait_begins();
  void reactor_wait_ends() { --reactor_waits_; }

 private:
  class AtReactor;

  void interrupt();
  bool needs_reactor();  // or has what it takes to wait without
  void nobody_is_alone();
  bool stop_is_asked() const { return stop_is_asked_.load(); }
  void stop_reactor();
  bool take_stop() { return stop_is_asked() && stop_is_asked_.exchange(false); }
  std::size_t run_some(Clock::time_point deadline);
  std::size_t run_one_at_reactor(Clock::time_point deadline);
  std::size_t poll_reactor();
  LonePoll::Directions look(LoneWaiter* waiter, Clock::time_point deadline);
  std::size_t run_queued();
  std::size_t run_due_timer();
  void keep_time(Clock::time_point when);

  // "Nothing to do" is no reason for Asio to stop.
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::atomic<bool> stop_is_asked_{false};
  std::atomic<bool> is_at_reactor_{false};
  std::atomic<bool> wait_handle_is_used_{false};

  Timers timers_;
  std::optional<asio::steady_timer> reactor_timer_;  // for the earliest, once the reactor is needed
  Clock::time_point reactor_timer_is_at_ = Clock::time_point::max();

  LoneWaiter* lone_waiter_ = nullptr;
  std::unique_ptr<LonePoll> lone_poll_;
  std::size_t reactor_waits_ = 0;            // sockets', not the timer's
  std::atomic<bool> may_have_queued_{true};  // what was posted, which no descriptor tells
  std::atomic<bool> polls_alone_{false};
};

// Operations and streams hold one, so that they may outlive the loop that made them.
using LoopContextPtr = std::shared_ptr<LoopContext>;

}  // namespace websocket::net
