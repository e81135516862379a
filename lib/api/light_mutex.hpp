// A mutex for a few steps: where nobody else wants it, it costs two atomic operations and no call,
// and it is as small as it can be.
#pragma once

#include <atomic>
#include <cstdint>

namespace websocket::api {

class LightMutex {
 public:
  LightMutex() = default;
  LightMutex(const LightMutex&) = delete;
  LightMutex& operator=(const LightMutex&) = delete;

  void lock() noexcept {
    if (!try_lock()) wait_for_it();
  }
  bool try_lock() noexcept {
    std::uint32_t seen = free;
    return state_.compare_exchange_strong(seen, held, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(free, std::memory_order_release) == wanted) wake_one();
  }

 private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t wanted = 2;  // held, and others may be waiting

  void wait_for_it() noexcept;
  void wake_one() noexcept;

  std::atomic<std::uint32_t> state_{free};
};

}  // namespace websocket::api
