// Whether this process is still the one in which something was made. A child that fork() made has
// copies of everything but the threads: descriptors and reactors are shared with its parent, locks
// stay as they were.
#pragma once

#include <atomic>
#include <cstdint>

namespace websocket::net {

namespace detail {
extern std::atomic<std::uint32_t> forks;
}

// From now on forks are counted. Again: nothing happens.
void count_forks();
// How many forks lie between the program's first process and this one. Costs a load.
inline std::uint32_t fork_count() noexcept { return detail::forks.load(std::memory_order_relaxed); }

}  // namespace websocket::net
