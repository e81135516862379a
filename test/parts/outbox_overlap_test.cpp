// What an outbox does while one thread stands still in the middle of compressing: nobody waits for
// it, and what goes out inflates to what was given.
#include <doctest/doctest.h>

#include <optional>

#include "parts/compressing_hook.hpp"
#include "parts/inflating_peer.hpp"
#include "parts/outbox_ground.hpp"

using namespace parts;

namespace {

// A thread stands still in the middle of a message or a piece.
struct Overlap : Ground {
  explicit Overlap(const Limits& limits = {}) : Ground(DeflateAgreement{}, limits) {
    send("context");  // so that there is something to refer to
    arrived();
  }

  void begin_message(std::string text) {
    compressing.emplace([this, text] { theirs = send(text); });
    REQUIRE(compressing->has_begun());
  }
  void begin_piece(std::string text, bool fin) {
    compressing.emplace([this, text, fin] { theirs = piece(text, fin); });
    REQUIRE(compressing->has_begun());
  }
  // It goes on; what became of its message.
  SendResult finish() {
    compressing.reset();
    return theirs;
  }
  Words arrived() {
    peer.read(leave());
    return peer.words();
  }
  // On whichever connection there is now, messages are compressed and inflate.
  void check_that_all_is_well() {
    CHECK(peer.is_between_messages());
    send("the context");
    piece("the con", false);
    piece("text", true);
    send("the context");
    CHECK(arrived() == Words{"~the context", "2 ~the context", "~the context"});
  }

  InflatingPeer peer;
  SendResult theirs = SendResult::invalid;
  std::optional<Compressing> compressing;  // the first to go
};

}  // namespace

TEST_SUITE("Outbox: while another thread compresses a message") {
  TEST_CASE("a message goes out as it is and before it") {
    Overlap ground;
    ground.begin_message("theirs");
    CHECK(ground.send("ours") == SendResult::queued);
    CHECK(ground.arrived() == Words{"ours"});
    CHECK(ground.finish() == SendResult::queued);
    CHECK(ground.arrived() == Words{"~theirs"});
    ground.check_that_all_is_well();
  }

  TEST_CASE("pings, taking, the size and a rest do not wait") {
    Overlap ground;
    ground.begin_message("theirs");
    CHECK(ground.ping("p") == SendResult::queued);
    CHECK(ground.outbox.size() == header + 1);
    ground.outbox.rest();
    CHECK(ground.arrived().empty());
    CHECK(ground.peer.pings() == Words{"p"});
    CHECK(ground.finish() == SendResult::queued);
    CHECK(ground.arrived() == Words{"~theirs"});
    ground.check_that_all_is_well();
  }

  TEST_CASE(
      "a message in pieces is not compressed, and theirs waits behind it if it comes between") {
    Overlap ground;
    ground.begin_message("theirs");
    CHECK(ground.piece("a", false) == SendResult::queued);
    CHECK(ground.finish() == SendResult::queued);
    CHECK(ground.arrived().empty());
    CHECK(ground.send("behind") == SendResult::queued);
    CHECK(ground.piece("b", true) == SendResult::queued);
    CHECK(ground.arrived() == Words{"2 ab", "~theirs", "behind"});
    ground.check_that_all_is_well();
  }

  TEST_CASE("theirs goes out behind a message in pieces that was over sooner") {
    Overlap ground;
    ground.begin_message("theirs");
    CHECK(ground.piece("a", false) == SendResult::queued);
    CHECK(ground.send("behind") == SendResult::queued);
    CHECK(ground.piece("b", true) == SendResult::queued);
    CHECK(ground.piece("one", true) == SendResult::queued);
    CHECK(ground.finish() == SendResult::queued);
    CHECK(ground.arrived() == Words{"2 ab", "behind", "one", "~theirs"});
    ground.check_that_all_is_well();
  }

  TEST_CASE("theirs between the pieces of the second of two messages waits behind that one") {
    Overlap ground;
    ground.begin_message("theirs");
    ground.piece("a", false);
    ground.piece("b", true);
    ground.piece("c", false);
    CHECK(ground.finish() == SendResult::queued);
    ground.piece("d", true);
    CHECK(ground.arrived() == Words{"2 ab", "2 cd", "~theirs"});
    ground.check_that_all_is_well();
  }

  TEST_CASE("theirs is lost and counted when the connection ends before the last piece") {
    Overlap ground;
    ground.begin_message("theirs");
    ground.piece("a", false);
    CHECK(ground.finish() == SendResult::queued);
    CHECK(ground.lose() == 1);
  }

  TEST_CASE("theirs is closed when the connection ends meanwhile") {
    Overlap ground;
    ground.begin_message("theirs");
    CHECK(ground.lose() == 0);
    SUBCASE("and no other comes") { CHECK(ground.finish() == SendResult::closed); }
    SUBCASE("and another one comes") {
      ground.reopen();
      CHECK(ground.finish() == SendResult::closed);
    }
    SUBCASE("and another one comes, which has compressed already") {
      ground.reopen();
      ground.peer.reset();
      CHECK(ground.send("new") == SendResult::queued);
      CHECK(ground.arrived() == Words{"~new"});
      CHECK(ground.finish() == SendResult::closed);
      ground.check_that_all_is_well();
    }
    SUBCASE("and another one comes without compression") {
      ground.outbox.open(nullptr);
      CHECK(ground.finish() == SendResult::closed);
    }
    CHECK(ground.arrived().empty());
    CHECK(ground.lose() == 0);
    ground.reopen();
    ground.peer.reset();
    ground.check_that_all_is_well();
  }

  TEST_CASE("theirs is closed when the outbox is shut meanwhile") {
    Overlap ground;
    ground.begin_message("theirs");
    ground.outbox.shut();
    CHECK(ground.finish() == SendResult::closed);
    CHECK(ground.lose() == 0);
  }

  TEST_CASE("theirs is refused when the room is taken meanwhile, and nothing refers to it") {
    Overlap ground(room_for(1000));
    ground.begin_message("theirs, the context");
    ground.outbox.set_in_flight(1000);
    CHECK(ground.finish() == SendResult::buffer_full);
    ground.outbox.set_in_flight(0);
    CHECK(ground.send("theirs, the context") == SendResult::queued);
    CHECK(ground.arrived() == Words{"~theirs, the context"});
    ground.check_that_all_is_well();
  }
}

