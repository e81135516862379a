// When an outbox says that on_drain is due: options.hpp, Limits::send_high_water.
#include <doctest/doctest.h>

#include "parts/outbox_ground.hpp"

using namespace parts;

namespace {

// A frame of that size.
std::string frame_of(std::size_t size) { return std::string(size - header, 'x'); }

}  // namespace

TEST_SUITE("Outbox: drain") {
  TEST_CASE("as long as nothing was refused, nothing is told") {
    Ground ground(room_for(100));
    CHECK(ground.send(frame_of(100)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(50));
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("after a refusal it is told once, at half of the room") {
    Ground ground(room_for(100));
    CHECK(ground.send(frame_of(100)) == SendResult::queued);
    CHECK(ground.send("") == SendResult::buffer_full);
    CHECK(ground.send("") == SendResult::buffer_full);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(51));
    CHECK(ground.outbox.set_in_flight(50));
    CHECK_FALSE(ground.outbox.set_in_flight(49));
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("what has not been taken counts as well") {
    Ground ground(room_for(100));
    CHECK(ground.send(frame_of(30)) == SendResult::queued);
    ground.take();
    CHECK(ground.send(frame_of(51)) == SendResult::queued);
    CHECK(ground.send(frame_of(20)) == SendResult::buffer_full);
    CHECK_FALSE(ground.outbox.set_in_flight(0));
    ground.take();
    CHECK(ground.outbox.set_in_flight(50));
  }

  TEST_CASE("a message that can never fit is a refusal too, and told when the loop looks") {
    Ground ground(room_for(100));
    CHECK(ground.send(std::string(101, 'x')) == SendResult::buffer_full);
    CHECK(ground.outbox.set_in_flight(0));
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("a ping or a piece that was refused is told of, too") {
    for (const bool is_ping : {true, false}) {
      Ground ground(room_for(100));
      CHECK(ground.send(frame_of(100)) == SendResult::queued);
      CHECK((is_ping ? ground.ping("") : ground.piece("", true)) == SendResult::buffer_full);
      ground.take();
      CHECK(ground.outbox.set_in_flight(0));
      CHECK_FALSE(ground.outbox.set_in_flight(0));
    }
  }

  TEST_CASE("it is told again after the next refusal") {
    Ground ground(room_for(100));
    for (int round = 0; round < 3; ++round) {
      CHECK(ground.send(frame_of(100)) == SendResult::queued);
      CHECK(ground.send("") == SendResult::buffer_full);
      ground.take();
      CHECK(ground.outbox.set_in_flight(0));
    }
  }

  TEST_CASE("exactly the high water is not over it") {
    Ground ground(room_for(1000, 100, 20));
    CHECK(ground.send(frame_of(100)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("over the high water it is told once, at the low one") {
    Ground ground(room_for(1000, 100, 20));
    CHECK(ground.send(frame_of(101)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(100));
    CHECK_FALSE(ground.outbox.set_in_flight(21));
    CHECK(ground.outbox.set_in_flight(20));
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("between the waters nothing is told again, over the high one it is") {
    Ground ground(room_for(1000, 100, 20));
    CHECK(ground.send(frame_of(101)) == SendResult::queued);
    ground.take();
    CHECK(ground.outbox.set_in_flight(0));
    CHECK(ground.send(frame_of(90)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(0));
    CHECK(ground.send(frame_of(60)) == SendResult::queued);
    ground.take();
    CHECK(ground.send(frame_of(60)) == SendResult::queued);
    ground.take();
    CHECK(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("a refusal below the high water is told of as well") {
    Ground ground(room_for(100, 90, 20));
    CHECK(ground.send(frame_of(50)) == SendResult::queued);
    CHECK(ground.send(frame_of(51)) == SendResult::buffer_full);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(21));
    CHECK(ground.outbox.set_in_flight(20));
  }

  TEST_CASE("without a low water it is half of the high one") {
    Ground ground(room_for(1000, 100));
    CHECK(ground.send(frame_of(101)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(51));
    CHECK(ground.outbox.set_in_flight(50));
  }

  TEST_CASE("a low water alone is heeded after a refusal") {
    Ground ground(room_for(100, 0, 10));
    CHECK(ground.send(frame_of(100)) == SendResult::queued);
    CHECK(ground.send("") == SendResult::buffer_full);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(11));
    CHECK(ground.outbox.set_in_flight(10));
  }

  TEST_CASE("a low water above the high one is the high one") {
    Ground ground(room_for(1000, 100, 500));
    CHECK(ground.send(frame_of(150)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(101));
    CHECK(ground.outbox.set_in_flight(100));
  }

  TEST_CASE("a high water that cannot be reached leaves the refusals") {
    Ground ground(room_for(100, 5000, 10));
    CHECK(ground.send(frame_of(100)) == SendResult::queued);
    ground.take();
    CHECK_FALSE(ground.outbox.set_in_flight(0));
    CHECK(ground.send(std::string(200, 'x')) == SendResult::buffer_full);
    CHECK(ground.outbox.set_in_flight(0));
  }

  TEST_CASE(
      "what waits behind a message in pieces counts for the high water, not for the low one") {
    Ground ground(room_for(1000, 100, 20));
    CHECK(ground.piece("", false) == SendResult::queued);
    CHECK(ground.send(frame_of(95)) == SendResult::queued);
    ground.take();
    // It leaves after the message, whose sender must not wait for that.
    CHECK(ground.outbox.set_in_flight(0));
    CHECK(ground.piece("", true) == SendResult::queued);
    ground.take();
    CHECK(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("what was refused because there is no connection is not told of") {
    Ground ground(room_for(100));
    ground.outbox.shut();
    CHECK(ground.send("a") == SendResult::closed);
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }

  TEST_CASE("a new connection owes nothing for what was refused on the one before") {
    Ground ground(room_for(100));
    CHECK(ground.send(std::string(101, 'x')) == SendResult::buffer_full);
    ground.lose();
    ground.reopen();
    CHECK_FALSE(ground.outbox.set_in_flight(0));
  }
}
