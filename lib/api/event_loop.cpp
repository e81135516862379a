#include <stdexcept>
#include <utility>

#include "api/event_loop_implementation.hpp"
#include "net/signals_blocked.hpp"

namespace websocket {

// ---- the public face

EventLoop::EventLoop() : implementation_(std::make_shared<Implementation>()) {}
EventLoop::~EventLoop() = default;
void EventLoop::start() { implementation_->start(); }
void EventLoop::run() { implementation_->run(); }
std::size_t EventLoop::poll() { return implementation_->poll(); }
void EventLoop::stop() { implementation_->stop(); }

// ---- what it does

EventLoop::Implementation::~Implementation() {
  stop();
  for (auto& [run, end_now] : host_->close_down()) end_now();
  // What was posted and never ran may hold apps, which hold the loop.
  while (host_->loop.poll() > 0) {
  }
}

void EventLoop::Implementation::claim() {
  if (!host_->begin_running()) {
    throw std::logic_error("the EventLoop is being run already");
  }
}

void EventLoop::Implementation::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) throw std::logic_error("the EventLoop is being run already");
  const net::SignalsBlocked blocked;  // the program's signals are not for this thread
  thread_ = std::thread([host = host_] {
    if (!host->begin_running()) return;
    host->loop.run();
    host->end_running();
  });
}

void EventLoop::Implementation::run() {
  claim();
  host_->loop.run();
  host_->end_running();
}

std::size_t EventLoop::Implementation::poll() {
  claim();
  const std::size_t done = host_->loop.poll();
  host_->end_running();
  return done;
}

void EventLoop::Implementation::stop() {
  host_->loop.stop();
  if (host_->runs_here()) return;  // it ends when the handler we are in has returned
  std::thread ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::exchange(thread_, {});
  }
  if (ended.joinable()) ended.join();
}

}  // namespace websocket
