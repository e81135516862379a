// Header fields: order, repeats, names without case.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>
#include <websocket/headers.hpp>

using websocket::Headers;

namespace {

std::string as_text(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text += name + "=" + value + ";";
  return text;
}

}  // namespace

TEST_SUITE("RFC 9110 5.1 and 5.3: header fields") {
  TEST_CASE("an empty object has no fields") {
    const Headers headers;
    CHECK(headers.empty());
    CHECK(headers.size() == 0);
    CHECK(headers.begin() == headers.end());
    CHECK_FALSE(headers.get("Host").has_value());
    CHECK(headers.get_all("Host").empty());
  }

  TEST_CASE("order and repeats are kept") {
    Headers headers{{"B", "1"}, {"A", "2"}};
    headers.add("b", "3");
    CHECK(as_text(headers) == "B=1;A=2;b=3;");
    CHECK(headers.size() == 3);
    CHECK_FALSE(headers.empty());
  }

  TEST_CASE("names are found without regard to case") {
    const Headers headers{{"Set-Cookie", "a"}, {"X", "-"}, {"set-cookie", "b"}};
    CHECK(headers.get("SET-COOKIE") == std::string_view("a"));
    CHECK(headers.get_all("sEt-cOOkie") == std::vector<std::string_view>{"a", "b"});
    CHECK_FALSE(headers.get("Set-Cooki").has_value());
  }

  TEST_CASE("an empty value is a value") {
    const Headers headers{{"X", ""}};
    CHECK(headers.get("x") == std::string_view(""));
  }

  TEST_CASE("set replaces all fields of the name where the first one stood") {
    Headers headers{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"b", "4"}, {"D", "5"}, {"B", "6"}};
    headers.set("b", "new");
    CHECK(as_text(headers) == "A=1;b=new;C=3;D=5;");
  }

  TEST_CASE("set appends a new name") {
    Headers headers{{"A", "1"}};
    headers.set("B", "2");
    CHECK(as_text(headers) == "A=1;B=2;");
  }

  TEST_CASE("set of the last field, and of the only one") {
    Headers headers{{"A", "1"}, {"B", "2"}};
    headers.set("B", "3");
    CHECK(as_text(headers) == "A=1;B=3;");
    Headers single{{"A", "1"}};
    single.set("a", "2");
    CHECK(as_text(single) == "a=2;");
  }
}
