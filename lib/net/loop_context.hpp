// What lib/net's own files share of a loop: its timers, what was posted to it, its sockets that wait,
// and who waits for all that. It can end before the last object that was made on it. For lib/net
// alone; other layers know AsioLoop.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "net/lone_poll.hpp"
#include "net/loop.hpp"
#include "net/posted.hpp"
#include "net/reactor.hpp"
#include "net/timers.hpp"

namespace websocket::net {

// A socket that waits for its loop, and is the only one: see LoopContext::waits_alone().
class LoneWaiter {
 public:
  virtual LonePoll::Socket waits_for() const = 0;
  // Of the directions it waits for; `certainly`: nothing has run since that was found. It may be
  // destroyed meanwhile, and says so when it waits again.
  virtual void is_ready(LonePoll::Directions directions, bool certainly) = 0;
  // It waits to read, for nothing else, and the read itself may do the waiting, which is one system
  // call where looking first is two.
  virtual bool can_wait_by_reading() const = 0;
  // It is told as if it were ready, and the next read waits, longest_read_wait at most. Where that
  // was in vain or nothing was read, it cannot again before something came.
  virtual void wait_by_reading() = 0;
  // Where the others wait.
  virtual void wait_at_reactor() = 0;

 protected:
  ~LoneWaiter() = default;
};

class LoopContext {
 public:
  LoopContext() = default;
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  // Destroys everything that waits uncalled. Sockets and timers of this context stay valid objects.
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
  bool is_wanted_back() const {
    return stop_is_asked() || (visit_ends_ != Clock::time_point::max() && visit_is_over());
  }
  void forget_stop() { stop_is_asked_.store(false); }
  // Threads that do not run this may post to it or stop it, until all who said so take it back.
  void expect_other_threads() { lone_poll_.expect_wakes(); }
  void expect_them_no_more() { lone_poll_.expect_no_more_wakes(); }

  // Most loops have one connection. While its socket is the only one that waits, the system is asked
  // for that one directly: at Asio's reactor each wait takes an allocation, another system call and
  // a thousand instructions, and a loop that never needs the reactor need not make one, which takes
  // three descriptors and a dozen system calls. False: wait at the reactor. True: it waits until
  // is_ready(), wait_at_reactor() or forget().
  bool waits_alone(LoneWaiter& waiter);
  void forget(LoneWaiter& waiter) {
    if (lone_waiter_ == &waiter) lone_waiter_ = nullptr;
  }
  // Made when it is asked for.
  Reactor& reactor();
  // A socket begins to wait at the reactor; and it has been told.
  void reactor_wait_begins();
  void reactor_wait_ends() { --reactor_waits_; }

 private:
  class AtReactor;

  void interrupt();
  bool needs_reactor() const {
    return reactor_waits_ > 0 || wait_handle_is_used_.load() || !LonePoll::is_possible();
  }
  void nobody_is_alone();
  bool stop_is_asked() const { return stop_is_asked_.load(); }
  void stop_reactor();
  bool take_stop() { return stop_is_asked() && stop_is_asked_.exchange(false); }
  std::size_t run_some(Clock::time_point deadline);
  std::size_t run_one_at_reactor(Clock::time_point deadline);
  std::size_t poll_reactor();
  bool lets_reading_wait(const LoneWaiter* waiter, Clock::time_point deadline) const;
  bool visit_is_over() const { return Clock::now() >= visit_ends_; }
  void have_posted_run() noexcept;
  void run_posted_at_reactor();
  void run_timers_at_reactor();
  LonePoll::Directions look(LoneWaiter* waiter, Clock::time_point deadline);
  std::size_t run_posted();
  std::size_t run_due_timer();
  void keep_time(Clock::time_point when);

  Posted posted_;
  Timers timers_;
  std::atomic<bool> stop_is_asked_{false};
  Clock::time_point visit_ends_ = Clock::time_point::max();  // while run_ready() is under way

  // One socket alone, or none.
  LoneWaiter* lone_waiter_ = nullptr;
  LonePoll lone_poll_;
  std::atomic<bool> polls_alone_{false};

  // Once it was needed.
  std::unique_ptr<Reactor> reactor_;
  std::size_t reactor_waits_ = 0;  // sockets', not the timer's
  Clock::time_point reactor_timer_is_at_ = Clock::time_point::max();
  std::atomic<bool> is_at_reactor_{false};
  std::atomic<bool> reactor_will_run_posted_{false};
  std::atomic<bool> wait_handle_is_used_{false};
};

// Operations and streams hold one, so that they may outlive the loop that made them.
using LoopContextPtr = std::shared_ptr<LoopContext>;

}  // namespace websocket::net
