// A server's answer, packed and unpacked.
#include "protocol/packed_response.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using websocket::Headers;
using websocket::Response;
using websocket::protocol::PackedResponse;

namespace {

using Fields = std::vector<Headers::Field>;

Fields fields(const Headers& headers) { return {headers.begin(), headers.end()}; }

void check_round_trip(const Response& given) {
  const Response got = PackedResponse(given).unpack();
  CHECK(got.status == given.status);
  CHECK(got.reason == given.reason);
  CHECK(fields(got.headers) == fields(given.headers));
  CHECK(got.body == given.body);
}

}  // namespace

TEST_SUITE("a packed answer") {
  TEST_CASE("before there was an answer its status is 0 and it is empty") {
    for (const PackedResponse& packed : {PackedResponse(), PackedResponse(Response())}) {
      const Response response = packed.unpack();
      CHECK(response.status == 0);
      CHECK(response.reason.empty());
      CHECK(response.headers.empty());
      CHECK(response.body.empty());
    }
  }

  TEST_CASE("everything comes back as it was, as often as one asks") {
    const Response given{.status = 101,
                         .reason = "Switching Protocols",
                         .headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}},
                         .body = {}};
    const PackedResponse packed(given);
    for (int i = 0; i < 2; ++i) {
      CHECK(packed.unpack().status == 101);
      CHECK(packed.unpack().reason == "Switching Protocols");
      CHECK(fields(packed.unpack().headers) == fields(given.headers));
    }
    const PackedResponse copy = packed;
    CHECK(copy.unpack().reason == "Switching Protocols");
  }

  TEST_CASE("any status") {
    for (const int status : {0, 1, 100, 101, 200, 404, 503, 999}) {
      check_round_trip({.status = status, .reason = "r", .headers = {{"a", "b"}}, .body = "c"});
    }
  }

  TEST_CASE("a reason may be empty, and so may the rest") {
    check_round_trip({.status = 200, .reason = "", .headers = {}, .body = ""});
    check_round_trip({.status = 200, .reason = "", .headers = {{"a", "b"}}, .body = ""});
    check_round_trip({.status = 200, .reason = "", .headers = {}, .body = "body"});
    check_round_trip({.status = 200, .reason = "why", .headers = {}, .body = "body"});
  }

  TEST_CASE("values may be empty, everywhere among the fields") {
    check_round_trip({.status = 200,
                      .reason = "OK",
                      .headers = {{"first", ""}, {"a", ""}, {"b", "c"}, {"last", ""}},
                      .body = "body"});
    check_round_trip({.status = 200, .reason = "", .headers = {{"only", ""}}, .body = ""});
  }

  TEST_CASE("fields keep their order and repeats, and how they are written") {
    const Response given{.status = 101,
                         .reason = "x",
                         .headers = {{"Set-Cookie", "a=1"}, {"X", "y"}, {"set-cookie", "b=2"}},
                         .body = {}};
    check_round_trip(given);
    const Headers headers = PackedResponse(given).unpack().headers;
    CHECK(headers.get_all("SET-COOKIE").size() == 2);
    CHECK(headers.get("x") == "y");
  }

  TEST_CASE("what is not ASCII stays") {
    check_round_trip({.status = 404,
                      .reason = "n\xc3\xb6t f\xff\tound",
                      .headers = {{"X", "\x80 \xff\t: , \"\r"}},
                      .body = "\xff\xfe"});
  }

  TEST_CASE("many fields, and long ones") {
    Response given{.status = 200, .reason = std::string(5000, 'r'), .headers = {}, .body = "end"};
    for (int i = 0; i < 1000; ++i) {
      given.headers.add("X-" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
    }
    check_round_trip(given);
  }

  TEST_CASE("a body may hold anything, line feeds first and last and NULs too") {
    using namespace std::string_literals;
    for (const std::string& body :
         {"\n"s, "\n\n\n"s, "a\nb\n"s, "\nname\nvalue\n\n"s, "\0"s, "a\0b\n\0"s,
          std::string(65536, '\n'), std::string(65536, '\0')}) {
      check_round_trip({.status = 500, .reason = "no", .headers = {{"a", ""}}, .body = body});
      check_round_trip({.status = 500, .reason = "", .headers = {}, .body = body});
    }
  }
}
