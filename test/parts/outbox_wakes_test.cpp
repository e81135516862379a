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
// How the loop looks: only when it is woken, or also by itself, at the end of turns of its own.
enum class Looks { when_woken, after_its_turns };

struct Talk {
  Talk(Ground& the_ground, Looks how) : ground(the_ground), looks(how) {
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
    while (ground.outbox.take(batch, ground.outbox.in_flight())) {
      taken += batch.messages;
      batch.clear();
      ground.outbox.set_in_flight(0);
    }
  }
  void have_a_turn() {
    ground.outbox.stay_awake();
    std::this_thread::yield();
    look();
  }
  // Whether all of them came to an end.
  bool run() {
    look();  // as after open()
    for (int left = senders; left > 0;) {
      const auto what = told.pop(2 * support::default_deadline);
      if (!what) return false;
      if (*what == Told::wake) look();
      if (looks == Looks::after_its_turns) have_a_turn();
      if (*what == Told::sender_is_done) --left;
    }
    return true;
  }

  Ground& ground;
  const Looks looks;
  support::Mailbox<Told> told;
  std::atomic<std::size_t> messages{0};
  std::size_t taken = 0;
  std::vector<std::thread> threads;
};

void check_that_nothing_is_left(Ground& ground, Looks looks) {
  Talk talk(ground, looks);
  REQUIRE(talk.run());
  // Woken for nothing it may be only where it looked by itself meanwhile.
  if (looks == Looks::when_woken) CHECK(talk.told.empty());
  CHECK(ground.outbox.size() == 0);
  CHECK(talk.messages == talk.taken);
  CHECK(talk.messages == senders * rounds - rounds / 4);
}

}  // namespace

TEST_SUITE("Outbox: a loop that looks when it is told") {
  TEST_CASE("in much room nothing is left behind") {
    for (const Looks looks : {Looks::when_woken, Looks::after_its_turns}) {
      Ground ground;
      check_that_nothing_is_left(ground, looks);
    }
  }

  TEST_CASE("where it could not be told, who sends next tells it, also who finds no room") {
    Ground ground(room_for(80));
    CHECK_FALSE(ground.outbox.must_be_looked_at());
    ground.take();  // there is nothing: it is to be woken
    CHECK(ground.outbox.push(Opcode::text, std::string(60, 'x')).wake_loop);
    CHECK_FALSE(ground.outbox.must_be_looked_at());  // it was promised
    ground.outbox.loop_was_not_told();
    SUBCASE("no room") {
      const Outbox::Pushed pushed = ground.outbox.push(Opcode::text, std::string(60, 'x'));
      CHECK(pushed.result == SendResult::buffer_full);
      CHECK(ground.outbox.must_be_looked_at());
      CHECK_FALSE(ground.outbox.must_be_looked_at());  // who asked does it
    }
    SUBCASE("room") { CHECK(ground.outbox.push(Opcode::text, "x").wake_loop); }
  }

  TEST_CASE("in room for two messages nobody waits for ever") {
    for (const Looks looks : {Looks::when_woken, Looks::after_its_turns}) {
      Ground ground(room_for(80));
      check_that_nothing_is_left(ground, looks);
    }
  }
}
