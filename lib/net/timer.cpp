// See timer.hpp. A handler that Asio has queued can no longer be called back, so what it would do
// lives in a state it shares with the Operation, which takes it away when it is destroyed.
#include "net/timer.hpp"

#include <asio/steady_timer.hpp>
#include <utility>

namespace websocket::net {
namespace {

void run_once(std::function<void()>& work) {
  // On the stack, for the work may destroy the operation it belongs to.
  if (auto now = std::exchange(work, nullptr)) now();
}

class Timer final : public Operation {
 public:
  Timer(const LoopContextPtr& loop, Clock::time_point when, std::function<void()> work)
      : state_(std::make_shared<State>(loop, when, std::move(work))) {
    state_->timer.async_wait([state = state_](std::error_code) { run_once(state->work); });
  }
  ~Timer() override {
    state_->timer.cancel();
    const auto dropped = std::exchange(state_->work, nullptr);
  }

 private:
  struct State {
    State(const LoopContextPtr& on, Clock::time_point when, std::function<void()> what)
        : loop(on), timer(*on, when), work(std::move(what)) {}
    LoopContextPtr loop;
    asio::steady_timer timer;
    std::function<void()> work;
  };
  std::shared_ptr<State> state_;
};

class Soon final : public Operation {
 public:
  Soon(const LoopContextPtr& loop, std::function<void()> work)
      : work_(std::make_shared<std::function<void()>>(std::move(work))) {
    loop->post([work = work_] { run_once(*work); });
  }
  ~Soon() override { const auto dropped = std::exchange(*work_, nullptr); }

 private:
  std::shared_ptr<std::function<void()>> work_;
};

}  // namespace

OperationPtr run_at(const LoopContextPtr& loop, Clock::time_point when,
                    std::function<void()> work) {
  return std::make_unique<Timer>(loop, when, std::move(work));
}

OperationPtr run_soon(const LoopContextPtr& loop, std::function<void()> work) {
  return std::make_unique<Soon>(loop, std::move(work));
}

}  // namespace websocket::net
