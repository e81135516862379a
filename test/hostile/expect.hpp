// What holds after every hostile connection.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "hostile/server.hpp"
#include "hostile/visit.hpp"

namespace hostile {

inline void check_welcome(const Seen& seen) {
  CHECK(seen.errors.empty());
  CHECK(seen.ends == 1);
  CHECK(seen.texts == std::vector<std::string>{std::string(welcome)});
  CHECK(seen.info.code == 1000);
}

/// The object was usable before, and is after it.
inline void check_usable(const Visit& visit) {
  check_welcome(visit.before);
  check_welcome(visit.after);
}

/// One error, which is that one; one end; and the next connection of the object works.
inline void check_failed(const Visit& visit, websocket::Errc code) {
  REQUIRE(visit.hostile.errors.size() == 1);
  CAPTURE(visit.hostile.errors[0].message);
  CHECK(visit.hostile.errors[0].code == code);
  CHECK(visit.hostile.ends == 1);
  CHECK(visit.hostile.info.code == 1006);
  check_usable(visit);
}

/// The client's last frame was a Close frame with that code, masked as it has to be, with nothing
/// behind it.
inline void check_farewell(FrameServer& server, std::uint16_t code) {
  const auto farewell = server.farewells.pop();
  CAPTURE(server.problems().empty() ? std::string() : server.problems().front());
  REQUIRE(farewell);
  REQUIRE(farewell->frames.size() == 1);
  CHECK(farewell->code() == code);
  CHECK(farewell->frames[0].masked);
  CHECK(farewell->behind.empty());
  CHECK(server.farewells.empty());
}

}  // namespace hostile

/// So that a failing comparison shows what was told.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static doctest::String convert(const std::vector<std::string>& texts) {
    std::string shown;
    for (const std::string& text : texts) shown += (shown.empty() ? "" : " | ") + text;
    return shown.c_str();
  }
};
