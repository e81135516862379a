// What holds a handler for a row of calls.
#include "api/handler_cache.hpp"

#include <doctest/doctest.h>

#include <memory>

using websocket::Callback;
using websocket::api::HandlerCache;

namespace {

using Signature = void(int&);

// What the handler that the cache finds makes of a zero; -1 where it finds none.
int answer(HandlerCache<Signature>& cache, const Callback<Signature>& callback) {
  const auto* const function = cache.get(callback);
  if (function == nullptr) return -1;
  int value = 0;
  (*function)(value);
  return value;
}

}  // namespace

TEST_SUITE("HandlerCache") {
  TEST_CASE("where none was ever assigned there is none") {
    const Callback<Signature> callback;
    HandlerCache<Signature> cache;
    CHECK(answer(cache, callback) == -1);
    CHECK(answer(cache, callback) == -1);
  }

  TEST_CASE("it finds the handler as it is now, whatever it found before") {
    Callback<Signature> callback;
    HandlerCache<Signature> cache;
    CHECK(answer(cache, callback) == -1);
    for (const int value : {1, 2, 3}) {
      callback = [value](int& into) { into = value; };
      CHECK(answer(cache, callback) == value);
      CHECK(answer(cache, callback) == value);
      callback = nullptr;
      CHECK(answer(cache, callback) == -1);
    }
    callback = [](int& into) { into = 4; };
    callback = [](int& into) { into = 5; };
    CHECK(answer(cache, callback) == 5);
  }

  TEST_CASE("what it has found stays until it is asked again, or told to forget") {
    const auto captured = std::make_shared<int>(7);
    Callback<Signature> callback([captured](int& into) { into = *captured; });
    HandlerCache<Signature> cache;
    CHECK(answer(cache, callback) == 7);
    callback = nullptr;
    CHECK(captured.use_count() == 2);
    SUBCASE("asked") { CHECK(answer(cache, callback) == -1); }
    SUBCASE("told") { cache.forget(); }
    CHECK(captured.use_count() == 1);
  }

  TEST_CASE("what it was told to forget it finds again") {
    Callback<Signature> callback([](int& into) { into = 1; });
    HandlerCache<Signature> cache;
    CHECK(answer(cache, callback) == 1);
    cache.forget();
    CHECK(answer(cache, callback) == 1);
    callback = [](int& into) { into = 2; };
    cache.forget();
    CHECK(answer(cache, callback) == 2);
  }
}
