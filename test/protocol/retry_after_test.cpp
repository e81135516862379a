// Retry-After and its dates. Expected numbers are from RFC 9110's examples and `date -u +%s`.
#include "protocol/retry_after.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

using namespace websocket;

namespace {

constexpr std::int64_t now = 1795219200;  // 2026-11-21 00:00:00 UTC

std::optional<std::int64_t> asked_for(const std::string& value) {
  return protocol::retry_after({{"Retry-After", value}}, now);
}

}  // namespace

TEST_SUITE("RFC 9110 10.2.3: Retry-After") {
  TEST_CASE("a number of seconds") {
    CHECK(asked_for("120") == 120);
    CHECK(asked_for("0") == 0);
    CHECK(asked_for("00000000000000000000000000017") == 17);
    CHECK(asked_for("99999999999999999999999") == std::numeric_limits<std::int64_t>::max());
  }

  TEST_CASE("a date counts from now, and from the answer's own Date where it has one") {
    CHECK(asked_for("Sat, 21 Nov 2026 00:02:00 GMT") == 120);
    CHECK(asked_for("Fri, 20 Nov 2026 23:59:00 GMT") == 0);
    CHECK(protocol::retry_after({{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                                 {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}},
                                now) == 30);
    CHECK(protocol::retry_after(
              {{"Date", "yesterday"}, {"Retry-After", "Sat, 21 Nov 2026 00:00:01 GMT"}}, now) == 1);
  }

  TEST_CASE("nothing where nothing is said, or nothing that can be read") {
    CHECK_FALSE(protocol::retry_after({}, now));
    for (const char* const value :
         {"", " ", "-1", "1.5", "soon", "1 s", "Sat, 21 Nov 2026", "Sat, 32 Nov 2026 00:00:00 GMT",
          "Sat, 21 Foo 2026 00:00:00 GMT", "Sat, 21 Nov 2026 24:00:00 GMT",
          "Sat, 21 Nov 2026 00:60:00 GMT", "Sat, 21 Nov 2026 00:00:61 GMT",
          "Sat, 21 Nov 2026 0:00:00 GMT", "Sat, 21 Nov 2026 00:00:00 CET",
          "Sat, 21 Nov 20260 00:00:00 GMT", "Sat, 0 Nov 2026 00:00:00 GMT"}) {
      CAPTURE(value);
      CHECK_FALSE(asked_for(value));
    }
  }
}

TEST_SUITE("RFC 9110 5.6.7: HTTP-date") {
  TEST_CASE("the three forms of the same moment") {
    for (const char* const text : {"Sun, 06 Nov 1994 08:49:37 GMT",
                                   "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
      CAPTURE(text);
      CHECK(protocol::parse_http_date(text, now) == 784111777);
    }
  }

  TEST_CASE("leap years, the first day and a leap second") {
    CHECK(protocol::parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", now) == 0);
    CHECK(protocol::parse_http_date("Tue, 29 Feb 2000 12:00:00 GMT", now) == 951825600);
    CHECK(protocol::parse_http_date("Wed, 01 Mar 2000 00:00:00 GMT", now) == 951868800);
    CHECK(protocol::parse_http_date("Mon, 01 Mar 2100 00:00:00 GMT", now) == 4107542400);
    CHECK(protocol::parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == 1483228800);
  }

  TEST_CASE("two digits of a year are at most fifty years ahead") {
    CHECK(protocol::parse_http_date("Wednesday, 01-Jan-76 00:00:00 GMT", now) == 3345062400);
    CHECK(protocol::parse_http_date("Saturday, 01-Jan-77 00:00:00 GMT", now) == 220924800);
  }
}
