// When an open session reads, and when it does not: paused, for an owner that pulls later, for a loop
// that is wanted back, and while many bytes of a long message gather.
#include <doctest/doctest.h>

#include <string>

#include "engine/talk.hpp"

using namespace engine_test;
using std::chrono::seconds;

namespace {

const std::string lost = "closed 1006" + because(Errc::connection_lost);

}  // namespace

TEST_SUITE("session: reading") {
  TEST_CASE("paused, it reads nothing; then it goes on where it was") {
    Talk talk;
    talk.user.session->pause_reading(true);
    talk.server().write(wire::text("one") + wire::text("two"));
    talk.loop.advance(seconds(60));
    CHECK(talk.user.told.empty());
    CHECK(talk.user.session->send(Opcode::text, "out"));
    talk.user.session->flush();
    talk.loop.run();
    CHECK(joined(talk.server().frames()) == joined({"text 'out'"}));
    talk.user.session->pause_reading(false);
    talk.loop.run();
    CHECK(joined(talk.user.take_told()) == joined({"text 'one'", "text 'two'"}));
  }

  TEST_CASE("pausing from within an event stops after what was read already") {
    Talk talk;
    talk.wire().most_per_read = wire::text("one").size();
    talk.user.on_event = [&](const std::string&) { talk.user.session->pause_reading(true); };
    talk.server().write(wire::text("one") + wire::text("two") + wire::text("six"));
    for (const char* const word : {"text 'one'", "text 'two'", "text 'six'"}) {
      talk.loop.run();
      CHECK(joined(talk.user.take_told()) == joined({std::string(word)}));
      talk.user.session->pause_reading(false);
    }
  }

  TEST_CASE("where its loop is wanted back it reads once, and the rest when the loop comes again") {
    Talk talk;
    std::string much;  // for several reads
    for (int i = 0; i < 200; ++i) much += wire::text(std::string(1000, 'x'));
    talk.loop.wanted_back = true;
    const int reads = talk.wire().reads;
    talk.server().write(much);
    talk.loop.run_until([&] { return !talk.user.told.empty(); });
    CHECK(talk.wire().reads == reads + 1);
    talk.loop.run();
    CHECK(talk.user.told.size() == 200);
  }

  TEST_CASE("an owner that pulls later finds everything; until then nothing more is read") {
    FakeLoop loop;
    FakeServers servers(loop, {.behind = wire::text("glued")});
    User user(loop);
    user.lazy = true;
    user.start();
    loop.run();
    const int reads = servers.wire().reads;
    servers.last().write(wire::text("next"));
    servers.last().close(1000, "bye");
    servers.last().end();
    loop.run();
    CHECK(servers.wire().reads == reads);
    CHECK(user.told.empty());
    for (int i = 0; i < 5 && !user.ended(); ++i) {
      user.pull();
      loop.run_until([&] { return servers.wire().reads > reads + i; });
    }
    CHECK(joined(user.told) == joined({"opened", "text 'glued'", "text 'next'", "closing",
                                       "closed 1000 'bye' clean by peer"}));
  }

  TEST_CASE("an owner that pulls later reads on by that, for a turn and while there is more") {
    Talk talk;
    talk.user.lazy = true;
    // Two turns and a bit.
    std::string much = wire::ping();
    while (much.size() < 17 * talk.loop.read_buffer().size())
      much += wire::text(wire::filling(1000));
    talk.server().write(much + wire::text("the last"));
    const int reads = talk.wire().reads;
    talk.loop.run();
    REQUIRE(talk.wire().reads == reads + 1);  // what it brought has to be pulled first
    SUBCASE("") {
      talk.user.pull();
      CHECK(talk.wire().reads == reads + 8);
      talk.loop.run();
      CHECK(talk.wire().reads == reads + 9);
      talk.user.pull();
      CHECK(talk.wire().reads == reads + 16);
      talk.loop.run();
      talk.user.pull();
      CHECK(talk.wire().to_client.empty());
      CHECK(talk.user.told.back() == "text 'the last'");
      CHECK(talk.wire().reads == reads + 18);
    }
    SUBCASE("having answered before it reads") {
      while (talk.wire().reads == reads + 1) talk.user.pull_one();
      CHECK_FALSE(talk.wire().from_client.empty());
    }
    SUBCASE("unless its loop is wanted back") {
      talk.loop.wanted_back = true;
      talk.user.pull();
      CHECK(talk.wire().reads == reads + 1);
    }
    SUBCASE("unless it pauses reading") {
      talk.user.session->pause_reading(true);
      talk.user.pull();
      CHECK(talk.wire().reads == reads + 1);
    }
  }

  TEST_CASE(
      "of a long message many bytes gather before they are read; what follows comes at once") {
    Talk talk({.pongs = false});
    const std::string big = wire::filling(1'000'000);
    const std::string bytes = wire::text(big) + wire::ping("still there?") + wire::text("short");
    const int reads = talk.wire().reads;
    for (const std::string_view piece : wire::cut_every(bytes, 1000)) {
      talk.server().write(piece);
      talk.loop.run();
    }
    CHECK(talk.wire().reads < reads + 100);
    CHECK(joined(talk.user.take_told()) ==
          joined({"text " + shown(big), "ping 'still there?'", "text 'short'"}));
    CHECK(joined(talk.server().frames()) == joined({"pong 'still there?'"}));
  }

  TEST_CASE("where pieces are wanted nothing gathers") {
    Talk talk;
    talk.user.session->want(protocol::Wanted::pieces);
    talk.server().write(wire::bytes({.opcode = 2, .announced = 1'000'000}));
    talk.loop.run();
    for (std::size_t i = 0; i < 10; ++i) {
      talk.server().write(wire::filling(1000));
      talk.loop.run();
      CHECK(talk.user.take_told().size() == 1);
    }
  }

  TEST_CASE("while many bytes gather the stream may end or break, or the user close or pause") {
    const std::string part = wire::bytes({.opcode = 2, .announced = 1'000'000}) + "some";
    Talk talk({}, {.close_timeout = seconds(3)});
    talk.server().write(part);
    talk.loop.run();
    SUBCASE("ends") {
      talk.server().end();
      talk.loop.run();
      CHECK(joined(talk.user.told) == joined({lost}));
    }
    SUBCASE("breaks") {
      break_wire(talk.servers.shared_wire(), std::errc::connection_reset);
      talk.loop.run();
      CHECK(joined(talk.user.told) == joined({lost}));
    }
    SUBCASE("the user closes") {
      talk.user.session->close(1000, {});
      talk.loop.advance(seconds(3));
      CHECK(talk.user.ended());
    }
    SUBCASE("the user pauses, and goes on") {
      talk.user.session->pause_reading(true);
      talk.loop.run();
      talk.user.session->pause_reading(false);
      talk.server().write(wire::filling(999'996) + wire::text("next"));
      talk.loop.run();
      REQUIRE(talk.user.told.size() == 2);
      CHECK(talk.user.told.back() == "text 'next'");
    }
  }

  TEST_CASE("the end of the stream waits for an owner that pulls later, without turning the loop") {
    Talk talk;
    talk.user.lazy = true;
    talk.server().end();
    talk.loop.run_until([&, before = talk.wire().reads] { return talk.wire().reads > before + 5; });
    const int reads = talk.wire().reads;
    talk.loop.run_until([&] { return talk.wire().reads > reads + 5; });
    CHECK(talk.wire().reads <= reads + 1);
    talk.user.pull();
    CHECK(joined(talk.user.told) == joined({lost}));
  }
}
