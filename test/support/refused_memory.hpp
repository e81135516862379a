// Memory that a test refuses: operator new of the whole program, the library included, and what Asio asks for. For
// programs that link refused_memory_dep.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <limits>

namespace support {

// Of this thread.
extern thread_local bool memory_is_gone;
extern thread_local std::size_t most_at_once;  ///< what is bigger is refused
extern thread_local int until_one_is_refused;  ///< so many are asked for; 0: none is
extern thread_local bool refusing_goes_on;     ///< after that one: memory_is_gone then
extern thread_local int megabytes_taken;       ///< how often at least one was, at once
inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

// Of all threads.
extern std::atomic<int> times_refused;  ///< how often until_one_is_refused came down to nothing
extern std::atomic<int> big_blocks;     ///< how many of 10 to 200 KB there are

/// Calls it with 1, 2, ..., the number of the thing that it has refused, until it got all that it asked for.
template <class Try>
void refuse_in_turn(Try with_refused) {
  constexpr int most = 1000;
  bool has_happened = true;
  for (int which = 1; has_happened; ++which) {
    CAPTURE(which);
    REQUIRE(which < most);
    const int before = times_refused;
    with_refused(which);
    until_one_is_refused = 0;
    has_happened = times_refused != before;
  }
}

}  // namespace support
