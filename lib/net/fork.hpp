// Whether this process is still the one in which something was made. A child that fork() made has
// copies of everything but the threads: descriptors and reactors are shared with its parent, locks
// stay as they were.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace websocket::net {

namespace detail {
extern std::atomic<std::uint32_t> forks;
}

// From now on forks are counted. Again: nothing happens.
void count_forks();
// How many forks lie between the program's first process and this one. Costs a load.
inline std::uint32_t fork_count() noexcept { return detail::forks.load(std::memory_order_relaxed); }

// The T of this process, never destroyed. A child that was forked off begins with one of its own:
// what it inherited may be locked by a thread that it doesn't have.
template <class T>
T& one_per_process() {
  struct Entry {
    explicit Entry(Entry* before) : inherited(before) {}
    const std::uint32_t forks = fork_count();
    Entry* const inherited;  // stays as it is
    T value;
  };
  static constinit std::atomic<Entry*> latest{nullptr};
  count_forks();
  Entry* found = latest.load();
  while (found == nullptr || found->forks != fork_count()) {
    auto fresh = std::make_unique<Entry>(found);
    if (latest.compare_exchange_strong(found, fresh.get())) found = fresh.release();
  }
  return found->value;
}

}  // namespace websocket::net
