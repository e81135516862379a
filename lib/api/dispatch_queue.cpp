#include "api/dispatch_queue.hpp"

#include <utility>

namespace websocket::api {

DispatchQueue::DispatchQueue(std::function<void()> caught_up)
    : caught_up_(std::make_shared<const std::function<void()>>(std::move(caught_up))) {}

void DispatchQueue::use(Dispatcher dispatcher) {
  auto given = std::make_shared<const Dispatcher>(std::move(dispatcher));
  const std::lock_guard lock(mutex_);
  dispatcher_.swap(given);
}

bool DispatchQueue::push(std::size_t size, std::function<void()> handler) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    items_.push_back({size, std::move(handler)});
    bytes_ += size;
    lagging_ = lagging_ || is_over_the_mark();
    if (scheduled_) return lagging_;
  }
  return is_behind();
}

bool DispatchQueue::is_behind() {
  {
    const std::lock_guard lock(mutex_);
    if (scheduled_ || items_.empty()) return lagging_;
    scheduled_ = true;
  }
  const bool taken = schedule();
  const std::lock_guard lock(mutex_);
  if (!taken) scheduled_ = false;
  return lagging_ || !taken;
}

// At most one function of ours is with the dispatcher at a time: so handlers keep their order and
// never run two at once, even if it hands its functions to several threads. False: it did not take it, and
// should it have kept it all the same, that does nothing.
bool DispatchQueue::schedule() {
  std::shared_ptr<const Dispatcher> dispatcher;
  std::uint64_t offer = 0;
  {
    const std::lock_guard lock(mutex_);
    dispatcher = dispatcher_;
    offer = ++offer_;
  }
  try {
    (*dispatcher)([self = shared_from_this(), offer] {
      if (self->takes_back(offer)) self->run_some();
    });
    return true;
  } catch (...) {
    return !takes_back(offer);  // else it has begun already
  }
}

// Whether the offer still stands; it does so no more.
bool DispatchQueue::takes_back(std::uint64_t offer) {
  const std::lock_guard lock(mutex_);
  if (offer != offer_) return false;
  ++offer_;
  return true;
}

// After some the program's own events have their turn; not where the dispatcher refuses to come back.
void DispatchQueue::run_some() {
  do {
    for (int i = 0; i < handlers_per_turn; ++i) {
      if (!run_one()) return;
    }
  } while (has_more() && !schedule());
}

// False: who brings more asks the dispatcher, if the app is still there.
bool DispatchQueue::has_more() {
  const std::lock_guard lock(mutex_);
  if (items_.empty()) scheduled_ = false;
  return scheduled_;
}

bool DispatchQueue::run_one() {
  Item item;
  std::shared_ptr<const std::function<void()>> caught_up;
  {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) {
      scheduled_ = false;
      return false;
    }
    item = std::move(items_.front());
    items_.pop_front();
    bytes_ -= item.size;
    if (lagging_ && has_caught_up()) {
      lagging_ = false;
      caught_up = caught_up_;
    }
  }
  if (caught_up) (*caught_up)();
  item.handler();
  return true;
}

void DispatchQueue::close() {
  std::deque<Item> dropped;  // destroyed when the lock is gone
  std::shared_ptr<const std::function<void()>> caught_up;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  lagging_ = false;
  dropped.swap(items_);
  caught_up.swap(caught_up_);
  bytes_ = 0;
}

}  // namespace websocket::api
