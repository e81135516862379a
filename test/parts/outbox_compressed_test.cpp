// Compressed messages as an outbox queues them, whole and in pieces: whatever happens to them, a
// peer that uses zlib directly inflates what was given.
#include <doctest/doctest.h>

#include <random>

#include "parts/inflating_peer.hpp"
#include "parts/outbox_ground.hpp"
#include "parts/waiting_sender.hpp"

using namespace parts;

namespace {

DeflateAgreement agreed(bool takeover, std::size_t threshold) {
  DeflateAgreement made;
  made.client.no_context_takeover = !takeover;
  made.threshold = threshold;
  return made;
}

// The same words again and again: what was sent before is worth referring to.
std::string prose(std::size_t size, unsigned seed = 1) {
  const std::string some = wire::filling(300, seed);
  std::string made;
  while (made.size() < size) made += some;
  made.resize(size);
  return made;
}

// What cannot be compressed: it comes out some bytes longer.
std::string noise_of(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string made(size, '\0');
  for (char& byte : made) byte = static_cast<char>(random() & 0xffU);
  return made;
}

struct CompressedGround : Ground {
  explicit CompressedGround(bool takeover = true, const Limits& limits = {},
                            std::size_t threshold = 0)
      : Ground(agreed(takeover, threshold), limits), peer(takeover) {}
  InflatingPeer peer;

  Words arrived() {
    peer.read(leave());
    return peer.words();
  }
};

// Fills the outbox so that `room` bytes are left, with what is not compressed.
void leave_room(Ground& ground, std::size_t limit, std::size_t room) {
  ground.outbox.set_in_flight(limit - room);
}

}  // namespace

