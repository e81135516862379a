// An optional that lies elsewhere.
#include "base/seldom.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

using websocket::base::Seldom;

static_assert(sizeof(Seldom<std::string>) == sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<Seldom<std::string>>);
static_assert(!std::is_copy_constructible_v<Seldom<std::string>>);

TEST_SUITE("Seldom") {
  TEST_CASE("a new one is empty, and so is one of nothing") {
    const Seldom<std::string> fresh;
    const Seldom<std::string> none = std::nullopt;
    const Seldom<std::string> empty = std::optional<std::string>();
    for (const auto* const seldom : {&fresh, &none, &empty}) {
      CHECK_FALSE(*seldom);
      CHECK_FALSE(seldom->has_value());
      CHECK(seldom->copy() == std::nullopt);
    }
  }

  TEST_CASE("it holds what it was given") {
    Seldom<std::string> seldom = std::string("one");
    CHECK(seldom);
    CHECK(seldom.has_value());
    CHECK(*seldom == "one");
    CHECK(seldom->size() == 3);
    seldom->push_back('!');
    *seldom += '?';
    const Seldom<std::string>& constant = seldom;
    CHECK(*constant == "one!?");
    CHECK(constant->size() == 5);
    const Seldom<std::string> of_optional = std::optional<std::string>("two");
    CHECK(*of_optional == "two");
  }

  TEST_CASE("what is like nothing is still something") {
    const Seldom<std::string> empty = std::string();
    CHECK(empty);
    const Seldom<bool> no = false;
    CHECK(no);
    CHECK(no.copy() == false);
  }

  TEST_CASE("assigning replaces it, with a value, an optional or nothing") {
    Seldom<std::string> seldom;
    seldom = std::string("one");
    CHECK(*seldom == "one");
    seldom = std::optional<std::string>("two");
    CHECK(*seldom == "two");
    seldom = std::nullopt;
    CHECK_FALSE(seldom);
    seldom = std::string("three");
    seldom = std::optional<std::string>();
    CHECK_FALSE(seldom);
    seldom = std::string("four");
    seldom.reset();
    CHECK_FALSE(seldom);
    seldom.reset();
    CHECK_FALSE(seldom);
  }

  TEST_CASE("get makes one where there is none, and only there") {
    Seldom<std::string> seldom;
    seldom.get() += "a";
    CHECK(*seldom == "a");
    seldom.get() += "b";
    CHECK(*seldom == "ab");
  }

  TEST_CASE("copy leaves it, take does not") {
    Seldom<std::string> seldom = std::string("one");
    std::optional<std::string> copy = seldom.copy();
    CHECK(copy == "one");
    copy->clear();
    CHECK(*seldom == "one");
    CHECK(seldom.take() == "one");
    CHECK_FALSE(seldom);
    CHECK(seldom.take() == std::nullopt);
    seldom.get() = "two";
    CHECK(seldom.take() == "two");
  }

  TEST_CASE("moving moves it, and nothing is left behind") {
    Seldom<std::string> from = std::string("one");
    const std::string* const place = &*from;
    Seldom<std::string> to = std::move(from);
    CHECK_FALSE(from);  // NOLINT(bugprone-use-after-move)
    CHECK(&*to == place);
    from = std::move(to);
    CHECK(&*from == place);
  }

  TEST_CASE("what cannot be copied can be held and taken") {
    Seldom<std::unique_ptr<int>> seldom = std::make_unique<int>(7);
    CHECK(**seldom == 7);
    const std::optional<std::unique_ptr<int>> taken = seldom.take();
    REQUIRE(taken.has_value());
    CHECK(**taken == 7);
    CHECK_FALSE(seldom);
  }

  TEST_CASE("what it held is destroyed with it, when it is replaced and when it is taken") {
    const auto counted = std::make_shared<int>();
    {
      Seldom<std::shared_ptr<int>> seldom = counted;
      CHECK(counted.use_count() == 2);
      seldom = std::make_shared<int>();
      CHECK(counted.use_count() == 1);
      seldom = counted;
      seldom.reset();
      CHECK(counted.use_count() == 1);
      seldom = counted;
      CHECK(seldom.take() == counted);
      CHECK(counted.use_count() == 1);
      seldom = counted;
    }
    CHECK(counted.use_count() == 1);
  }
}
