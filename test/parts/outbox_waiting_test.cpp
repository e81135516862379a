// Outbox::push_waiting: threads that wait for room, and what lets them go.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <utility>

#include "parts/outbox_ground.hpp"
#include "parts/waiting_sender.hpp"

using namespace parts;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t size = 100;

std::string frame_of(std::size_t bytes) { return std::string(bytes - header, 'x'); }

// An outbox that is full, and sees its drain at once: that shows when somebody was refused.
struct FullGround : Ground {
  FullGround() : Ground(room_for(size, 0, size)) {
    REQUIRE(send(frame_of(size)) == SendResult::queued);
    take();
  }
};

// With a message that needs all of the room.
struct Sender : WaitingSender {
  explicit Sender(Outbox& outbox, std::string text = frame_of(size),
                  Clock::time_point deadline = Clock::now() + support::default_deadline)
      : WaitingSender(outbox, std::move(text), deadline) {}
};

bool until_somebody_waits(Outbox& outbox) { return parts::until_somebody_waits(outbox, size); }

}  // namespace

TEST_SUITE("Outbox: waiting for room") {
  TEST_CASE("where there is room it does not wait") {
    Ground ground(room_for(size));
    const auto past = Clock::now() - 1h;
    CHECK(ground.outbox.push_waiting(Opcode::text, "one", past).result == SendResult::queued);
    CHECK(ground.outbox.push_waiting(Opcode::binary, "two", Clock::time_point::max()).result ==
          SendResult::queued);
    CHECK(ground.words() == Words{"text 'one'", "binary 'two'"});
  }

  TEST_CASE("when room comes the message is queued") {
    FullGround ground;
    Sender sender(ground.outbox);
    REQUIRE(until_somebody_waits(ground.outbox));
    ground.outbox.set_in_flight(1);
    CHECK_FALSE(sender.is_done());
    ground.outbox.set_in_flight(0);
    CHECK(sender.result() == SendResult::queued);
    CHECK(ground.words() == Words{"text '" + frame_of(size) + "'"});
  }

  TEST_CASE("it may wait for ever") {
    FullGround ground;
    Sender sender(ground.outbox, "a", Clock::time_point::max());
    REQUIRE(until_somebody_waits(ground.outbox));
    ground.outbox.set_in_flight(0);
    CHECK(sender.result() == SendResult::queued);
  }

  TEST_CASE("when its time has passed it is refused, and nothing is queued") {
    FullGround ground;
    const auto deadline = Clock::now() + 5ms;
    CHECK(ground.outbox.push_waiting(Opcode::text, "a", deadline).result ==
          SendResult::buffer_full);
    CHECK(Clock::now() >= deadline);
    CHECK(ground.outbox.push_waiting(Opcode::text, "a", Clock::now() - 1h).result ==
          SendResult::buffer_full);
    CHECK(ground.outbox.size() == size);
    CHECK(ground.lose() == 0);
  }

  TEST_CASE("who was refused in the end hears of the drain") {
    FullGround ground;
    CHECK(ground.outbox.push_waiting(Opcode::text, "a", Clock::now()).result ==
          SendResult::buffer_full);
    CHECK(ground.outbox.set_in_flight(0));
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("what never fits waits for its time and is refused, whatever room there is") {
    Ground ground(room_for(size));
    const auto deadline = Clock::now() + 5ms;
    const std::string text(size - header + 1, 'x');
    CHECK(ground.outbox.push_waiting(Opcode::text, text, deadline).result ==
          SendResult::buffer_full);
    CHECK(ground.outbox.size() == 0);
  }

  TEST_CASE("shut lets it go") {
    FullGround ground;
    Sender sender(ground.outbox);
    REQUIRE(until_somebody_waits(ground.outbox));
    ground.outbox.shut();
    CHECK(sender.result() == SendResult::closed);
  }

  TEST_CASE("discard lets it go") {
    FullGround ground;
    Sender sender(ground.outbox);
    REQUIRE(until_somebody_waits(ground.outbox));
    CHECK(ground.lose() == 0);
    CHECK(sender.result() == SendResult::closed);
  }

  TEST_CASE("of two that wait for the same room one is queued, then the other") {
    FullGround ground;
    Sender one(ground.outbox);
    Sender two(ground.outbox);
    REQUIRE(until_somebody_waits(ground.outbox));
    for (int round = 0; round < 2; ++round) {
      ground.outbox.set_in_flight(0);
      const support::Deadline deadline(support::default_deadline);
      while (ground.outbox.size() == 0 && !deadline.over()) std::this_thread::yield();
      CHECK(ground.outbox.size() == size);
      CHECK(ground.take().messages == 1);
      ground.outbox.set_in_flight(size);
      CHECK((one.is_done() && two.is_done()) <= (round == 1));
    }
    CHECK(one.result() == SendResult::queued);
    CHECK(two.result() == SendResult::queued);
  }

  TEST_CASE("room for the smaller one lets it pass the one that waits for more") {
    FullGround ground;
    Sender large(ground.outbox);
    REQUIRE(until_somebody_waits(ground.outbox));
    Sender small(ground.outbox, "small");
    ground.outbox.set_in_flight(size - header - 5);
    CHECK(small.result() == SendResult::queued);
    CHECK_FALSE(large.is_done());
    ground.take();
    ground.outbox.set_in_flight(0);
    CHECK(large.result() == SendResult::queued);
  }

  TEST_CASE("all that wait are let go at once") {
    FullGround ground;
    Sender one(ground.outbox);
    Sender two(ground.outbox);
    Sender three(ground.outbox, "b");
    REQUIRE(until_somebody_waits(ground.outbox));
    SUBCASE("by shut") { ground.outbox.shut(); }
    SUBCASE("by discard") { ground.lose(); }
    for (Sender* const sender : {&one, &two, &three}) CHECK(sender->result() == SendResult::closed);
  }

  TEST_CASE("what waits behind a message in pieces takes room until the last piece") {
    Ground ground(room_for(size, 0, size));
    CHECK(ground.piece("", false) == SendResult::queued);
    CHECK(ground.send(frame_of(size - 3 * header)) == SendResult::queued);
    ground.leave();
    Sender sender(ground.outbox, std::string(20, 'y'));
    CHECK(ground.piece("", true) == SendResult::queued);
    ground.leave();
    CHECK(sender.result() == SendResult::queued);
    CHECK(ground.words() == Words{"text '" + std::string(20, 'y') + "'"});
  }
}

TEST_SUITE("Outbox: pausing while much waits") {
  constexpr std::size_t much = std::size_t{1} << 20U;

  // Sends until it is told that much waits; how much that is.
  std::size_t send_much(Ground & ground) {
    const std::string text(16384, 'x');
    for (;;) {
      const Outbox::Pushed pushed = ground.outbox.push(Opcode::text, text);
      REQUIRE(pushed.result == SendResult::queued);
      REQUIRE(ground.outbox.size() < 2 * much);
      if (pushed.much_waits) return ground.outbox.size();
    }
  }

  TEST_CASE("much waits is told for a batch that is full, not for each message") {
    Ground ground;
    const std::size_t first = send_much(ground);
    CHECK(first > much / 2);
    CHECK_FALSE(ground.outbox.push(Opcode::text, "and another").much_waits);
    CHECK(send_much(ground) > first);
  }

  TEST_CASE("it is not told of what leaves as it comes") {
    Ground ground;
    for (int i = 0; i < 64; ++i) {
      CHECK_FALSE(ground.outbox.push(Opcode::text, std::string(much / 4, 'x')).much_waits);
      ground.leave();
    }
  }

  TEST_CASE("the pause is over when the time is") {
    Ground ground;
    send_much(ground);
    ground.outbox.let_some_leave(Clock::now() - 1h);
    const auto deadline = Clock::now() + 2ms;
    ground.outbox.let_some_leave(deadline);
    CHECK(Clock::now() >= deadline);
  }

  TEST_CASE("the pause is over when enough has left, or nothing can leave any more") {
    Ground ground;
    send_much(ground);
    support::Mailbox<bool> over;
    std::thread pausing([&] {
      ground.outbox.let_some_leave(Clock::now() + 10 * support::default_deadline);
      over.push(true);
    });
    SUBCASE("as it was written") {
      ground.take();
      ground.outbox.set_in_flight(much);  // some of it
      CHECK(over.empty());
      while (ground.outbox.size() > 0) ground.leave();
    }
    SUBCASE("as the connection is gone") { ground.lose(); }
    CHECK(over.pop(support::default_deadline).has_value());
    pausing.join();
  }
}
