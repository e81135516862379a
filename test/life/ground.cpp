#include "life/ground.hpp"

#include <utility>

namespace life {

using websocket::ConnectOptions;
using websocket::RunOptions;
using websocket::State;
using websocket::WebSocketApp;

const char* name_of(Ground ground) {
  switch (ground) {
    case Ground::own_thread:
      return "run by start()";
    case Ground::run_forever:
      return "run by run_forever()";
    case Ground::event_loop:
      return "run by an EventLoop";
    case Ground::dispatcher:
      return "with a dispatcher";
  }
  return "";
}

DispatcherThread::DispatcherThread()
    : tasks_(std::make_shared<support::Mailbox<std::function<void()>>>()),
      thread_([tasks = tasks_] {
        for (;;) {
          auto task = tasks->pop();
          if (!task) continue;
          if (!*task) return;
          (*task)();
        }
      }) {}

DispatcherThread::~DispatcherThread() {
  tasks_->push(nullptr);
  thread_.join();
}

websocket::Dispatcher DispatcherThread::dispatcher() {
  return [tasks = tasks_](std::function<void()> task) { tasks->push(std::move(task)); };
}

Runner::Runner(Ground ground) : ground_(ground) {
  if (ground == Ground::event_loop) loop_.emplace().start();
  if (ground == Ground::dispatcher) dispatcher_ = std::make_unique<DispatcherThread>();
}

Runner::~Runner() {
  for (std::thread& thread : threads_) thread.join();
}

std::unique_ptr<WebSocketApp> Runner::make_app(const std::string& url, ConnectOptions options) {
  if (loop_) return std::make_unique<WebSocketApp>(*loop_, url, std::move(options));
  return std::make_unique<WebSocketApp>(url, std::move(options));
}

RunOptions Runner::options(RunOptions options) const {
  if (dispatcher_) options.dispatcher = dispatcher_->dispatcher();
  return options;
}

void Runner::start(WebSocketApp& app, RunOptions run_options) {
  run_options = options(std::move(run_options));
  if (ground_ != Ground::run_forever) return app.start(std::move(run_options));
  threads_.emplace_back([&app, given = std::move(run_options)] { app.run_forever(given); });
}

}  // namespace life
