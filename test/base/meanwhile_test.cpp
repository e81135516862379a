// A value that another one stands in for.
#include "base/meanwhile.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using websocket::base::Meanwhile;

TEST_SUITE("meanwhile") {
  TEST_CASE(
      "the former value is back afterwards, whatever was set meanwhile, also by an exception") {
    int value = 1;
    {
      const Meanwhile outer(value, 2);
      CHECK(value == 2);
      const Meanwhile inner(value, 3);
      CHECK(value == 3);
      value = 4;
    }
    CHECK(value == 1);
    const auto throws = [&] {
      const Meanwhile meanwhile(value, 5);
      throw std::runtime_error("thrown");
    };
    CHECK_THROWS(throws());
    CHECK(value == 1);
  }
}
