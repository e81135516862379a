// What an outbox hands to the loop, when it wants it woken, and what it says is lost.
#include <doctest/doctest.h>

#include "engine/time_mark.hpp"
#include "parts/outbox_ground.hpp"

using namespace parts;
using websocket::engine::time_mark;
using websocket::net::Clock;

namespace {

bool wakes(const Outbox::Pushed& pushed) {
  CHECK(pushed.result == SendResult::queued);
  return pushed.wake_loop;
}

bool push_wakes(Ground& ground) { return wakes(ground.outbox.push(Opcode::text, "a")); }

// Takes until there is nothing, as the loop does before it waits.
void let_the_loop_wait(Ground& ground) {
  FrameBatch batch;
  while (ground.outbox.take(batch, ground.outbox.in_flight())) batch.clear();
  ground.outbox.set_in_flight(0);
}

}  // namespace

TEST_SUITE("Outbox: waking the loop") {
  TEST_CASE("a connection that has just opened is looked after without being woken") {
    Ground ground;
    CHECK_FALSE(push_wakes(ground));
    CHECK_FALSE(push_wakes(ground));
  }

  TEST_CASE("the first message wakes the loop, the next ones do not") {
    Ground ground;
    let_the_loop_wait(ground);
    CHECK(push_wakes(ground));
    CHECK_FALSE(push_wakes(ground));
    CHECK_FALSE(wakes(ground.outbox.push(Opcode::ping, "p")));
    CHECK_FALSE(wakes(ground.outbox.push_fragment(Opcode::text, "p", true)));
  }

  TEST_CASE("a loop that took something looks again by itself, one that took nothing does not") {
    Ground ground;
    let_the_loop_wait(ground);
    CHECK(push_wakes(ground));
    CHECK_FALSE(ground.take().frames.empty());
    CHECK_FALSE(push_wakes(ground));
    CHECK_FALSE(ground.take().frames.empty());
    CHECK(ground.take().frames.empty());
    CHECK(push_wakes(ground));
    CHECK_FALSE(push_wakes(ground));
  }

  TEST_CASE("a ping wakes the loop as well") {
    Ground ground;
    let_the_loop_wait(ground);
    CHECK(wakes(ground.outbox.push(Opcode::ping, "p")));
    CHECK_FALSE(push_wakes(ground));
  }

  TEST_CASE("a loop that stays awake is not woken, until it took nothing") {
    Ground ground;
    let_the_loop_wait(ground);
    ground.outbox.stay_awake();
    CHECK_FALSE(push_wakes(ground));
    let_the_loop_wait(ground);
    CHECK(push_wakes(ground));
  }

  TEST_CASE("what is refused neither wakes the loop nor keeps the next one from doing it") {
    Ground ground(room_for(50));
    let_the_loop_wait(ground);
    const Outbox::Pushed refused = ground.outbox.push(Opcode::text, std::string(51, 'x'));
    CHECK(refused.result == SendResult::buffer_full);
    CHECK_FALSE(refused.wake_loop);
    const Outbox::Pushed invalid = ground.outbox.push_fragment(Opcode::text, "\xff", false);
    CHECK(invalid.result == SendResult::invalid);
    CHECK_FALSE(invalid.wake_loop);
    CHECK(push_wakes(ground));
  }

  TEST_CASE("a message that had to wait wakes the loop where nobody else did") {
    Ground ground;
    let_the_loop_wait(ground);
    CHECK(wakes(ground.outbox.push_waiting(Opcode::text, "a", Clock::now())));
    CHECK_FALSE(wakes(ground.outbox.push_waiting(Opcode::text, "a", Clock::now())));
  }

  TEST_CASE("every piece wakes a loop that waits") {
    Ground ground;
    for (const bool fin : {false, false, true}) {
      let_the_loop_wait(ground);
      CHECK(wakes(ground.outbox.push_fragment(Opcode::text, "a", fin)));
    }
  }

  TEST_CASE("the last piece wakes for what waits behind it, whoever woke before") {
    Ground ground;
    CHECK(ground.piece("a", false) == SendResult::queued);
    let_the_loop_wait(ground);
    push_wakes(ground);
    let_the_loop_wait(ground);
    CHECK(wakes(ground.outbox.push_fragment(Opcode::text, "b", true)));
    CHECK(ground.words() == Words{"continuation 'b'", "text 'a'"});
  }
}

