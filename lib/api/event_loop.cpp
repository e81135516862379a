#include <exception>
#include <latch>
#include <stdexcept>
#include <utility>

#include "api/event_loop_implementation.hpp"
#include "net/signals_blocked.hpp"

namespace websocket {

// ---- the public face

EventLoop::EventLoop() : implementation_(std::make_shared<Implementation>()) {}
EventLoop::~EventLoop() {
  if (!implementation_->is_at_home()) api::leave_as_it_is(std::move(implementation_));
}
void EventLoop::start() { implementation_->start(); }
void EventLoop::run() { implementation_->run(); }
std::size_t EventLoop::poll() { return implementation_->poll(); }
int EventLoop::native_handle() const noexcept {
  if (!implementation_->is_at_home()) return -1;
  const auto host = implementation_->host();
  if (host->is_running() && !host->runs_here()) return -1;  // there is nobody to tell
  try {
    return host->loop.wait_handle();
  } catch (const std::exception&) {  // no descriptor is left for the reactor
    return -1;
  }
}
void EventLoop::stop() {
  if (implementation_->is_at_home()) implementation_->stop();
}

// ---- what it does

EventLoop::Implementation::~Implementation() {
  // The process exits, and a handler that may be ours does not return.
  if (api::ExitGuard::get().is_too_late()) {
    if (thread_.joinable()) thread_.detach();
    api::leave_as_it_is(host_);
    return;
  }
  stop();
  // exit() was called in a handler on it: it does not come back from there, and stands on the loop.
  if (thread_.joinable()) {
    thread_.detach();
    api::leave_as_it_is(host_);
  }
  host_->begin_running();  // what is told now is told on this thread
  host_->close_down();
  // What was posted and never ran may hold apps, which hold the loop. A handler may have stopped it.
  do {
    host_->loop.forget_stop();
  } while (host_->poll() > 0);
  host_->end_running();
}

void EventLoop::Implementation::require_home() const {
  if (is_at_home()) return;
  throw std::logic_error("the EventLoop belongs to the process that this one was forked from");
}

// The calling thread runs the loop, until this goes. A stop() that came too late for it isn't meant for
// the next one.
class EventLoop::Implementation::Running {
 public:
  explicit Running(Implementation& loop) : loop_(loop) {
    if (loop_.host_->begin_running()) return;
    throw std::logic_error("the EventLoop is being run already");
  }
  ~Running() {
    const std::lock_guard lock(loop_.mutex_);  // stop() asks whether it is run
    loop_.host_->loop.forget_stop();
    loop_.host_->end_running();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Implementation& loop_;
};

void EventLoop::Implementation::start() {
  require_home();
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() && thread_has_ended_)
    end_thread(std::move(thread_));  // a handler stopped it
  if (thread_.joinable()) throw std::logic_error("the EventLoop is being run already");
  const net::SignalsBlocked blocked;  // the program's signals are not for this thread
  thread_has_ended_ = false;
  bool claimed = false;
  std::latch begun(1);
  thread_ = std::thread([this, &claimed, &begun] {
    const bool mine = host_->begin_running();
    claimed = mine;
    begun.count_down();
    if (!mine) return;
    host_->run();
    host_->end_running();
    thread_has_ended_ = true;
  });
  begun.wait();
  if (claimed) return;
  thread_.join();
  throw std::logic_error("the EventLoop is being run already");
}

// Nobody runs the loop then, and a stop() that came too late for the thread isn't meant for the next one.
void EventLoop::Implementation::end_thread(std::thread thread) {
  thread.join();
  host_->loop.forget_stop();
}

void EventLoop::Implementation::run() {
  require_home();
  const Running running(*this);
  host_->run();
}

std::size_t EventLoop::Implementation::poll() {
  require_home();
  if (host_->runs_here()) return 0;
  const Running running(*this);
  return host_->poll();
}

void EventLoop::Implementation::stop() {
  std::thread ended;
  {
    const std::lock_guard lock(mutex_);
    // A stop that nobody is there for would end the next run before it begins.
    if (!thread_.joinable() && !host_->is_running()) return;
    host_->loop.stop();
    if (host_->runs_here()) return;  // it ends when the handler we are in has returned
    ended = std::exchange(thread_, {});
  }
  if (ended.joinable()) end_thread(std::move(ended));
}

}  // namespace websocket
