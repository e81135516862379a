// When an outbox accepts something: between open and shut, and as far as there is room.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

#include "parts/outbox_ground.hpp"

using namespace parts;

namespace {

constexpr std::size_t most = std::numeric_limits<std::size_t>::max();

void check_that_all_is_refused(Outbox& outbox, SendResult why) {
  const auto deadline = websocket::net::Clock::now();
  for (const Outbox::Pushed pushed :
       {outbox.push(Opcode::text, "a"), outbox.push(Opcode::binary, ""),
        outbox.push(Opcode::ping, "p"), outbox.push_waiting(Opcode::text, "a", deadline),
        outbox.push_fragment(Opcode::text, "a", false),
        outbox.push_fragment(Opcode::text, "", true)}) {
    CHECK(pushed.result == why);
    CHECK_FALSE(pushed.wake_loop);
  }
}

}  // namespace

TEST_SUITE("Outbox: open and closed") {
  TEST_CASE("before a connection is open nothing is accepted") {
    Outbox outbox({}, count_up);
    check_that_all_is_refused(outbox, SendResult::closed);
    CHECK(outbox.size() == 0);
    FrameBatch batch;
    CHECK_FALSE(outbox.take(batch, 0));
    CHECK(outbox.discard() == 0);
  }

  TEST_CASE("after shut nothing is accepted, and what is there still goes out") {
    Ground ground;
    CHECK(ground.send("one") == SendResult::queued);
    ground.outbox.shut();
    check_that_all_is_refused(ground.outbox, SendResult::closed);
    CHECK(ground.outbox.size() == header + 3);
    CHECK(ground.words() == Words{"text 'one'"});
  }

  TEST_CASE("after discard nothing is accepted and nothing is there") {
    Ground ground;
    CHECK(ground.send("one") == SendResult::queued);
    ground.take();
    CHECK(ground.send("two") == SendResult::queued);
    ground.lose();
    check_that_all_is_refused(ground.outbox, SendResult::closed);
    CHECK(ground.outbox.size() == 0);
    CHECK(ground.words().empty());
  }

  TEST_CASE("the next connection gets nothing that was meant for the one before") {
    Ground ground(room_for(2 * (header + 3)));
    CHECK(ground.send("one") == SendResult::queued);
    CHECK(ground.ping("old") == SendResult::queued);
    ground.lose();
    ground.reopen();
    CHECK(ground.outbox.size() == 0);
    CHECK(ground.send("two") == SendResult::queued);
    const FrameBatch batch = ground.take();
    CHECK(wire::describe(batch.frames.view()) == Words{"text 'two'"});
    CHECK(batch.messages == 1);
    CHECK_FALSE(batch.pings);
  }

  TEST_CASE("what the loop held for the connection before takes no room in the next one") {
    Ground ground(room_for(header + 3));
    CHECK(ground.send("one") == SendResult::queued);
    ground.take();
    CHECK(ground.send("two") == SendResult::buffer_full);
    ground.lose();
    ground.reopen();
    CHECK(ground.send("two") == SendResult::queued);
  }
}

