// Pings at intervals, and when a link is called dead.
#include "engine/keepalive.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string dead = "closed 1006" + because(Errc::ping_timeout);

struct Talk {
  Talk(Duration interval, Duration timeout, Server::Habits habits)
      : servers(loop, std::move(habits)), user(loop) {
    user.ping_interval = interval;
    user.ping_timeout = timeout;
    user.start();
    loop.run();
    REQUIRE(joined(user.take_told()) == joined({"opened"}));
  }
  Server& server() { return servers.last(); }
  long pings() {
    const auto& frames = server().frames();
    return std::count(frames.begin(), frames.end(), "ping 'life?'");
  }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace

TEST_SUITE("keepalive") {
  TEST_CASE("no interval, no ping") {
    Talk talk(Duration(0), seconds(5), {});
    talk.loop.advance(std::chrono::hours(1));
    CHECK(talk.server().frames().empty());
    CHECK(talk.user.told.empty());
  }

  TEST_CASE("a ping whenever the interval has passed; answered, the link lives on") {
    Talk talk(seconds(10), seconds(3), {});
    talk.loop.advance(milliseconds(9999));
    CHECK(talk.pings() == 0);
    talk.loop.advance(milliseconds(1));
    CHECK(talk.pings() == 1);
    talk.loop.advance(seconds(990));
    CHECK(talk.pings() == 100);
    CHECK(talk.user.told.size() == 100);
    CHECK(talk.user.told.front() == "pong 'life?'");
  }

  TEST_CASE("the latency is how long the last answered ping took, and nothing before one was") {
    Talk talk(seconds(10), seconds(3), {});
    CHECK(talk.user.session->latency().count() == 0);
    talk.server().habits().pongs = false;
    talk.loop.advance(seconds(10));
    REQUIRE(talk.pings() == 1);
    talk.loop.advance(milliseconds(250));
    talk.server().write(wire::pong("unasked"));
    talk.loop.run();
    CHECK(talk.user.session->latency().count() == 0);
    talk.server().write(wire::pong("life?"));
    talk.loop.run();
    CHECK(talk.user.session->latency() == milliseconds(250));
  }

  TEST_CASE("without a timeout silence is no death") {
    Talk talk(seconds(10), Duration(0), {.pongs = false});
    talk.loop.advance(seconds(1000));
    CHECK(talk.pings() == 100);
    CHECK(talk.user.told.empty());
  }

  TEST_CASE("unanswered, the link is dead when the timeout has passed") {
    Talk talk(seconds(10), seconds(3), {.pongs = false});
    talk.loop.advance(milliseconds(12999));
    CHECK(talk.user.told.empty());
    talk.loop.advance(milliseconds(1));
    CHECK(joined(talk.user.told) == joined({dead}));
    CHECK(talk.user.error().stage == Stage::open);
    CHECK(talk.user.error().message.find("3 s") != std::string::npos);
    CHECK(talk.servers.wire().stream_is_gone);
    CHECK(talk.loop.timers() == 0);
  }

  TEST_CASE("a timeout longer than the interval works as well") {
    Talk talk(seconds(1), seconds(10), {.pongs = false});
    talk.loop.advance(milliseconds(10999));
    CHECK(talk.user.told.empty());
    talk.loop.advance(milliseconds(1));
    CHECK(joined(talk.user.told) == joined({dead}));
  }

  TEST_CASE("anything received since the ping is life") {
    Talk talk(seconds(10), seconds(3), {.pongs = false});
    for (int i = 0; i < 20; ++i) {
      talk.loop.advance(seconds(10));
      talk.server().write(i % 2 == 0 ? wire::text("x") : wire::ping());
      talk.loop.run();
      CHECK_FALSE(talk.user.ended());
    }
  }

  TEST_CASE("a part of a long frame is life too") {
    Talk talk(seconds(10), seconds(3), {.pongs = false});
    talk.server().write(wire::bytes({.opcode = 2, .announced = 50000000}));
    for (int i = 0; i < 100; ++i) {
      talk.server().write(wire::filling(1000));
      talk.loop.advance(seconds(2));
    }
    CHECK_FALSE(talk.user.ended());
  }

  TEST_CASE("what was received before the ping is no life") {
    Talk talk(seconds(10), seconds(3), {.pongs = false});
    talk.loop.advance(milliseconds(9990));
    talk.server().write(wire::text("x"));
    talk.loop.advance(milliseconds(3010));
    CHECK(joined(talk.user.told) == joined({"text 'x'", dead}));
  }

  TEST_CASE("after a slow handler what has arrived is looked at before the link is called dead") {
    Talk talk(seconds(10), seconds(3), {});
    talk.loop.advance(seconds(10));
    CHECK(talk.pings() == 1);
    talk.user.take_told();
    talk.server().habits().pongs = false;
    talk.loop.advance(seconds(10));  // the second ping
    CHECK(talk.pings() == 2);
    // The pong is there, but the loop is not: timers are late and come first.
    talk.servers.wire().to_client += wire::pong("life?");
    talk.loop.jump(seconds(60));
    talk.server().habits().pongs = true;
    talk.loop.run();
    CHECK_FALSE(talk.user.ended());
    talk.loop.advance(seconds(100));
    CHECK_FALSE(talk.user.ended());
  }

  TEST_CASE("a clock that jumps over many intervals makes one ping, not many") {
    Talk talk(seconds(1), seconds(3), {});
    talk.loop.jump(std::chrono::hours(8));
    talk.loop.run();
    CHECK(talk.pings() == 1);
    CHECK_FALSE(talk.user.ended());
  }

  TEST_CASE("while reading is paused nobody is called dead") {
    Talk talk(seconds(10), seconds(3), {});
    talk.user.session->pause_reading(true);
    talk.loop.advance(seconds(1000));
    CHECK_FALSE(talk.user.ended());
    talk.user.session->pause_reading(false);
    talk.loop.advance(seconds(100));
    CHECK_FALSE(talk.user.ended());
  }

  TEST_CASE("no pings and no death once closing has begun") {
    Talk talk(seconds(1), seconds(1), {.pongs = false, .closes_back = false});
    talk.user.options.close_timeout = seconds(60);
    talk.user.session->close(1000, {});
    talk.loop.advance(seconds(59));
    CHECK(joined(talk.server().frames()) == joined({"close 1000"}));
    CHECK(talk.user.told.empty());
    talk.loop.advance(seconds(1));
    CHECK(joined(talk.user.told) == joined({"closed 1006"}));
  }

  TEST_CASE("a link whose output is stuck and that says nothing is dead") {
    Talk talk(seconds(10), seconds(3), {});
    give_room(talk.servers.shared_wire(), 0);
    talk.user.send(wire::filling(1000));
    talk.loop.advance(seconds(60));
    CHECK(joined(talk.user.told) == joined({dead}));
  }

  TEST_CASE("a long message that is leaving, if slowly, is not a dead link") {
    Talk talk(seconds(10), seconds(3), {});
    give_room(talk.servers.shared_wire(), 0);
    talk.user.send(wire::filling(100000));
    for (int i = 0; i < 60; ++i) {
      give_room(talk.servers.shared_wire(), 1000);
      talk.loop.advance(seconds(1));
    }
    CHECK_FALSE(talk.user.ended());
  }
}