TEST_SUITE("Outbox: taking") {
  TEST_CASE("everything is taken at once, in order, and counted") {
    Ground ground;
    ground.send("one");
    ground.ping("p");
    ground.outbox.push(Opcode::binary, "two");
    ground.piece("th", false);
    ground.piece("ree", true);
    const FrameBatch batch = ground.take();
    CHECK(wire::describe(batch.frames.view()) ==
          Words{"text 'one'", "ping 'p'", "binary 'two'", "text* 'th'", "continuation 'ree'"});
    CHECK(batch.messages == 3);
    CHECK(ground.take().frames.empty());
  }

  TEST_CASE("frames are masked with keys of their own") {
    Ground ground;
    for (int i = 0; i < 3; ++i) ground.send("the same");
    const auto frames = wire::parse(ground.leave());
    REQUIRE(frames.size() == 3);
    for (const auto& frame : frames) {
      CHECK(frame.key.has_value());
      CHECK(frame.payload == "the same");
      CHECK(frame.reserved == 0);
    }
    CHECK(frames[0].key != frames[1].key);
    CHECK(frames[1].key != frames[2].key);
  }

  TEST_CASE("a message in pieces counts with the batch in which its last piece is") {
    Ground ground;
    ground.piece("a", false);
    CHECK(ground.take().messages == 0);
    ground.piece("b", false);
    CHECK(ground.take().messages == 0);
    ground.send("behind");
    CHECK(ground.take().frames.empty());
    ground.piece("c", true);
    CHECK(ground.take().messages == 2);
  }

  TEST_CASE("a ping knows how many messages of its batch were before it, and when it was sent") {
    Ground ground;
    const auto before = time_mark(Clock::now());
    ground.ping("first");
    ground.send("one");
    ground.send("two");
    ground.ping("second");
    ground.ping("");
    const FrameBatch batch = ground.take();
    const auto after = time_mark(Clock::now());
    REQUIRE(batch.pings->size() == 3);
    CHECK((*batch.pings)[0].payload == "first");
    CHECK((*batch.pings)[0].messages_before == 0);
    CHECK((*batch.pings)[1].payload == "second");
    CHECK((*batch.pings)[1].messages_before == 2);
    CHECK((*batch.pings)[2].payload.empty());
    CHECK((*batch.pings)[2].messages_before == 2);
    for (const auto& ping : *batch.pings) {
      CHECK(ping.sent >= before);
      CHECK(ping.sent <= after);
    }
  }

  TEST_CASE("each batch counts anew") {
    Ground ground;
    ground.send("one");
    ground.ping("a");
    ground.take();
    ground.ping("b");
    const FrameBatch batch = ground.take();
    REQUIRE(batch.pings->size() == 1);
    CHECK((*batch.pings)[0].payload == "b");
    CHECK((*batch.pings)[0].messages_before == 0);
    CHECK(batch.messages == 0);
  }

  TEST_CASE("a ping between pieces is before the message, and before what waits behind it") {
    Ground ground;
    ground.send("one");
    ground.piece("a", false);
    ground.send("behind");
    ground.ping("p");
    ground.piece("b", true);
    ground.ping("q");
    const FrameBatch batch = ground.take();
    REQUIRE(batch.pings->size() == 2);
    CHECK((*batch.pings)[0].messages_before == 1);
    CHECK((*batch.pings)[1].messages_before == 3);
    CHECK(batch.messages == 3);
    CHECK(wire::describe(batch.frames.view()) == Words{"text 'one'", "text* 'a'", "ping 'p'",
                                                       "continuation 'b'", "text 'behind'",
                                                       "ping 'q'"});
  }

  TEST_CASE("a refused ping leaves no mark") {
    Ground ground(room_for(20));
    ground.send(std::string(14, 'x'));
    CHECK(ground.ping("p") == SendResult::buffer_full);
    CHECK_FALSE(ground.take().pings);
  }
}

TEST_SUITE("Outbox: what is lost") {
  TEST_CASE("messages that were not taken are, pings are not messages") {
    Ground ground;
    ground.send("taken");
    ground.take();
    ground.send("one");
    ground.ping("p");
    ground.send("two");
    CHECK(ground.lose() == 2);
    CHECK(ground.lose() == 0);
    ground.reopen();
    CHECK(ground.lose() == 0);
  }

  TEST_CASE("refused messages were never there") {
    Ground ground(room_for(20));
    ground.send("one");
    CHECK(ground.send(std::string(30, 'x')) == SendResult::buffer_full);
    CHECK(ground.lose() == 1);
  }

  TEST_CASE("so are those that wait behind a message in pieces, which itself was not all given") {
    Ground ground;
    ground.send("before");
    ground.piece("a", false);
    ground.send("behind");
    ground.send("behind, too");
    ground.ping("p");
    SUBCASE("the pieces here") { CHECK(ground.lose() == 3); }
    SUBCASE("the pieces taken") {
      CHECK(ground.take().messages == 1);
      CHECK(ground.lose() == 2);
    }
    SUBCASE("after the last piece") {
      ground.piece("b", true);
      CHECK(ground.lose() == 4);
    }
  }

  TEST_CASE("shut does not change what is lost") {
    Ground ground;
    ground.send("one");
    ground.piece("a", false);
    ground.send("behind");
    ground.outbox.shut();
    CHECK(ground.lose() == 2);
  }
}
