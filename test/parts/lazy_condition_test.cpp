// A condition variable of our own: nobody who waits is forgotten, and who tells need not hold the mutex.
#include "api/lazy_condition.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "api/light_mutex.hpp"
#include "support/deadline.hpp"

using websocket::api::LazyCondition;
using websocket::api::LightMutex;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

// Somebody else has the mutex as soon as it is given up, and time to do whatever he likes.
class OvertakenLock {
 public:
  OvertakenLock(LightMutex& mutex, std::function<void()> overtaker)
      : lock_(mutex), overtaker_(std::move(overtaker)) {}
  ~OvertakenLock() {
    if (lock_.owns_lock()) lock_.unlock();
    thread_.join();
  }
  OvertakenLock(const OvertakenLock&) = delete;
  OvertakenLock& operator=(const OvertakenLock&) = delete;

  void lock() { lock_.lock(); }
  void unlock() {
    lock_.unlock();
    if (thread_.joinable()) return;
    thread_ = std::thread([this] {
      overtaker_();
      is_done_ = true;
    });
    const auto until = Clock::now() + 50ms;
    while (!is_done_ && Clock::now() < until) std::this_thread::yield();
  }

 private:
  std::unique_lock<LightMutex> lock_;
  const std::function<void()> overtaker_;
  std::atomic<bool> is_done_{false};
  std::thread thread_;
};

}  // namespace

TEST_SUITE("LazyCondition") {
  TEST_CASE("what holds already is not waited for, whatever the time") {
    LightMutex mutex;
    LazyCondition condition;
    std::unique_lock lock(mutex);
    condition.wait(lock, [] { return true; });
    CHECK(condition.wait_until(lock, Clock::now() - 1h, [] { return true; }));
    CHECK(lock.owns_lock());
    condition.notify_all();  // nobody is there
  }

  TEST_CASE("it waits until the time is over, and looks once more") {
    LightMutex mutex;
    LazyCondition condition;
    std::unique_lock lock(mutex);
    const auto begin = Clock::now();
    CHECK_FALSE(condition.wait_until(lock, begin + 20ms, [] { return false; }));
    CHECK(Clock::now() - begin >= 20ms);
    CHECK_FALSE(condition.wait_until(lock, begin, [] { return false; }));
    CHECK(condition.wait_until(lock, Clock::now() + 20ms,
                               [&] { return Clock::now() - begin >= 30ms; }));
    CHECK(lock.owns_lock());
  }

  TEST_CASE("who is told before it has got to waiting hears of it") {
    LightMutex mutex;
    LazyCondition condition;
    bool open = false;
    OvertakenLock lock(mutex, [&] {
      LazyCondition::Waiters waiters;
      {
        const std::lock_guard inner(mutex);
        open = true;
        waiters = condition.waiters();
      }
      waiters.notify_all();
    });
    const auto begin = Clock::now();
    CHECK(condition.wait_until(lock, begin + support::default_deadline, [&] { return open; }));
    CHECK(Clock::now() - begin < support::default_deadline);
  }

  // Each waits for the other: one that is not told ends the test by its deadline.
  TEST_CASE("two that take turns never miss each other, told behind the mutex") {
    constexpr int rounds = 2000;
    LightMutex mutex;
    LazyCondition condition;
    int turn = 0;
    const auto play = [&](int mine) {
      while (true) {
        const auto deadline = Clock::now() + support::default_deadline;
        std::unique_lock lock(mutex);
        if (!condition.wait_until(lock, deadline,
                                  [&] { return turn % 2 == mine || turn >= rounds; })) {
          return false;
        }
        const bool over = turn >= rounds;
        if (!over) ++turn;
        const LazyCondition::Waiters waiters = condition.waiters();
        lock.unlock();
        waiters.notify_all();
        if (over) return true;
      }
    };
    bool other_ended = false;
    std::thread other([&] { other_ended = play(1); });
    CHECK(play(0));
    other.join();
    CHECK(other_ended);
    CHECK(turn == rounds);
  }

  TEST_CASE("all who wait are told") {
    LightMutex mutex;
    LazyCondition condition;
    int looked = 0;
    int passed = 0;
    bool open = false;
    std::vector<std::thread> crowd;
    for (int i = 0; i < 5; ++i) {
      crowd.emplace_back([&] {
        std::unique_lock lock(mutex);
        condition.wait(lock, [&] {
          ++looked;
          return open;
        });
        ++passed;
      });
    }
    const auto all_have_looked = [&] {
      const std::lock_guard lock(mutex);
      return looked >= 5;
    };
    while (!all_have_looked()) std::this_thread::yield();
    std::unique_lock lock(mutex);
    CHECK(passed == 0);
    open = true;
    const LazyCondition::Waiters waiters = condition.waiters();
    lock.unlock();
    waiters.notify_all();
    for (std::thread& thread : crowd) thread.join();
    CHECK(passed == 5);
  }
}
