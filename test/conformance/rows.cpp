// doctest keeps a function without an argument for each case, and tells while it runs which case that
// is: all rows share one function, which asks for the name and looks up what to do.
#include "conformance/rows.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "conformance/play.hpp"

namespace conformance {
namespace {

// doctest keeps pointers to the names: a map's keys stay where they are.
using Bodies = std::map<std::string, std::function<void()>>;
Bodies& bodies() {
  static Bodies instance;
  return instance;
}

void run_current_row() { bodies().at(doctest::getContextOptions()->currentTest->m_name)(); }

}  // namespace

void add_row(const char* suite, const char* file, unsigned line, std::string name,
             std::function<void()> body) {
  const auto [row, is_new] = bodies().emplace(std::move(name), std::move(body));
  if (!is_new) {
    std::fprintf(stderr, "two rows have the name: %s\n", row->first.c_str());
    std::abort();
  }
  // What TEST_CASE does (DOCTEST_REGISTER_FUNCTION in doctest.h).
  using doctest::detail::TestCase;
  using doctest::detail::TestSuite;
  doctest::detail::regTest(TestCase(run_current_row, file, line, TestSuite() * suite) *
                           row->first.c_str());
}

bool add_rows(const char* suite, const char* file, unsigned line, std::vector<Case> cases) {
  for (Case& each : cases) {
    std::string name = each.name;
    auto shared = std::make_shared<const Case>(std::move(each));
    add_row(suite, file, line, std::move(name), [shared] { play(*shared); });
  }
  return true;
}

}  // namespace conformance