TEST_SUITE("Outbox: while another thread compresses a piece") {
  TEST_CASE("what others send waits behind the message, pings do not") {
    Overlap ground;
    SUBCASE("the first piece") {
      ground.begin_piece("ab", false);
      CHECK(ground.send("ours") == SendResult::queued);
      CHECK(ground.ping("p") == SendResult::queued);
      CHECK(ground.arrived().empty());
      CHECK(ground.peer.pings() == Words{"p"});
      CHECK(ground.finish() == SendResult::queued);
      CHECK(ground.piece("c", true) == SendResult::queued);
      CHECK(ground.arrived() == Words{"2 ~abc", "ours"});
    }
    SUBCASE("the last piece") {
      CHECK(ground.piece("ab", false) == SendResult::queued);
      ground.begin_piece("c", true);
      CHECK(ground.send("ours") == SendResult::queued);
      CHECK(ground.arrived().empty());
      CHECK(ground.finish() == SendResult::queued);
      CHECK(ground.arrived() == Words{"2 ~abc", "ours"});
    }
    SUBCASE("the only piece") {
      ground.begin_piece("abc", true);
      CHECK(ground.send("ours") == SendResult::queued);
      CHECK(ground.arrived().empty());
      CHECK(ground.finish() == SendResult::queued);
      CHECK(ground.arrived() == Words{"~abc", "ours"});
    }
    ground.check_that_all_is_well();
  }

  TEST_CASE("a piece refused meanwhile is given again; what waited behind a first one goes out") {
    Overlap ground(room_for(1000));
    SUBCASE("the first piece") {
      ground.begin_piece("abc", false);
      ground.send("ours");
      ground.outbox.set_in_flight(990);
      CHECK(ground.finish() == SendResult::buffer_full);
      CHECK(ground.arrived() == Words{"ours"});
      CHECK(ground.piece("abc", false) == SendResult::queued);
      CHECK(ground.piece("d", true) == SendResult::queued);
      CHECK(ground.arrived() == Words{"2 ~abcd"});
    }
    SUBCASE("the last piece") {
      ground.piece("abc", false);
      ground.begin_piece("d", true);
      ground.send("ours");
      ground.outbox.set_in_flight(990);
      CHECK(ground.finish() == SendResult::buffer_full);
      CHECK(ground.arrived().empty());
      CHECK(ground.piece("d", true) == SendResult::queued);
      CHECK(ground.arrived() == Words{"2 ~abcd", "ours"});
    }
    ground.check_that_all_is_well();
  }

  TEST_CASE("a piece is closed when the connection ends meanwhile, and the next one begins anew") {
    Overlap ground;
    const bool is_first = [] {
      bool first = false;
      SUBCASE("the first piece") { first = true; }
      SUBCASE("a later piece") {}
      return first;
    }();
    for (const bool comes_back : {false, true}) {
      CAPTURE(comes_back);
      if (!is_first) CHECK(ground.piece("a", false) == SendResult::queued);
      ground.begin_piece("b", false);
      CHECK(ground.send("behind") == SendResult::queued);
      CHECK(ground.lose() == 1);
      if (comes_back) ground.reopen();
      CHECK(ground.finish() == SendResult::closed);
      CHECK(ground.lose() == 0);
      ground.reopen();
      ground.peer.reset();
      CHECK(ground.piece("new", true) == SendResult::queued);
      CHECK(ground.arrived() == Words{"~new"});
      ground.check_that_all_is_well();
    }
  }

  TEST_CASE("a piece is closed when the outbox is shut meanwhile") {
    Overlap ground;
    ground.piece("a", false);
    ground.begin_piece("b", true);
    ground.outbox.shut();
    CHECK(ground.finish() == SendResult::closed);
    CHECK(ground.lose() == 0);
    ground.reopen();
    ground.peer.reset();
    ground.check_that_all_is_well();
  }
}
