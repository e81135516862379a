// A run's life as the program's threads see it: starting, waiting, closing, destroying.
#include "api/app_core.hpp"

#include <new>
#include <stdexcept>
#include <utility>

#include "net/openssl_at_exit.hpp"
#include "net/random.hpp"
#include "net/signals_blocked.hpp"
#include "protocol/close_code.hpp"
#include "protocol/frame.hpp"

namespace websocket {
namespace {

[[noreturn]] void throw_waiting_for_myself() {
  throw std::logic_error("the thread that runs a WebSocketApp cannot wait for it");
}

}  // namespace

WebSocketApp::Implementation::Implementation(WebSocketApp& app,
                                             std::shared_ptr<api::LoopHost> shared_loop,
                                             std::string url, ConnectOptions options)
    : app_(&app),
      url_(std::move(url)),
      shared_loop_(std::move(shared_loop)),
      options_(shared_loop_ ? shared_loop_->options.share(std::move(options))
                            : std::make_shared<const ConnectOptions>(std::move(options))),
      outbox_(options_->limits, net::fill_with_random) {}

// ---- starting

// life_mutex_ is held.
WebSocketApp::Implementation::ExecutionPtr WebSocketApp::Implementation::begin_execution(
    RunOptions options) {
  if (options.ping_payload.size() > protocol::max_control_payload) {
    throw std::invalid_argument("RunOptions::ping_payload has " +
                                std::to_string(options.ping_payload.size()) +
                                " bytes; a ping carries at most 125");
  }
  if (current_ && !current_->over) {
    throw std::logic_error("the WebSocketApp is running already");
  }
  auto execution = std::make_shared<Execution>(shared_from_this());
  execution->options = api::shared(std::move(options));
  execution->host = shared_loop_ ? shared_loop_ : std::make_shared<api::LoopHost>();
  if (execution->options->dispatcher) {
    if (!queue_) {
      // Not owned by the queue's functions: they may lie in a GUI's queue for ever.
      queue_ = std::make_shared<api::DispatchQueue>([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->handlers_caught_up();
      });
    }
    // One queue for all runs: the handlers of one come before those of the next.
    queue_->use(execution->options->dispatcher);
    execution->queue = queue_;
  }
  return execution;
}

void WebSocketApp::Implementation::start(RunOptions options) {
  const std::lock_guard lock(life_mutex_);
  const ExecutionPtr previous = current_;
  const ExecutionPtr execution = begin_execution(std::move(options));
  if (!execution->host->admit(execution)) {
    throw std::logic_error("the WebSocketApp's EventLoop is gone");
  }
  if (shared_loop_) {
    start_on_loop(execution);
  } else {
    const net::SignalsBlocked blocked;  // the program's signals are not for this thread
    // The lock is held over the assignment: a handler may run before it and ask for the thread.
    try {
      execution->thread =
          std::thread([self = shared_from_this(), host = execution->host, execution, previous] {
            self->wait_until_gone(previous);
            self->run_loop(execution);
            net::release_openssl_thread();  // before the host, which a process that exits waits for
          });
    } catch (...) {
      execution->host->dismiss(*execution);
      throw;
    }
    current_ = execution;
  }
  state_.store(State::connecting, std::memory_order_release);
}

// life_mutex_ is held.
void WebSocketApp::Implementation::start_on_loop(const ExecutionPtr& execution) {
  try {
    on_loop(execution, [this](const ExecutionPtr& mine) { begin_run(mine); });
  } catch (...) {
    execution->host->dismiss(*execution);
    throw;
  }
  current_ = execution;
}

bool WebSocketApp::Implementation::run_forever(RunOptions options) {
  refuse_to_wait_for_myself();
  ExecutionPtr execution;
  if (shared_loop_) {
    if (shared_loop_->runs_here()) throw_waiting_for_myself();
    start(std::move(options));
    const std::lock_guard lock(life_mutex_);
    execution = current_;
  } else {
    ExecutionPtr previous;
    {
      const std::lock_guard lock(life_mutex_);
      execution = begin_execution(std::move(options));
      execution->host->admit(execution);
      previous = std::exchange(current_, execution);
      state_.store(State::connecting, std::memory_order_release);
    }
    wait_until_gone(previous);
    run_loop(execution);
  }
  std::unique_lock lock(life_mutex_);
  done_.wait(lock, [&] { return execution->done; });
  return execution->ended_by_error;
}

// Of two runs of an app only one is at work: its last handler may have started the next.
void WebSocketApp::Implementation::wait_until_gone(const ExecutionPtr& previous) {
  if (!previous) return;
  std::thread thread;
  {
    std::unique_lock lock(life_mutex_);
    done_.wait(lock, [&] { return previous->done; });
    thread = std::move(previous->thread);
  }
  if (thread.joinable()) thread.join();
}

void WebSocketApp::Implementation::run_loop(const ExecutionPtr& execution) {
  const std::shared_ptr<api::LoopHost> host = execution->host;
  host->begin_running();
  try {
    begin_run_with_memory(execution);
    host->run();
  } catch (...) {
    // Whoever waits for the end waits no longer.
    if (active_ == execution) state_changed(State::closed);
    finish(execution);
    throw;
  }
  // It goes on running the loop, as others see it, until it is gone: a process that exits waits for
  // that.
  finish(execution);
}

// From here on: the loop's thread.
void WebSocketApp::Implementation::begin_run_with_memory(const ExecutionPtr& execution) {
  try {
    begin_run(execution);
  } catch (const std::bad_alloc&) {
    execution->memory_was_missing();
  }
}

void WebSocketApp::Implementation::begin_run(const ExecutionPtr& execution) {
  {
    const std::lock_guard lock(life_mutex_);
    if (execution->over) return;  // its EventLoop went before it began
  }
  active_ = execution;
  if (gate_.is_shut()) return end_without_beginning();
  engine::Run::Listener& listener = *this;
  execution->run.emplace(execution->host->loop, execution->host->keys, trace_, url_, *options_,
                         *execution->options, listener);
  execution->run->start();
}

// The app went, or the process exits, or its EventLoop goes, before the run has begun.
void WebSocketApp::Implementation::end_without_beginning() {
  state_changed(State::closed);
  closed(CloseInfo{});
}

void WebSocketApp::Implementation::finish(const ExecutionPtr& execution) {
  // What its dispatcher has refused is offered once more.
  if (execution->queue && !gate_.is_shut()) execution->queue->is_behind();
  if (active_ == execution) active_.reset();
  execution->watch.reset();
  execution->run.reset();
  std::shared_ptr<api::LoopHost> host;  // goes when the lock is gone, with all that waits in it
  {
    const std::lock_guard lock(life_mutex_);
    host = std::move(execution->host);
    execution->done = true;
    done_.notify_all();
  }
  if (host) host->dismiss(*execution);
  execution->app.reset();
}

// The loop goes before the run has ended. On its thread.
void WebSocketApp::Implementation::Execution::end_now() noexcept {
  end_anyway([this] {
    if (run) return run->end_now();
    app->active_ = shared_from_this();
    app->end_without_beginning();
  });
}

// What the program has closed does not fail, and is not tried again.
void WebSocketApp::Implementation::Execution::memory_was_missing() noexcept {
  const std::shared_ptr<Implementation> of = app;
  if (!of || of->active_.get() != this) return;
  if (!run) return of->end_without_memory(shared_from_this());
  if (run->over()) return of->finish_told(shared_from_this());
  end_anyway([&] {
    if (of->is_asked_to_close(*this)) return run->end_now();
    run->memory_was_missing();
  });
}

template <class End>
void WebSocketApp::Implementation::Execution::end_anyway(End end) noexcept {
  const std::shared_ptr<Implementation> of = app;
  const ExecutionPtr self = shared_from_this();
  try {
    return end();
  } catch (const std::exception&) {
  }
  if (run && run->over()) return of->finish_told(self);
  of->end_without_memory(self);
}

bool WebSocketApp::Implementation::is_asked_to_close(const Execution& execution) const {
  const std::lock_guard lock(life_mutex_);
  return execution.close_requested;
}

// For want of memory closed() may not have come to that: a run on an EventLoop finishes in what it posts. One on its
// own loop does so when the loop has stopped.
void WebSocketApp::Implementation::finish_told(const ExecutionPtr& execution) {
  if (shared_loop_) finish(execution);
}

// Not even an error can be told. on_close can: it needs no memory.
void WebSocketApp::Implementation::end_without_memory(const ExecutionPtr& execution) {
  try {
    end_without_beginning();
  } catch (const std::bad_alloc&) {  // a dispatcher does need some
  }
  {
    const std::lock_guard lock(life_mutex_);
    execution->ended_by_error = true;
  }
  finish_told(execution);
}

// ---- waiting

void WebSocketApp::Implementation::refuse_to_wait_for_myself() const {
  if (gate_.is_inside()) {
    throw std::logic_error("a handler of a WebSocketApp cannot wait for its run to end");
  }
  const std::lock_guard lock(life_mutex_);
  const bool runs_here = current_ && current_->host && current_->host->runs_here();
  if (runs_here && !current_->done) throw_waiting_for_myself();
}

void WebSocketApp::Implementation::wait() {
  refuse_to_wait_for_myself();
  std::unique_lock lock(life_mutex_);
  const ExecutionPtr execution = current_;
  if (execution) done_.wait(lock, [&] { return execution->done; });
}

bool WebSocketApp::Implementation::wait_for(Duration timeout) {
  if (gate_.is_inside()) return false;
  std::unique_lock lock(life_mutex_);
  const ExecutionPtr execution = current_;
  if (!execution || execution->done) return true;
  if (execution->host && execution->host->runs_here()) return false;
  const auto deadline = net::later(net::Clock::now(), timeout);
  return done_.wait_until(lock, deadline, [&] { return execution->done; });
}

// ---- closing

void WebSocketApp::Implementation::close(std::uint16_t code, std::string_view reason) {
  std::unique_lock lock(life_mutex_);
  if (!current_ || current_->over || current_->close_requested) return;
  outbox_.shut();
  state_.store(State::closing, std::memory_order_release);
  // (A run that has not begun yet is closed behind its beginning.)
  const bool at_once = current_->host->runs_here() && current_->run;
  if (!at_once) {
    on_loop(current_, [this, code, reason = std::string(reason)](const ExecutionPtr& execution) {
      close_run(execution, code, reason);
    });
  }
  current_->close_requested = true;  // not where that threw
  if (!at_once) return;
  // A handler closes: at once, so that what it is being told of can still take that into account.
  const ExecutionPtr execution = current_;
  lock.unlock();
  try {
    close_run(execution, code, reason);
  } catch (const std::bad_alloc&) {
    lock.lock();
    execution->close_requested = false;
    throw;
  }
}

void WebSocketApp::Implementation::reconnect_now() {
  const std::lock_guard lock(life_mutex_);
  if (!current_ || current_->over) return;
  on_loop(current_, [](const ExecutionPtr& execution) {
    if (execution->run) execution->run->reconnect_now();
  });
}

void WebSocketApp::Implementation::close_run(const ExecutionPtr& execution, std::uint16_t code,
                                             std::string_view reason) {
  if (!execution->run) return;
  while (hand_over_some()) {  // what was sent before goes before
  }
  execution->run->close(code, std::string(reason));
}

// ---- the end of the app

void WebSocketApp::Implementation::let_go() {
  if (api::ExitGuard::get().is_too_late()) return give_up();
  const bool from_a_handler = gate_.is_inside();
  outbox_.end_waiting();  // a handler elsewhere may be the one who waits, and we for it
  gate_.shut();
  go_away();
  std::unique_lock lock(life_mutex_);
  const ExecutionPtr execution = current_;
  if (!execution) return;
  if (queue_) queue_->close();
  if (shared_loop_) return;  // whoever runs the loop brings it to its end
  if (from_a_handler || (execution->host && execution->host->runs_here())) {
    // We are what the run waits for; it ends when we have returned.
    if (execution->thread.joinable()) execution->thread.detach();
    return;
  }
  done_.wait(lock, [&] { return execution->done; });
  std::thread thread = std::move(execution->thread);
  lock.unlock();
  if (thread.joinable()) thread.join();
}

// Where there is no memory to close the run in order it just ends, or on an EventLoop when the server ends it.
void WebSocketApp::Implementation::go_away() {
  try {
    close(static_cast<std::uint16_t>(protocol::CloseCode::going_away), {});
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(life_mutex_);
    if (!shared_loop_ && current_->host) current_->host->loop.stop();
  }
}

// The process exits, and a handler that may be ours does not return.
void WebSocketApp::Implementation::give_up() {
  const std::lock_guard lock(life_mutex_);
  if (current_ && current_->thread.joinable()) current_->thread.detach();
}

WebSocketApp::Implementation::Facts WebSocketApp::Implementation::facts() const {
  if (!is_at_home()) return {};
  const std::lock_guard lock(life_mutex_);
  return facts_;
}

}  // namespace websocket
