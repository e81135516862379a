// What is known of the messages that were sent: which have left whole, and which the peer has read.
#include "protocol/delivery.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "protocol/connected.hpp"

using namespace protocol_test;

namespace {

// Sends the bytes of the output in steps of that size, `count` of them in all.
void send(Side& side, std::size_t count, std::size_t step) {
  while (count > 0) {
    const std::size_t size = std::min({count, step, side.connection.output().size()});
    REQUIRE(size > 0);
    side.connection.consume_output(size);
    count -= size;
  }
}

// How many messages of the output do not leave whole when `left` bytes of it do, by a plain reading
// of the frames.
std::size_t messages_behind(const std::vector<wire::Frame>& frames, std::size_t left) {
  std::size_t end = 0;
  std::size_t count = 0;
  for (const wire::Frame& frame : frames) {
    end += wire::bytes(frame).size();
    if (end > left && frame.opcode < 8 && frame.fin) ++count;
  }
  return count;
}

void fill(Side& side) {
  auto& connection = side.connection;
  connection.send(Opcode::text, "one");
  connection.send(Opcode::binary, wire::filling(300));
  connection.ping("p", 1);
  connection.send(Opcode::text, "frag", false);
  connection.send(Opcode::continuation, {}, false);
  connection.send(Opcode::continuation, "ment", true);
  connection.send(Opcode::text, {});
  connection.send(Opcode::text, "last");
}

}  // namespace

TEST_SUITE("what became of sent messages") {
  TEST_CASE("wherever the output is cut, those that did not leave whole are unsent") {
    for (const Role role : {Role::client, Role::server}) {
      Side whole(role);
      fill(whole);
      const std::string bytes = whole.take_output();
      const auto frames = wire::parse(bytes);
      for (std::size_t left = 0; left <= bytes.size(); ++left) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
          Side side(role);
          fill(side);
          send(side, left, step);
          CAPTURE(left);
          CAPTURE(step);
          const std::size_t unsent = messages_behind(frames, left);
          CHECK(side.connection.unsent_messages() == unsent);
          CHECK(side.connection.unconfirmed_messages() == 5 - unsent);
        }
      }
    }
  }

  TEST_CASE("a batch counts as what is in it, also behind a frame that left in part") {
    Side side;
    side.connection.send(Opcode::text, "first");
    send(side, 3, 3);
    protocol::FrameBatch batch;
    protocol::append_frame(batch.frames, true, Opcode::text, "second", &side.keys);
    protocol::append_frame(batch.frames, true, Opcode::text, "third", &side.keys);
    batch.messages = 2;
    REQUIRE(side.connection.send_frames(batch));
    CHECK(batch.messages == 0);
    CHECK(side.connection.unsent_messages() == 3);
    send(side, 8 + 3, 2);  // the rest of the first: 11 bytes in all; the second has 12
    CHECK(side.connection.unsent_messages() == 2);
    CHECK(side.connection.unconfirmed_messages() == 1);
    side.take_output();
    CHECK(side.connection.unsent_messages() == 0);
    CHECK(side.connection.unconfirmed_messages() == 3);
  }

  TEST_CASE("a pong says that what was sent before its ping was read, and hands back the time") {
    Side side;
    side.connection.send(Opcode::text, "one");
    side.connection.ping("a", 100);
    side.connection.send(Opcode::text, "two");
    side.connection.ping("b", 200);
    side.connection.send(Opcode::text, "three");
    side.take_output();
    CHECK(side.connection.unconfirmed_messages() == 3);

    side.push(side.peers({.opcode = 10, .payload = "not asked for"}));
    CHECK(side.connection.unconfirmed_messages() == 3);
    side.push(side.peers({.opcode = 10, .payload = "a"}));
    CHECK(side.connection.unconfirmed_messages() == 2);
    side.push(side.peers({.opcode = 10, .payload = "a"}));  // once more is not asked for either
    CHECK(side.connection.unconfirmed_messages() == 2);
    side.push(side.peers({.opcode = 10, .payload = "b"}));
    CHECK(side.connection.unconfirmed_messages() == 1);
  }

  TEST_CASE("the pong to a later ping answers the earlier ones as well") {
    protocol::Delivery delivery;
    delivery.message_queued();
    delivery.ping_queued("a", 1);
    delivery.message_queued();
    delivery.ping_queued("b", 2);
    CHECK(delivery.pong_received("b") == 2);
    CHECK(delivery.unconfirmed({}) == 0);
    CHECK_FALSE(delivery.pong_received("a"));
  }

  TEST_CASE("pings of a batch count from its place on the connection") {
    Side side;
    side.connection.send(Opcode::text, "before");
    protocol::FrameBatch batch;
    protocol::append_frame(batch.frames, true, Opcode::text, "in front", &side.keys);
    protocol::append_frame(batch.frames, true, Opcode::ping, "p", &side.keys);
    protocol::append_frame(batch.frames, true, Opcode::text, "behind", &side.keys);
    batch.messages = 2;
    batch.pings.get().push_back({"p", 1, 7});
    side.connection.send_frames(batch);
    side.take_output();
    side.push(side.peers({.opcode = 10, .payload = "p"}));
    CHECK(side.connection.unconfirmed_messages() == 1);
  }

  TEST_CASE("many pings of the same payload: a pong never confirms what went out after its ping") {
    protocol::Delivery delivery;
    for (int i = 0; i < 12; ++i) {
      delivery.message_queued();
      delivery.ping_queued("", i);
    }
    CHECK(delivery.pong_received("") == 0);
    CHECK(delivery.unconfirmed({}) == 11);
    CHECK(delivery.pong_received("") == 1);
    CHECK(delivery.unconfirmed({}) == 10);
  }

  TEST_CASE("of more unanswered pings than anybody waits for the oldest are forgotten") {
    protocol::Delivery delivery;
    for (int i = 0; i < 1000; ++i) delivery.ping_queued(std::to_string(i), i);
    CHECK_FALSE(delivery.pong_received("0"));
    CHECK(delivery.pong_received("995") == 995);
  }

  TEST_CASE(
      "the answer to our Close frame says that everything was read, the peer's own does not") {
    Side ours;
    ours.connection.send(Opcode::text, "read");
    ours.connection.close(1000, {});
    ours.take_output();
    ours.push(ours.peers_close(1000));
    CHECK(ours.connection.unconfirmed_messages() == 0);

    Side crossed;  // another code: it may have been sent before ours was read
    crossed.connection.send(Opcode::text, "who knows");
    crossed.connection.close(1000, {});
    crossed.take_output();
    crossed.push(crossed.peers_close(1001));
    CHECK(crossed.connection.unconfirmed_messages() == 1);

    Side theirs;
    theirs.connection.send(Opcode::text, "who knows");
    theirs.take_output();
    theirs.push(theirs.peers_close(1000));
    CHECK(theirs.connection.unconfirmed_messages() == 1);
    CHECK(theirs.connection.unsent_messages() == 0);
  }
}
