// Callback by itself: what callback.hpp promises, without an app around it.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <websocket/callback.hpp>

#include "support/event.hpp"

using Handler = websocket::Callback<void(int)>;

namespace {

void call(const Handler& callback, int value) {
  if (const auto function = callback.current()) (*function)(value);
}

// Does something when it is destroyed; what was moved from does not.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> work) : work_(std::move(work)) {}
  ~AtEnd() {
    if (work_) work_();
  }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  std::function<void()> work_;
};

auto holding(std::shared_ptr<AtEnd> what) {
  return [what = std::move(what)](int) {};
}

}  // namespace

TEST_SUITE("Callback") {
  TEST_CASE("each assignment counts, also of nothing") {
    Handler callback;
    CHECK(callback.version() == 0);
    callback = [](int) {};
    callback = nullptr;
    callback = {};
    CHECK(callback.version() == 3);
    CHECK_FALSE(callback);
    const Handler other([](int) {});
    callback = other;
    CHECK(callback.version() == 4);
    CHECK(callback);
  }

  TEST_CASE("assigning itself changes nothing") {
    Handler callback([](int) {});
    const auto before = callback.current();
    const auto version = callback.version();
    const Handler& same = callback;
    callback = same;
    CHECK(callback.current() == before);
    CHECK(callback.version() == version);
  }

  TEST_CASE("an empty function and a null pointer are no handler") {
    Handler callback([](int) {});
    callback = std::function<void(int)>();
    CHECK_FALSE(callback);
    CHECK(callback.current() == nullptr);
    callback = [](int) {};
    void (*const none)(int) = nullptr;
    callback = none;
    CHECK_FALSE(callback);
    CHECK_FALSE(Handler(none));
  }

  TEST_CASE("a copy has the same handler, and goes its own way afterwards") {
    int told = 0;
    Handler callback([&](int value) { told += value; });
    Handler copy = callback;
    callback = nullptr;
    call(copy, 3);
    call(callback, 5);
    CHECK(told == 3);
  }

  TEST_CASE("a handler keeps its state between calls, and what cannot be copied may be one") {
    int told = 0;
    Handler callback([count = 0, &told](int) mutable { told = ++count; });
    call(callback, 0);
    call(callback, 0);
    CHECK(told == 2);
    callback = [owned = std::make_unique<int>(7), &told](int value) { told = *owned + value; };
    call(callback, 1);
    CHECK(told == 8);
    const Handler copy = callback;
    call(copy, 2);
    CHECK(told == 9);
  }

  TEST_CASE("the former handler lives as long as it is held, and no longer") {
    bool gone = false;
    Handler callback(holding(std::make_shared<AtEnd>([&] { gone = true; })));
    {
      const auto held = callback.current();
      callback = nullptr;
      CHECK_FALSE(gone);
    }
    CHECK(gone);
  }

  TEST_CASE("a handler may assign its own callback while it runs, and finishes") {
    std::vector<std::string> told;
    Handler callback;
    callback = [&, mine = std::string("still here")](int) {
      callback = [&](int) { told.emplace_back("second"); };
      told.push_back(mine);
      callback = nullptr;
      callback = [&](int) { told.emplace_back("third"); };
      told.push_back(mine);
    };
    call(callback, 0);
    call(callback, 0);
    CHECK(told == std::vector<std::string>{"still here", "still here", "third"});
  }

  TEST_CASE("what a former handler captured may assign the callback on its way out") {
    std::string told;
    Handler callback;
    const auto last_word = [&] { callback = [&](int) { told += "last"; }; };
    callback = holding(std::make_shared<AtEnd>(last_word));
    SUBCASE("another handler is assigned") {
      callback = [&](int) { told += "next"; };
    }
    SUBCASE("nothing is assigned") { callback = nullptr; }
    SUBCASE("a copy is assigned") {
      const Handler other([&](int) { told += "next"; });
      callback = other;
    }
    CHECK(callback.version() == 3);
    call(callback, 0);
    CHECK(told == "last");
  }

  TEST_CASE("and so may what that one captured, as long as there is any") {
    Handler callback;
    int left = 5;
    std::function<void()> again = [&] {
      if (--left > 0)
        callback = holding(std::make_shared<AtEnd>(again));
      else
        callback = nullptr;
    };
    callback = holding(std::make_shared<AtEnd>(again));
    // Each one that goes assigns the next, which pushes out nothing until somebody assigns again.
    while (callback) callback = nullptr;
    CHECK(left == 0);
  }

  TEST_CASE("a handler that leaves on another thread's call does so when that call is over") {
    std::atomic<bool> gone{false};
    support::Event running;
    support::Event may_end;
    auto captured = std::make_shared<AtEnd>([&] { gone = true; });
    Handler callback;
    callback = [&, captured](int) {
      running.set();
      (void)may_end.wait();
    };
    captured.reset();
    std::thread caller([&] { call(callback, 0); });
    REQUIRE(running.wait());
    callback = nullptr;
    CHECK_FALSE(gone);
    may_end.set();
    caller.join();
    CHECK(gone);
  }

  TEST_CASE("four threads assign, call, copy and ask at once") {
    constexpr int rounds = 2000;
    std::atomic<int> alive{0};
    std::atomic<int> wrong{0};
    struct Counted {
      explicit Counted(std::atomic<int>& given) : count(given) { ++count; }
      Counted(const Counted& other) : count(other.count) { ++count; }
      Counted& operator=(const Counted&) = delete;
      ~Counted() { --count; }
      std::atomic<int>& count;
    };
    std::uint32_t versions = 0;
    {
      Handler callback;
      support::Latch start(4);
      std::vector<std::thread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          start.arrive();
          if (!start.wait()) return;
          std::uint32_t latest = 0;
          for (int round = 0; round < rounds; ++round) {
            // What was captured must be whole when it is called.
            callback = [&, i, check = std::array<int, 3>{i, round, i + round},
                        counted = Counted(alive)](int value) {
              if (check[0] != i || check[2] != check[0] + check[1]) ++wrong;
              // From within itself.
              if (value % 64 == 0) callback = nullptr;
            };
            call(callback, round);
            const Handler copy = callback;
            call(copy, 1);
            if (round % 16 == 0) callback = copy;
            const std::uint32_t version = callback.version();
            if (version < latest) ++wrong;
            latest = version;
            (void)bool(callback);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      versions = callback.version();
      CHECK(alive <= 1);
    }
    CHECK(alive == 0);
    CHECK(wrong == 0);
    CHECK(versions >= 4 * rounds);
  }
}
