// A mutex of our own: what one promises.
#include "api/light_mutex.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

using websocket::api::LightMutex;

TEST_SUITE("LightMutex") {
  TEST_CASE("who holds it is alone") {
    LightMutex mutex;
    CHECK(mutex.try_lock());
    std::thread([&] { CHECK_FALSE(mutex.try_lock()); }).join();
    mutex.unlock();
    std::thread([&] {
      CHECK(mutex.try_lock());
      mutex.unlock();
    }).join();
  }

  TEST_CASE("many threads that want it get it one after the other") {
    constexpr std::size_t threads = 6;
    constexpr std::size_t rounds = 20'000;
    LightMutex mutex;
    std::size_t count = 0;  // what only its lock protects
    std::vector<std::thread> crowd;
    for (std::size_t i = 0; i < threads; ++i) {
      crowd.emplace_back([&] {
        for (std::size_t round = 0; round < rounds; ++round) {
          const std::lock_guard lock(mutex);
          ++count;
        }
      });
    }
    for (std::thread& thread : crowd) thread.join();
    CHECK(count == threads * rounds);
  }

  TEST_CASE("those who wait are woken, one by each who leaves") {
    LightMutex mutex;
    std::size_t passed = 0;
    mutex.lock();
    std::vector<std::thread> waiting;
    for (int i = 0; i < 4; ++i) {
      waiting.emplace_back([&] {
        const std::lock_guard lock(mutex);
        ++passed;
      });
    }
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    CHECK(passed == 0);
    mutex.unlock();
    for (std::thread& thread : waiting) thread.join();
    CHECK(passed == 4);
  }

  TEST_CASE("a condition can be waited for with it") {
    LightMutex mutex;
    std::condition_variable_any changed;
    bool is_done = false;
    std::thread other([&] {
      const std::lock_guard lock(mutex);
      is_done = true;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::minutes(1), [&] { return is_done; }));
    lock.unlock();
    other.join();
  }
}
