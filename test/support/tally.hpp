// Counts test cases as they really ran, and lets a case say that it could not run.
#pragma once

#include <string_view>

namespace support {

/// Counts the running test case as skipped, unless it fails, and prints `skipped: <case>: <why>`.
/// The case returns after it. Called from the thread that runs the tests.
void skip(std::string_view why);

/// For doctest's listener, which counts, and `main`, which prints.
void register_tally();

/// Prints `N passed, N failed` or `N passed, N failed, N skipped`; nothing when no run took place.
void print_tally();

}  // namespace support
