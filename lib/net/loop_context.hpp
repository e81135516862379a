// What lib/net's own files share of a loop: Asio's context, which can end before the last object
// that was made on it. For lib/net alone; other layers know AsioLoop.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <functional>
#include <memory>

#include "net/lone_poll.hpp"
#include "net/loop.hpp"

namespace websocket::net {

// A socket that waits for its loop, and is the only one: see LoopContext::waits_alone().
class LoneWaiter {
 public:
  virtual int descriptor() = 0;
  virtual LonePoll::Directions waits_for() const = 0;
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
  void end() {
    work_.reset();
    shutdown();
  }

  // Runs it on the thread that runs this, later; from any thread.
  void post(std::function<void()> work);
  // A descriptor that is readable when there is something to run; -1 where the platform has none.
  int wait_handle();

  // As AsioLoop says.
  void run_until_stopped();
  std::size_t run_one_until(Clock::time_point deadline);
  std::size_t run_ready();
  void stop_running();

  // Under blocking calls a loop has one connection, as a rule. While its socket is the only one that
  // waits, run_one_until() asks the system for that one directly: at Asio's reactor each wait takes
  // an allocation, another system call and a thousand instructions. False: wait at the reactor.
  // True: it waits until is_ready(), wait_at_reactor() or forget().
  bool waits_alone(LoneWaiter& waiter);
  void forget(LoneWaiter& waiter) {
    if (lone_waiter_ == &waiter) lone_waiter_ = nullptr;
  }
  // A socket begins to wait at the reactor, and has been told what it waited for.
  void reactor_wait_begins();
  void reactor_wait_ends() { --reactor_waits_; }

 private:
  void interrupt();
  bool may_wait_alone();
  void nobody_is_alone();
  std::size_t run_one_at_reactor(Clock::time_point deadline);
  std::size_t run_one_alone(Clock::time_point deadline);

  // "Nothing to do" is no reason to stop: only stop() is.
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::atomic<bool> wait_handle_is_used_{false};

  LoneWaiter* lone_waiter_ = nullptr;
  std::unique_ptr<LonePoll> lone_poll_;      // once a socket waited alone
  std::size_t reactor_waits_ = 0;            // sockets', not timers'
  bool waits_at_reactor_only_ = false;       // in run_until_stopped() and run_ready()
  std::atomic<bool> may_have_queued_{true};  // Asio has, which no descriptor tells
  std::atomic<bool> polls_alone_{false};
};

// Operations and streams hold one, so that they may outlive the loop that made them.
using LoopContextPtr = std::shared_ptr<LoopContext>;

}  // namespace websocket::net
