// The gate that handlers go through.
#include "api/handler_gate.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "support/event.hpp"

using support::Event;
using websocket::api::HandlerGate;

namespace {

// A thread that is inside until it is told to leave.
class Inside {
 public:
  explicit Inside(HandlerGate& gate)
      : thread_([this, &gate] {
          if (!gate.enter()) return;
          entered_.set();
          (void)may_leave_.wait();
          has_left = true;
          gate.leave();
        }) {
    REQUIRE(entered_.wait());
  }
  ~Inside() {
    leave();
    thread_.join();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  void leave() { may_leave_.set(); }
  std::atomic<bool> has_left{false};

 private:
  Event entered_;
  Event may_leave_;
  std::thread thread_;
};

// Does something on another thread, and tells what came of it.
class Doing {
 public:
  template <class Work>
  explicit Doing(Work work)
      : thread_([this, work = std::move(work)] {
          begun_.set();
          result_ = work();
          done_.set();
        }) {
    REQUIRE(begun_.wait());
  }
  ~Doing() { thread_.join(); }
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;

  bool is_done() const { return done_.is_set(); }
  bool result() {
    REQUIRE(done_.wait());
    return result_;
  }

 private:
  Event begun_;
  Event done_;
  std::atomic<bool> result_{false};
  std::thread thread_;
};

}  // namespace

TEST_SUITE("HandlerGate") {
  TEST_CASE("who enters is inside until it has left") {
    HandlerGate gate;
    CHECK_FALSE(gate.is_inside());
    CHECK_FALSE(gate.is_shut());
    REQUIRE(gate.enter());
    CHECK(gate.is_inside());
    gate.leave();
    CHECK_FALSE(gate.is_inside());
    REQUIRE(gate.try_enter());
    CHECK(gate.is_inside());
    gate.leave();
    CHECK_FALSE(gate.is_inside());
  }

  TEST_CASE("who is inside may enter again, and is outside when it has left as often") {
    HandlerGate gate;
    REQUIRE(gate.enter());
    REQUIRE(gate.enter());
    REQUIRE(gate.try_enter());
    gate.leave();
    gate.leave();
    CHECK(gate.is_inside());
    CHECK_FALSE(Doing([&] { return gate.try_enter(); }).result());
    gate.leave();
    CHECK_FALSE(gate.is_inside());
    CHECK(Doing([&] {
            const bool entered = gate.try_enter();
            if (entered) gate.leave();
            return entered;
          }).result());
  }

  TEST_CASE("only the thread that entered is inside") {
    HandlerGate gate;
    Inside other(gate);
    CHECK_FALSE(gate.is_inside());
  }

  TEST_CASE("while another thread is inside, trying fails at once and entering waits") {
    HandlerGate gate;
    Inside other(gate);
    CHECK_FALSE(gate.try_enter());
    Doing entering([&] {
      const bool entered = gate.enter();
      const bool was_alone = other.has_left;
      gate.leave();
      return entered && was_alone;
    });
    CHECK_FALSE(entering.is_done());
    other.leave();
    CHECK(entering.result());
  }

  TEST_CASE("when shut nobody enters") {
    HandlerGate gate;
    gate.shut();
    CHECK(gate.is_shut());
    CHECK_FALSE(gate.enter());
    CHECK_FALSE(gate.try_enter());
    CHECK_FALSE(gate.is_inside());
    gate.shut();
    CHECK(gate.is_shut());
  }

  TEST_CASE("shut waits for another thread that is inside") {
    HandlerGate gate;
    Inside other(gate);
    Doing shutting([&] {
      gate.shut();
      return other.has_left.load();
    });
    while (!gate.is_shut()) std::this_thread::yield();
    CHECK_FALSE(shutting.is_done());
    CHECK_FALSE(gate.enter());  // at once, though somebody is still inside
    CHECK_FALSE(gate.try_enter());
    other.leave();
    CHECK(shutting.result());
  }

  TEST_CASE("two threads may shut it, and both wait") {
    HandlerGate gate;
    Inside other(gate);
    const auto shut = [&] {
      gate.shut();
      return other.has_left.load();
    };
    Doing one(shut);
    Doing two(shut);
    while (!gate.is_shut()) std::this_thread::yield();
    other.leave();
    CHECK(one.result());
    CHECK(two.result());
  }

  TEST_CASE("who waits to enter is turned away when it is shut") {
    HandlerGate gate;
    Inside other(gate);
    Doing entering([&] { return gate.enter(); });
    Doing shutting([&] {
      gate.shut();
      return true;
    });
    CHECK_FALSE(entering.result());
    other.leave();
    CHECK(shutting.result());
  }

  TEST_CASE("who is inside may shut it without waiting for itself, and enters no more") {
    HandlerGate gate;
    REQUIRE(gate.enter());
    REQUIRE(gate.enter());
    gate.shut();
    CHECK(gate.is_shut());
    CHECK(gate.is_inside());
    CHECK_FALSE(gate.enter());
    CHECK_FALSE(gate.try_enter());
    gate.leave();
    CHECK(gate.is_inside());
    gate.leave();
    CHECK_FALSE(gate.is_inside());
    CHECK_FALSE(gate.enter());
    gate.shut();
  }

  TEST_CASE("shut from elsewhere waits for who has shut it from inside") {
    HandlerGate gate;
    Event shut_inside;
    Event may_leave;
    std::atomic<bool> left{false};
    Doing inside([&] {
      if (!gate.enter()) return false;
      gate.shut();
      shut_inside.set();
      const bool told = may_leave.wait();
      left = true;
      gate.leave();
      return told;
    });
    REQUIRE(shut_inside.wait());
    Doing shutting([&] {
      gate.shut();
      return left.load();
    });
    CHECK_FALSE(shutting.is_done());
    may_leave.set();
    CHECK(inside.result());
    CHECK(shutting.result());
  }

  TEST_CASE("falling silent waits for nobody") {
    HandlerGate gate;
    Inside other(gate);
    gate.fall_silent();
    CHECK(gate.is_shut());
    CHECK_FALSE(other.has_left);
    CHECK_FALSE(gate.enter());
    CHECK_FALSE(gate.try_enter());
    other.leave();
    gate.shut();  // which waits
    CHECK(other.has_left);
  }

  TEST_CASE("it may fall silent from inside, and who is inside leaves") {
    HandlerGate gate;
    REQUIRE(gate.enter());
    gate.fall_silent();
    CHECK(gate.is_inside());
    CHECK_FALSE(gate.enter());
    gate.leave();
    CHECK_FALSE(gate.is_inside());
  }

  TEST_CASE("falling silent turns away who waits to enter") {
    HandlerGate gate;
    Inside other(gate);
    Doing entering([&] { return gate.enter(); });
    gate.fall_silent();
    CHECK_FALSE(entering.result());
  }

  TEST_CASE("many threads are inside one at a time, and none once it is shut") {
    HandlerGate gate;
    int inside = 0;  // not atomic: the gate is what orders the threads
    long visits = 0;
    std::atomic<bool> shut{false};
    std::atomic<bool> was_inside_after{false};
    support::Latch warm(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int visit = 0;; ++visit) {
          const bool entered = i % 2 == 0 ? gate.enter() : gate.try_enter();
          if (visit == 100) warm.arrive();
          if (!entered && gate.is_shut()) {
            if (visit < 100) warm.arrive();
            return;
          }
          if (!entered) continue;
          if (++inside != 1 || shut) was_inside_after = true;
          ++visits;
          --inside;
          gate.leave();
        }
      });
    }
    CHECK(warm.wait());
    gate.shut();
    shut = true;
    const long visits_then = visits;  // nobody writes any more
    for (std::thread& thread : threads) thread.join();
    CHECK_FALSE(was_inside_after);
    CHECK(visits == visits_then);
    CHECK(visits >= 100);
  }
}
