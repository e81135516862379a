#include "api/dispatch_queue.hpp"

#include <utility>

namespace websocket::api {

DispatchQueue::DispatchQueue(std::function<void()> caught_up) : caught_up_(std::move(caught_up)) {}

void DispatchQueue::use(Dispatcher dispatcher) {
  auto given = std::make_shared<const Dispatcher>(std::move(dispatcher));
  const std::lock_guard lock(mutex_);
  dispatcher_.swap(given);
}

bool DispatchQueue::push(std::size_t size, std::function<void()> handler) {
  bool lags = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    items_.push_back({size, std::move(handler)});
    bytes_ += size;
    lags = lagging_ = lagging_ || is_over_the_mark();
    if (std::exchange(scheduled_, true)) return lags;
  }
  schedule();
  return lags;
}

// At most one function of ours is with the dispatcher at a time: so handlers keep their order and
// never run two at once, even if it hands its functions to several threads.
void DispatchQueue::schedule() {
  std::shared_ptr<const Dispatcher> dispatcher;
  {
    const std::lock_guard lock(mutex_);
    dispatcher = dispatcher_;
  }
  try {
    (*dispatcher)([self = shared_from_this()] { self->run_some(); });
  } catch (...) {
    // It did not take it; the next handler asks again.
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
  }
}

void DispatchQueue::run_some() {
  for (int i = 0; i < handlers_per_turn; ++i) {
    if (!run_one()) return;
  }
  // The program's own events have their turn.
  schedule();
}

bool DispatchQueue::run_one() {
  Item item;
  std::function<void()> caught_up;
  {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) {
      scheduled_ = false;
      return false;
    }
    item = std::move(items_.front());
    items_.pop_front();
    bytes_ -= item.size;
    if (lagging_ && items_.size() <= most_handlers / 2 && bytes_ <= most_bytes / 2) {
      lagging_ = false;
      caught_up = caught_up_;
    }
  }
  item.handler();
  if (caught_up) caught_up();
  return true;
}

void DispatchQueue::close() {
  std::deque<Item> dropped;  // destroyed when the lock is gone
  std::function<void()> caught_up;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  lagging_ = false;
  dropped.swap(items_);
  caught_up.swap(caught_up_);
  bytes_ = 0;
}

}  // namespace websocket::api