TEST_SUITE("Outbox: compressed messages") {
  TEST_CASE("what is shorter than the threshold goes out as it is") {
    CompressedGround ground(true, {}, 10);
    ground.send("123456789");
    ground.send("1234567890");
    CHECK(ground.arrived() == Words{"123456789", "~1234567890"});
  }

  TEST_CASE("where nothing was agreed on nothing is compressed") {
    Ground ground;
    ground.send(prose(1000));
    ground.piece(prose(1000), true);
    for (const auto& frame : wire::parse(ground.leave())) CHECK(frame.reserved == 0);
  }

  TEST_CASE("messages inflate in their order, with and without context takeover") {
    for (const bool takeover : {true, false}) {
      CAPTURE(takeover);
      CompressedGround ground(takeover);
      for (const std::size_t size : {0U, 1U, 500U, 40'000U, 500U}) {
        const std::string text = prose(size);
        CHECK(ground.send(text) == SendResult::queued);
        CHECK(ground.arrived() == Words{"~" + text});
      }
    }
  }

  TEST_CASE("with context takeover the same message is shorter the second time") {
    CompressedGround ground;
    ground.send(wire::filling(1000));
    const std::size_t first = ground.outbox.size();
    ground.send(wire::filling(1000));
    CHECK(ground.outbox.size() - first < 50);
  }

  TEST_CASE("the room is counted in compressed bytes") {
    CompressedGround ground(true, room_for(1000));
    CHECK(ground.send(std::string(900, 'x')) == SendResult::queued);
    CHECK(ground.outbox.size() < 50);
    CHECK(ground.send(std::string(900, 'x')) == SendResult::queued);
    CHECK(ground.send(std::string(1001, 'x')) == SendResult::buffer_full);
  }

  TEST_CASE("a message that was compressed and refused is not referred to") {
    for (const bool takeover : {true, false}) {
      CompressedGround ground(takeover, room_for(1000));
      ground.send(prose(400));
      CHECK(ground.arrived() == Words{"~" + prose(400)});
      leave_room(ground, 1000, 20);
      CHECK(ground.send(wire::filling(600, 7)) == SendResult::buffer_full);
      ground.outbox.set_in_flight(0);
      for (int i = 0; i < 3; ++i) {
        ground.send(wire::filling(600, 7));
        CHECK(ground.arrived() == Words{"~" + wire::filling(600, 7)});
      }
    }
  }

  TEST_CASE("after a rest, and on the next connection, compressing begins anew") {
    CompressedGround ground;
    ground.send(prose(500));
    CHECK(ground.arrived() == Words{"~" + prose(500)});
    ground.outbox.rest();
    ground.send(prose(500));
    CHECK(ground.arrived() == Words{"~" + prose(500)});
    ground.lose();
    ground.outbox.rest();
    ground.reopen();
    ground.peer.reset();
    ground.send(prose(500));
    CHECK(ground.arrived() == Words{"~" + prose(500)});
  }

  TEST_CASE("a next connection that agreed on nothing gets nothing compressed") {
    CompressedGround ground;
    ground.send(prose(500));
    ground.lose();
    ground.outbox.open(nullptr);
    ground.send(prose(500));
    ground.piece(prose(500), false);
    ground.piece("", true);
    CHECK(ground.arrived() == Words{prose(500), "2 " + prose(500)});
  }

  TEST_CASE("a message that was refused while it did not fit is queued once it does") {
    // Compressed it has room; as it is it would not have any even alone.
    CompressedGround ground(true, room_for(1000));
    leave_room(ground, 1000, 6);
    const std::string text(1000, 'x');
    CHECK(ground.send(text) == SendResult::buffer_full);
    ground.outbox.set_in_flight(0);
    CHECK(ground.send(text) == SendResult::queued);
    CHECK(ground.arrived() == Words{"~" + text});
  }
}

TEST_SUITE("Outbox: waiting with a compressed message") {
  TEST_CASE("room for what it is compressed to is room enough") {
    // As it is it would have none even alone; push() takes it.
    CompressedGround ground(true, room_for(1000, 0, 1000));
    leave_room(ground, 1000, 6);
    const std::string text(1000, 'x');
    WaitingSender sender(ground.outbox, text);
    REQUIRE(until_somebody_waits(ground.outbox, 994));
    ground.outbox.set_in_flight(0);
    CHECK(sender.result() == SendResult::queued);
    CHECK(ground.arrived() == Words{"~" + text});
  }
}

TEST_SUITE("Outbox: compressed messages in pieces") {
  TEST_CASE("the pieces inflate to what was given, in whatever cuts, among other messages") {
    for (const bool takeover : {true, false}) {
      for (unsigned seed = 0; seed < 8; ++seed) {
        CAPTURE(takeover);
        CAPTURE(seed);
        CompressedGround ground(takeover);
        const std::string text = prose(3000, seed);
        const wire::Cuts cuts = wire::cut_at_random(text, seed);
        ground.send(prose(700, seed));
        for (const std::string_view cut : cuts) {
          CHECK(ground.piece(cut, cut.end() == std::string_view(text).end()) == SendResult::queued);
        }
        ground.send(prose(700, seed));
        const std::string count = cuts.size() > 1 ? std::to_string(cuts.size()) + " " : "";
        CHECK(ground.arrived() ==
              Words{"~" + prose(700, seed), count + "~" + text, "~" + prose(700, seed)});
      }
    }
  }

  TEST_CASE("empty pieces, first, between and last") {
    for (const bool takeover : {true, false}) {
      CompressedGround ground(takeover);
      ground.send("before");
      for (const std::string_view text : {"", "a", "", "", "b", ""}) {
        CHECK(ground.piece(text, false) == SendResult::queued);
      }
      CHECK(ground.piece("", true) == SendResult::queued);
      CHECK(ground.piece("", false) == SendResult::queued);
      CHECK(ground.piece("", true) == SendResult::queued);
      CHECK(ground.piece("", true) == SendResult::queued);
      ground.send("after");
      CHECK(ground.arrived() == Words{"~before", "7 ~ab", "2 ~", "~", "~after"});
    }
  }

  TEST_CASE("each piece can be inflated as far as it goes when it arrives") {
    // RFC 7692 6.1: a fragment carries what was given for it.
    CompressedGround ground;
    zlib_peer::Decompressor zlib;
    for (const std::string_view text : {"one", "two", "three"}) {
      const bool fin = text == "three";
      CHECK(ground.piece(text, fin) == SendResult::queued);
      const auto frames = wire::parse(ground.leave());
      REQUIRE(frames.size() == 1);
      // What the peer appends is the rest of an empty block, which the last frame begins.
      CHECK(zlib.message(frames[0].payload + (fin ? "" : std::string(1, '\0'))) == text);
    }
  }

  TEST_CASE(
      "a message in pieces is compressed however short its pieces, one in one by its length") {
    CompressedGround ground(true, {}, 100);
    ground.piece("a", false);
    ground.piece("b", true);
    ground.piece("c", true);
    ground.piece(std::string(100, 'd'), true);
    ground.send("e");
    CHECK(ground.arrived() == Words{"2 ~ab", "c", "~" + std::string(100, 'd'), "e"});
  }

  TEST_CASE("what others send between the pieces goes out behind them, as it is") {
    CompressedGround ground;
    ground.send(prose(300));
    ground.piece(prose(300), false);
    ground.send(prose(300));
    ground.ping("p");
    ground.piece(prose(300), true);
    ground.send(prose(300));
    CHECK(ground.arrived() ==
          Words{"~" + prose(300), "2 ~" + prose(600), prose(300), "~" + prose(300)});
    CHECK(ground.peer.pings() == Words{"p"});
  }

  TEST_CASE("resting between the pieces takes nothing from the message") {
    CompressedGround ground;
    ground.piece(prose(600), false);
    ground.outbox.rest();
    ground.piece(prose(600), false);
    ground.outbox.rest();
    ground.piece("", true);
    ground.outbox.rest();
    ground.send(prose(600));
    CHECK(ground.arrived() == Words{"3 ~" + prose(600) + prose(600), "~" + prose(600)});
  }

  TEST_CASE("any piece that was refused can be given again") {
    constexpr std::size_t limit = 2000;
    const Words pieces = {wire::filling(700, 1), wire::filling(700, 2), wire::filling(700, 1)};
    const std::string whole = pieces[0] + pieces[1] + pieces[2];
    // Refused before it is compressed, or after, for want of room for what it came to.
    for (const std::size_t room : {0U, 100U, 706U}) {
      for (const bool takeover : {true, false}) {
        for (std::size_t refused = 0; refused < pieces.size(); ++refused) {
          CAPTURE(room);
          CAPTURE(takeover);
          CAPTURE(refused);
          CompressedGround ground(takeover, room_for(limit));
          ground.send(pieces[2]);
          Words seen = ground.arrived();
          for (std::size_t i = 0; i < pieces.size(); ++i) {
            const bool fin = i == 2;
            if (i == refused) {
              leave_room(ground, limit, room);
              CHECK(ground.piece(pieces[i], fin) == SendResult::buffer_full);
              CHECK(ground.piece(pieces[i], fin) == SendResult::buffer_full);
              CHECK(ground.leave().empty());
              ground.outbox.rest();
            }
            CHECK(ground.piece(pieces[i], fin) == SendResult::queued);
            ground.peer.read(ground.leave());
          }
          ground.send(pieces[0]);
          ground.piece(pieces[1], true);
          for (std::string& word : ground.arrived()) seen.push_back(std::move(word));
          CHECK(seen == Words{"~" + pieces[2], "3 ~" + whole, "~" + pieces[0], "~" + pieces[1]});
        }
      }
    }
  }

  TEST_CASE(
      "a piece that compressing makes longer than the room is refused and can be given again") {
    constexpr std::size_t limit = 2000;
    const Words noise = {noise_of(600, 1), noise_of(600, 2), noise_of(600, 3)};
    const auto piece = [&](Ground& ground, std::size_t i) {
      return ground.outbox.push_fragment(Opcode::binary, noise[i], i == 2).result;
    };
    for (std::size_t refused = 0; refused < 3; ++refused) {
      CAPTURE(refused);
      CompressedGround ground(true, room_for(limit));
      for (std::size_t i = 0; i < 3; ++i) {
        if (i == refused) {
          leave_room(ground, limit, noise[i].size() + 8);
          CHECK(piece(ground, i) == SendResult::buffer_full);
          ground.outbox.set_in_flight(0);
          if (i == 0) {
            ground.send("meanwhile");
            CHECK(ground.arrived() == Words{"~meanwhile"});
          }
        }
        CHECK(piece(ground, i) == SendResult::queued);
        ground.peer.read(ground.leave());
      }
      ground.send("after");
      CHECK(ground.arrived() == Words{"3 ~" + noise[0] + noise[1] + noise[2], "~after"});
    }
  }

  TEST_CASE("an invalid piece leaves the message as it was") {
    CompressedGround ground;
    CHECK(ground.piece("\xff", false) == SendResult::invalid);
    CHECK(ground.piece("a\xe2", false) == SendResult::queued);
    CHECK(ground.piece("\xff", false) == SendResult::invalid);
    CHECK(ground.piece("", true) == SendResult::invalid);
    CHECK(ground.piece("\x82\xac", true) == SendResult::queued);
    ground.send("after");
    CHECK(ground.arrived() == Words{"2 ~a\xe2\x82\xac", "~after"});
  }

  TEST_CASE("a connection that ends between the pieces takes the message and the context with it") {
    CompressedGround ground;
    ground.send(prose(500));
    ground.piece(prose(500), false);
    CHECK(ground.lose() == 1);
    ground.reopen();
    CHECK(ground.piece(prose(500), false) == SendResult::closed);
    CHECK(ground.piece(prose(500), false) == SendResult::queued);
    CHECK(ground.piece("", true) == SendResult::queued);
    CHECK(ground.arrived() == Words{"2 ~" + prose(500)});
  }
}
