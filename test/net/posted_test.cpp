#include "net/posted.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

using websocket::net::Posted;

TEST_SUITE_BEGIN("Posted");

TEST_CASE("what was added is taken in that order, also what comes meanwhile") {
  Posted posted;
  std::vector<int> done;
  CHECK(posted.empty());
  CHECK_FALSE(posted.take());
  for (int i = 0; i < 3; ++i) posted.add([&done, i] { done.push_back(i); });
  CHECK_FALSE(posted.empty());
  posted.take()();
  for (int i = 3; i < 5; ++i) posted.add([&done, i] { done.push_back(i); });
  CHECK_FALSE(posted.empty());
  while (const Posted::Work work = posted.take()) work();
  CHECK(done == std::vector{0, 1, 2, 3, 4});
  CHECK(posted.empty());
}

TEST_CASE("each thread's work stays in its order, and none is lost") {
  constexpr int each = 20'000;
  Posted posted;
  std::array<int, 3> done{};
  std::vector<std::thread> threads;
  int disorder = 0;
  for (std::size_t k = 0; k < done.size(); ++k) {
    threads.emplace_back([&, k] {
      for (int i = 0; i < each; ++i) {
        posted.add([&, k, i] {
          if (done.at(k) != i) ++disorder;
          ++done.at(k);
        });
      }
    });
  }
  for (int all = 0; all < each * static_cast<int>(done.size());) {
    if (const Posted::Work work = posted.take()) {
      work();
      ++all;
    } else {
      std::this_thread::yield();
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(posted.empty());
  CHECK(disorder == 0);
  CHECK(done == std::array{each, each, each});
}

TEST_CASE("what is not done is destroyed, and what comes of that too") {
  const auto held = std::make_shared<int>(0);
  struct Adds {
    Posted& to;
    std::shared_ptr<int> held;
    ~Adds() {
      to.add([held = held] {});
    }
  };
  bool was_run = false;
  {
    Posted posted;
    posted.add([adds = std::make_shared<Adds>(Adds{posted, held}), &was_run] { was_run = true; });
    posted.clear();
    CHECK(posted.empty());
    CHECK(held.use_count() == 1);
    posted.add([held, &was_run] { was_run = true; });
  }
  CHECK(held.use_count() == 1);
  CHECK_FALSE(was_run);
}

TEST_SUITE_END();
