// Memory that a test refuses: operator new of the whole program, the library included, and what Asio asks for.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace api_test {

// Of this thread.
extern thread_local bool memory_is_gone;
extern thread_local std::size_t most_at_once;  ///< what is bigger is refused
extern thread_local int until_one_is_refused;  ///< so many are asked for; 0: none is
extern thread_local bool refusing_goes_on;  ///< after that one, until memory_is_gone is taken back
extern thread_local int megabytes_taken;    ///< how often at least one was, at once
inline constexpr std::size_t whatever = std::numeric_limits<std::size_t>::max();

/// Of all threads: how often until_one_is_refused came down to nothing.
extern std::atomic<int> times_refused;
/// Of all threads: how many blocks of 10 to 200 KB there are.
extern std::atomic<int> big_blocks;

}  // namespace api_test
