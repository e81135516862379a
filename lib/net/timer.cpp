// See timer.hpp.
#include "net/timer.hpp"

#include <utility>

namespace websocket::net {
namespace {

class Timer final : public Operation {
 public:
  Timer(LoopContextPtr loop, Clock::time_point when, std::function<void()> work)
      : loop_(std::move(loop)), key_(loop_->at(when, std::move(work))) {}
  ~Timer() override { loop_->forget(key_); }

 private:
  const LoopContextPtr loop_;
  const Timers::Key key_;
};

// What was posted cannot be called back, so what it does lives in a state it shares with the
// Operation, which takes it away when it is destroyed.
class Soon final : public Operation {
 public:
  Soon(const LoopContextPtr& loop, std::function<void()> work)
      : work_(std::make_shared<std::function<void()>>(std::move(work))) {
    loop->post([work = work_] {
      // On the stack, for the work may destroy the operation it belongs to.
      if (auto now = std::exchange(*work, nullptr)) now();
    });
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
