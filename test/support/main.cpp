// The `main` of every test program: doctest's, and one plain line of counts after its summary.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support/tally.hpp"

int main(int argc, char** argv) {
  support::register_tally();
  doctest::Context context(argc, argv);
  const int result = context.run();
  support::print_tally();
  return result;
}
