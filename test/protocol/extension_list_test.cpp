// The grammar of Sec-WebSocket-Extensions.
#include "protocol/extension_list.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using websocket::Errc;
using websocket::Headers;
using websocket::base::Failure;
using websocket::protocol::Extension;
using websocket::protocol::read_extensions;

namespace {

// What was read, in one way of writing: "a;b=1;c, d"; "refused" where it was.
std::string read(const Headers& headers) {
  const auto outcome = read_extensions(headers);
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    CHECK(failure->code == Errc::unexpected_extension);
    CHECK_FALSE(failure->message.empty());
    return "refused";
  }
  std::string text;
  for (const Extension& extension : std::get<0>(outcome)) {
    text += (text.empty() ? "" : ", ") + extension.name;
    for (const auto& parameter : extension.parameters) {
      text += ";" + parameter.name;
      if (parameter.value) text += "=" + *parameter.value;
    }
  }
  return text;
}

std::string read(const std::string& field) {
  return read(Headers{{"Sec-WebSocket-Extensions", field}});
}

}  // namespace

TEST_SUITE("RFC 6455 9.1: extensions") {
  TEST_CASE("extensions, their parameters and values are read in their order") {
    CHECK(read("foo") == "foo");
    CHECK(read("foo, bar; baz=2") == "foo, bar;baz=2");
    CHECK(read("deflate-stream; a; b=\"c\"; d=e,mux; max-channels=4;flow-control") ==
          "deflate-stream;a;b=c;d=e, mux;max-channels=4;flow-control");
  }

  TEST_CASE("several fields are one list, whatever the case of their name") {
    CHECK(read(Headers{{"sec-websocket-extensions", "a;x"}, {"Sec-WebSocket-Extensions", "b"}}) ==
          "a;x, b");
  }

  TEST_CASE("there may be nothing, and elements may be empty, but not all of them") {
    CHECK(read(Headers{}).empty());
    CHECK(read("") == "refused");
    CHECK(read(" , ,") == "refused");
    CHECK(read(Headers{{"Sec-WebSocket-Extensions", ""}, {"Sec-WebSocket-Extensions", "a"}}) ==
          "a");
    CHECK(read(",a,,b , ") == "a, b");
  }

  TEST_CASE("white space may stand around every mark") {
    CHECK(read(" \ta ;\tb\t = \"1\" ; c= 2 , d ") == "a;b=1;c=2, d");
  }

  TEST_CASE("a quoted value is the token without its quotes and backslashes") {
    CHECK(read("a; b=\"10\"") == "a;b=10");
    CHECK(read("a; b=\"1\\0\"") == "a;b=10");
  }

  TEST_CASE("what does not keep to the grammar is refused") {
    for (const char* field : {";",           "a;",           "a;;b",         "a; =1",
                              "a; b=",       "a; b=\"",      "a; b=\"1",     "a; b=\"1\\",
                              "a; b=\"\"",   "a; b=\"1 0\"", "a; b=\"1,0\"", "a b",
                              "a; b c",      "a; b=1 2",     "a=1",          "=",
                              "a; b=\"1\"2", "a@b",          "a; (b)",       "\"a\"",
                              "a; b==1",     "a; b=1=2",     "a\x01",        "\xc3\xa4"}) {
      CAPTURE(field);
      CHECK(read(field) == "refused");
    }
  }
}
