// A run of one connection: order of what is told, every end, closing and abandoning at every
// moment.
#include "engine/run.hpp"

#include <doctest/doctest.h>

#include <string>

#include "engine/runner.hpp"

using namespace engine_test;
using std::chrono::seconds;

TEST_SUITE("run: one connection") {
  TEST_CASE("opened, received, closed by the server: one end, no error") {
    FakeLoop loop;
    FakeServers servers(loop, {.behind = wire::text("hi") + wire::close(1001, "bye")});
    Runner runner(loop);
    runner.start();
    CHECK(runner.told.empty());
    loop.run();
    CHECK(joined(runner.told) == joined({"open", "text 'hi'", "closed 1001 'bye' clean by peer"}));
    CHECK(joined(runner.states) == joined({"connecting", "open", "closed"}));
    CHECK(runner.last_ends == 1);
    CHECK_FALSE(runner.run.ended_by_error());
  }

  TEST_CASE("closed by us: the server's answer is told, no error") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    Runner runner(loop);
    runner.start();
    loop.run();
    runner.run.close(1000, "bye");
    runner.run.close(1001, "again");
    loop.run();
    CHECK(joined(runner.told) == joined({"open", "closed 1000 'bye' clean"}));
    CHECK_FALSE(runner.run.ended_by_error());
  }

  TEST_CASE("a lost link: error, then 1006, and the run ended by an error") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    Runner runner(loop);
    runner.start();
    loop.run();
    servers.last().end();
    loop.run();
    CHECK(joined(runner.told) ==
          joined({"open", error_word(1, false, Errc::connection_lost), "closed 1006"}));
    CHECK(runner.run.ended_by_error());
  }

  TEST_CASE("no connection ever: error, then 1006") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    Runner runner(loop);
    runner.start();
    loop.run();
    CHECK(joined(runner.told) ==
          joined({error_word(1, false, Errc::connection_refused), "closed 1006"}));
    CHECK(joined(runner.states) == joined({"connecting", "closed"}));
    CHECK(runner.run.ended_by_error());
  }

  TEST_CASE("close() while connecting, at every step: 1006 and no error") {
    for (const std::string step : {"at once", "look-up", "connect", "handshake"}) {
      CAPTURE(step);
      FakeLoop loop;
      FakeServers servers(loop, {.answers = false});
      loop.look_up.hangs = step == "look-up";
      loop.addresses["10.0.0.1:80"].hangs = step == "connect";
      Runner runner(loop, reconnecting());
      runner.start();
      if (step != "at once") loop.run();
      runner.run.close(1000, {});
      loop.advance(seconds(1000));
      CHECK(joined(runner.told) == joined({"closed 1006"}));
      CHECK(runner.last_ends == 1);
      CHECK_FALSE(runner.run.ended_by_error());
    }
  }

  TEST_CASE("end_now tells the listener at once, in every state") {
    for (const std::string state : {"connecting", "open", "closing", "waiting"}) {
      CAPTURE(state);
      FakeLoop loop;
      FakeServers servers(loop, {.answers = state != "connecting", .closes_back = false});
      if (state == "waiting") loop.addresses["10.0.0.1:80"].failure = refused_failure;
      Runner runner(loop, reconnecting());
      runner.start();
      loop.run();
      if (state == "closing") runner.run.close(1000, {});
      runner.run.end_now();
      CHECK(runner.told.back() == "closed 1006");
      CHECK(runner.last_ends == 1);
      CHECK(runner.run.session() == nullptr);
      loop.advance(seconds(1000));
      CHECK(runner.last_ends == 1);
      CHECK(loop.timers() == 0);
    }
  }
}

TEST_SUITE("run: called from within what it tells") {
  // Every word a run with one lost connection tells, and a reconnect; with room and left between.
  const std::string words[] = {"state connecting",
                               "state open",
                               "open",
                               "text 'hi'",
                               "room",
                               "left",
                               "state waiting",
                               error_word(1, true, Errc::connection_lost),
                               "closed 1006 again"};

  TEST_CASE("close() from within any of it ends the run once, and nothing follows") {
    for (const std::string& word : words) {
      CAPTURE(word);
      FakeLoop loop;
      FakeServers servers(loop, {.behind = wire::text("hi")});
      Runner runner(loop, reconnecting());
      bool called = false;
      runner.on_word = [&](const std::string& told) {
        if (told != word || std::exchange(called, true)) return;
        runner.run.close(1000, "bye");
      };
      runner.start();
      loop.run();
      if (!called) {
        servers.last().end();
        loop.run();
      }
      loop.advance(seconds(1000));
      REQUIRE(called);
      CHECK(runner.last_ends == 1);
      CHECK(runner.run.over());
      CHECK(runner.told.back().starts_with("closed 1"));
      CHECK(loop.timers() == 0);
      CHECK(servers.servers.size() <= 1);
    }
  }

  TEST_CASE("abandon() from within any of it: nothing is told any more, and the socket is gone") {
    for (const std::string& word : words) {
      CAPTURE(word);
      FakeLoop loop;
      FakeServers servers(loop, {.behind = wire::text("hi")});
      Runner runner(loop, reconnecting());
      bool called = false;
      runner.on_word = [&](const std::string& told) {
        if (called) FAIL_CHECK("told after it was abandoned: " << told);
        if (told != word) return;
        called = true;
        runner.run.abandon();
      };
      runner.start();
      loop.run();
      if (!called) {
        servers.last().end();
        loop.run();
      }
      loop.advance(seconds(1000));
      REQUIRE(called);
      CHECK(runner.run.over());
      CHECK(loop.timers() == 0);
      for (const auto& wire : loop.wires) CHECK(wire->stream_is_gone);
    }
  }

  TEST_CASE("abandon() when the last of a violation has left") {
    FakeLoop loop;
    FakeServers servers(loop, {.behind = wire::text("\xff")});
    Runner runner(loop);
    bool closing = false;
    runner.on_word = [&](const std::string& told) {
      if (told == "state closing") closing = true;
      if (told == "left" && closing) runner.run.abandon();
    };
    runner.start();
    loop.run();
    CHECK(servers.wire().stream_is_gone);
  }
}
