// A loop that looks only when it was told to, and threads that send: nothing is left behind, and
// who waits for room gets it.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "parts/outbox_ground.hpp"
#include "support/event.hpp"

using namespace parts;
using websocket::net::Clock;

namespace {

constexpr int senders = 4;
constexpr int rounds = 500;

enum class Told { wake, sender_is_done };

struct Talk {
  explicit Talk(Ground& the_ground) : ground(the_ground) {
    for (int i = 0; i < senders; ++i) threads.emplace_back([this, i] { send(i); });
  }
  ~Talk() {
    for (std::thread& thread : threads) thread.join();
  }

  void send(int which) {
    const auto deadline = Clock::now() + support::default_deadline;
    std::size_t queued = 0;
    for (int round = 0; round < rounds; ++round) {
      const Outbox::Pushed pushed =
          which == 0 && round % 4 == 0
              ? ground.outbox.push(Opcode::ping, "p")
              : ground.outbox.push_waiting(Opcode::binary, std::string(30, 'x'), deadline);
      if (pushed.result == SendResult::queued && !(which == 0 && round % 4 == 0)) ++queued;
      if (pushed.wake_loop) told.push(Told::wake);
    }
    messages += queued;
    told.push(Told::sender_is_done);
  }
  void look() {
    FrameBatch batch;
    while (ground.outbox.take(batch)) {
      taken += batch.messages;
      batch.clear();
      ground.outbox.set_in_flight(0);
    }
  }
  // Whether all of them came to an end.
  bool run() {
    look();  // as after open()
    for (int left = senders; left > 0;) {
      const auto what = told.pop(2 * support::default_deadline);
      if (!what) return false;
      if (*what == Told::wake) look();
      if (*what == Told::sender_is_done) --left;
    }
    return true;
  }

  Ground& ground;
  support::Mailbox<Told> told;
  std::atomic<std::size_t> messages{0};
  std::size_t taken = 0;
  std::vector<std::thread> threads;
};

void check_that_nothing_is_left(Ground& ground) {
  Talk talk(ground);
  REQUIRE(talk.run());
  CHECK(talk.told.empty());
  CHECK(ground.outbox.size() == 0);
  CHECK(talk.messages == talk.taken);
  CHECK(talk.messages == senders * rounds - rounds / 4);
}

}  // namespace

TEST_SUITE("Outbox: a loop that looks when it is told") {
  TEST_CASE("in much room nothing is left behind") {
    Ground ground;
    check_that_nothing_is_left(ground);
  }

  TEST_CASE("in room for two messages nobody waits for ever") {
    Ground ground(room_for(80));
    check_that_nothing_is_left(ground);
  }
}
