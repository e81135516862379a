// Makes every row of a table a doctest case of its own: with its name in the output, in the filters
// (-tc=) and in the count. TEST_CASE cannot: it takes one function for one name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conformance/case.hpp"

namespace conformance {

/// Registers a case by that name. To be called before main: `const bool registered = rows(...);`
void add_row(const char* suite, const char* file, unsigned line, std::string name,
             std::function<void()> body);

/// The same for each of these, played as play.hpp says.
bool add_rows(const char* suite, const char* file, unsigned line, std::vector<Case> cases);

}  // namespace conformance