TEST_SUITE("Outbox: room") {
  TEST_CASE("no room at all lets nothing in") {
    Ground ground(room_for(0));
    check_that_all_is_refused(ground.outbox, SendResult::buffer_full);
    CHECK(ground.outbox.size() == 0);
  }

  TEST_CASE("room for less than a header lets nothing in") {
    Ground ground(room_for(header - 1));
    check_that_all_is_refused(ground.outbox, SendResult::buffer_full);
  }

  TEST_CASE("room for just a header lets an empty message in") {
    Ground ground(room_for(header));
    CHECK(ground.send("a") == SendResult::buffer_full);
    CHECK(ground.send("") == SendResult::queued);
    CHECK(ground.send("") == SendResult::buffer_full);
    CHECK(ground.words() == Words{"text"});
  }

  TEST_CASE("a limit that can never be reached refuses nothing") {
    Ground ground(room_for(most));
    for (int i = 0; i < 10; ++i)
      CHECK(ground.send(std::string(100'000, 'x')) == SendResult::queued);
    CHECK(ground.outbox.size() == 10 * (100'000 + 14));
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("exactly full is allowed, a byte more is not") {
    struct Row {
      std::size_t payload, whole;
    };
    for (const Row row :
         {Row{0, 6}, Row{125, 131}, Row{126, 134}, Row{65535, 65543}, Row{65536, 65550}}) {
      const std::string text(row.payload, 'x');
      const std::size_t whole = row.whole;
      CAPTURE(whole);
      Ground exact(room_for(whole));
      CHECK(exact.send(text) == SendResult::queued);
      CHECK(exact.outbox.size() == whole);
      CHECK(exact.ping("") == SendResult::buffer_full);
      Ground narrow(room_for(whole - 1));
      CHECK(narrow.send(text) == SendResult::buffer_full);
      CHECK(narrow.outbox.size() == 0);
    }
  }

  TEST_CASE("the last bytes of room are used") {
    Ground ground(room_for(100));
    CHECK(ground.send(std::string(60, 'a')) == SendResult::queued);
    CHECK(ground.send(std::string(29, 'b')) == SendResult::buffer_full);
    CHECK(ground.send(std::string(22, 'b')) == SendResult::queued);
    CHECK(ground.outbox.size() == 94);
    CHECK(ground.ping("c") == SendResult::buffer_full);
    CHECK(ground.piece("", true) == SendResult::queued);
    CHECK(ground.outbox.size() == 100);
  }

  TEST_CASE("what the loop holds takes room until it has left") {
    Ground ground(room_for(100));
    CHECK(ground.send(std::string(94, 'a')) == SendResult::queued);
    ground.take();
    CHECK(ground.outbox.size() == 100);
    CHECK(ground.send("") == SendResult::buffer_full);
    ground.outbox.set_in_flight(95);
    CHECK(ground.send("") == SendResult::buffer_full);
    ground.outbox.set_in_flight(94);
    CHECK(ground.send("") == SendResult::queued);
    CHECK(ground.outbox.size() == 100);
    ground.outbox.set_in_flight(0);
    CHECK(ground.outbox.size() == header);
  }

  TEST_CASE("what is taken while something is in flight adds to it") {
    Ground ground;
    CHECK(ground.send("one") == SendResult::queued);
    ground.take();
    CHECK(ground.send("three") == SendResult::queued);
    ground.take();
    CHECK(ground.outbox.size() == 2 * header + 8);
  }

  TEST_CASE("what is there is counted to the byte, whichever way it went in") {
    Ground ground;
    std::size_t expected = 0;
    const auto check_one_more = [&](SendResult result, std::size_t size) {
      CHECK(result == SendResult::queued);
      expected += size;
      CHECK(ground.outbox.size() == expected);
    };
    check_one_more(ground.send("one"), header + 3);
    check_one_more(ground.piece("pie", false), header + 3);
    check_one_more(ground.send("behind"), header + 6);
    check_one_more(ground.ping("p"), header + 1);
    const std::size_t taken = ground.take().frames.size();
    CHECK(ground.outbox.size() == expected);
    check_one_more(ground.piece("ce", true), header + 2);
    ground.outbox.set_in_flight(1);
    expected -= taken - 1;
    CHECK(ground.outbox.size() == expected);
    check_one_more(ground.send(std::string(300'000, 'x')), 300'014);
    check_one_more(ground.send("two"), header + 3);
    while (!ground.take().frames.empty()) CHECK(ground.outbox.size() == expected);
    ground.outbox.set_in_flight(0);
    CHECK(ground.outbox.size() == 0);
  }

  TEST_CASE(
      "the loop may hold more than the limit, and what is sent is refused until it does not") {
    // Its own pongs and close frames count as well.
    Ground ground(room_for(100));
    ground.outbox.set_in_flight(1000);
    CHECK(ground.outbox.size() == 1000);
    CHECK(ground.send("") == SendResult::buffer_full);
    ground.outbox.set_in_flight(94);
    CHECK(ground.send("") == SendResult::queued);
  }
}
