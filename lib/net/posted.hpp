// Work for the loop's thread, done in the order in which it came. Whoever brings some takes no lock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace websocket::net {

class Posted {
 public:
  using Work = std::function<void()>;

  Posted() = default;
  ~Posted() { clear(); }
  Posted(const Posted&) = delete;
  Posted& operator=(const Posted&) = delete;

  // From any thread.
  void add(Work work) {
    auto* const item = new Item{std::move(work), latest_.load(std::memory_order_relaxed)};
    while (!latest_.compare_exchange_weak(item->next, item)) {
    }
  }

  // ---- the loop's thread
  bool empty() const noexcept { return first_ == nullptr && latest_.load() == nullptr; }
  // Empty: there is none.
  Work take() {
    if (empty()) return nullptr;
    if (first_ == nullptr) put_in_order();
    const std::unique_ptr<Item> item(std::exchange(first_, first_->next));
    return std::move(item->work);
  }
  // Destroys it undone, and what that brings.
  void clear() {
    while (take()) {
    }
  }

 private:
  struct Item {
    Work work;
    Item* next;
  };

  void put_in_order() noexcept {
    for (Item* item = latest_.exchange(nullptr); item != nullptr;) {
      Item* const before = std::exchange(item->next, first_);
      first_ = std::exchange(item, before);
    }
  }

  std::atomic<Item*> latest_{nullptr};  // and behind it what came before
  Item* first_ = nullptr;               // and behind it what came after
};

}  // namespace websocket::net
