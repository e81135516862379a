// How a session ends: closing from either side, the server's violations, every timer, being
// abandoned.
#include <doctest/doctest.h>

#include <string>

#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string lost = "closed 1006" + because(Errc::connection_lost);

struct Talk {
  explicit Talk(Server::Habits habits = {}, ConnectOptions options = {})
      : servers(loop, std::move(habits)), user(loop, "ws://example.com/", std::move(options)) {
    user.start();
    loop.run();
    REQUIRE(joined(user.take_told()) == joined({"opened"}));
  }
  Server& server() { return servers.last(); }
  Wire& wire() { return servers.wire(); }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace

TEST_SUITE("session: closing") {
  TEST_CASE("close() right after opening, from within the event") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    User user(loop);
    user.on_event = [&user](const std::string& word) {
      if (word == "opened") user.session->close(1000, {});
    };
    user.start();
    loop.run();
    CHECK(joined(user.told) == joined({"opened", "closed 1000 clean"}));
  }

  TEST_CASE("the server closes: echo, then its code and words, when it has ended the stream") {
    Talk talk({.ends_after_close = false});
    talk.server().close(1001, "restart");
    talk.loop.run();
    CHECK(joined(talk.user.take_told()) == joined({"closing"}));
    CHECK(joined(talk.server().frames()) == joined({"close 1001"}));
    CHECK_FALSE(talk.wire().stream_is_gone);
    talk.server().end();
    talk.loop.run();
    CHECK(joined(talk.user.take_told()) == joined({"closed 1001 'restart' clean by peer"}));
    CHECK(talk.wire().stream_is_gone);
  }

  TEST_CASE(
      "the server closes and does not end the stream: close_timeout, and clean all the same") {
    Talk talk({.ends_after_close = false}, {.close_timeout = milliseconds(700)});
    talk.server().close(1001, "restart");
    talk.loop.advance(milliseconds(699));
    CHECK(joined(talk.user.take_told()) == joined({"closing"}));
    talk.loop.advance(milliseconds(1));
    CHECK(joined(talk.user.take_told()) == joined({"closed 1001 'restart' clean by peer"}));
    CHECK(talk.wire().stream_is_gone);
  }

  TEST_CASE(
      "our Close frame is not answered: 1006 after close_timeout, whatever the server sends") {
    const std::string babble[] = {
        "", wire::text("late"), wire::ping("p"), std::string(100, '\xff'),
        wire::bytes({.opcode = 2, .payload = "half", .announced = 70000})};
    for (const std::string& bytes : babble) {
      CAPTURE(bytes);
      Talk talk({.closes_back = false}, {.close_timeout = seconds(2)});
      talk.user.session->close(1000, "bye");
      for (int i = 0; i < 19; ++i) {
        talk.loop.advance(milliseconds(100));
        if (!bytes.empty()) talk.server().write(bytes);
      }
      talk.loop.run();
      CHECK(talk.user.ends == 0);
      talk.loop.advance(milliseconds(101));
      CHECK(talk.user.ends == 1);
      CHECK(talk.user.told.back() == "closed 1006");
      CHECK_FALSE(talk.user.session->result().error);
    }
  }

  TEST_CASE(
      "close() behind a half-received frame and a blocked send takes no longer than "
      "close_timeout") {
    Talk talk({}, {.close_timeout = seconds(2)});
    talk.server().write(wire::bytes({.opcode = 1, .payload = "half", .announced = 100}));
    talk.loop.run();
    give_room(talk.servers.shared_wire(), 0);
    talk.user.send(wire::filling(100000));
    talk.user.session->close(1000, {});
    talk.loop.advance(seconds(2));
    CHECK(joined(talk.user.told) == joined({"closed 1006"}));
    CHECK(talk.wire().stream_is_gone);
  }

  TEST_CASE("close() while reading is paused takes no longer than close_timeout") {
    Talk talk({}, {.close_timeout = seconds(2)});
    talk.user.session->pause_reading(true);
    talk.user.session->close(1000, {});
    talk.loop.advance(seconds(2));
    CHECK(talk.user.ends == 1);
  }

  TEST_CASE("closing twice, and from both sides at once, is one end") {
    Talk talk;
    talk.server().close(1001, "server");
    talk.user.session->close(1000, "client");
    talk.user.session->close(1003, "again");
    talk.loop.run();
    CHECK(joined(talk.user.told) == joined({"closed 1001 'server' clean"}));
    CHECK(joined(talk.server().frames()) == joined({"close 1000 'client'"}));
  }

  TEST_CASE("a lost link is 1006 and an error that says what happened") {
    Talk ended;
    ended.server().end();
    ended.loop.run();
    CHECK(joined(ended.user.told) == joined({lost}));
    CHECK(ended.user.error().stage == Stage::open);
    CHECK(ended.user.error().message.find("example.com:80") != std::string::npos);

    Talk reset;
    break_wire(reset.servers.shared_wire(), std::errc::connection_reset);
    reset.loop.run();
    CHECK(joined(reset.user.told) == joined({lost}));
    CHECK(reset.user.error().cause == std::errc::connection_reset);
  }

  TEST_CASE("a message half received when the link is lost is not told") {
    Talk talk;
    talk.server().write(wire::text("whole") + wire::text("half").substr(0, 4));
    talk.server().end();
    talk.loop.run();
    CHECK(joined(talk.user.told) == joined({"text 'whole'", lost}));
  }
}

TEST_SUITE("session: violations by the server") {
  TEST_CASE("the right code goes out, then our side of the stream ends; the error tells which") {
    struct Violation {
      std::string bytes;
      Errc code;
      std::string answer;
    };
    for (const Violation& violation :
         {Violation{wire::masked({.payload = "x"}), Errc::masked_frame, "close 1002"},
          Violation{wire::text("\xff"), Errc::invalid_utf8, "close 1007"},
          Violation{wire::binary(std::string(2000, 'x')), Errc::message_too_big, "close 1009"}}) {
      CAPTURE(violation.answer);
      Talk talk({.closes_back = false, .ends_after_close = false},
                {.close_timeout = seconds(1), .limits = {.max_message_size = 1000}});
      talk.server().write(violation.bytes + wire::text("after"));
      talk.loop.run();
      CHECK(joined(talk.user.take_told()) == joined({"closing"}));
      CHECK(joined(talk.server().frames()) == joined({violation.answer}));
      CHECK(talk.wire().client_has_ended);
      CHECK_FALSE(talk.wire().stream_is_gone);
      talk.loop.advance(seconds(1));
      CHECK(joined(talk.user.take_told()) == joined({"closed 1006" + because(violation.code)}));
      CHECK(talk.user.error().stage == Stage::open);
    }
  }

  TEST_CASE("our side does not end before the Close frame has left") {
    Talk talk({.closes_back = false, .ends_after_close = false});
    give_room(talk.servers.shared_wire(), 0);
    talk.server().write(wire::text("\xff"));
    talk.loop.run();
    CHECK_FALSE(talk.wire().client_has_ended);
    give_room(talk.servers.shared_wire(), 100);
    talk.loop.run();
    CHECK(talk.wire().client_has_ended);
    CHECK(joined(talk.server().frames()) == joined({"close 1007"}));
  }

  TEST_CASE("a server that goes on for ever after its violation is left after close_timeout") {
    Talk talk({}, {.close_timeout = seconds(1)});
    talk.servers.last().habits().closes_back = false;
    talk.servers.last().habits().ends_after_close = false;
    talk.server().write(wire::text("\xff"));
    for (int i = 0; i < 20 && !talk.user.ended(); ++i) {
      talk.server().write(std::string(10000, '\xff'));
      talk.loop.advance(milliseconds(100));
    }
    CHECK(joined(talk.user.told) ==
          joined({"closing", "closed 1006" + because(Errc::invalid_utf8)}));
    CHECK(talk.loop.elapsed() <= seconds(2));
  }
}

TEST_SUITE("session: before it is open") {
  TEST_CASE("close() at every step of connecting ends it at once, without an error") {
    for (const char* const step : {"look-up", "connect", "tls", "handshake", "body"}) {
      CAPTURE(step);
      const std::string at = step;
      FakeLoop loop;
      loop.names["example.com"] = {"10.0.0.1:443"};
      FakeServers servers(loop, {.answers = at == "body"});
      if (at == "body") servers.habits.instead = "HTTP/1.1 500 Oh\r\n\r\nwords";
      loop.look_up.hangs = at == "look-up";
      loop.addresses["10.0.0.1:443"].hangs = at == "connect";
      loop.tls.hangs = at == "tls";
      User user(loop, "wss://example.com/");
      user.start();
      loop.run();
      CHECK(user.told.empty());
      user.session->close(1000, {});
      CHECK(joined(user.told) == joined({"closed 1006"}));
      CHECK_FALSE(user.session->result().error);
      CHECK(loop.timers() == 0);
      loop.advance(seconds(100));
      CHECK(user.ends == 1);
      for (const auto& wire : loop.wires) CHECK(wire->stream_is_gone);
    }
  }
}

TEST_SUITE("session: abandoned") {
  TEST_CASE("an open one says 1001 and is gone at once, telling nobody") {
    Talk talk;
    talk.user.abandon();
    CHECK(talk.wire().stream_is_gone);
    CHECK(talk.loop.timers() == 0);
    talk.loop.advance(seconds(100));
    CHECK(talk.user.told.empty());
    CHECK(joined(talk.server().frames()) == joined({"close 1001"}));
  }

  TEST_CASE("in every state, and from within every event, it is gone at once") {
    for (const std::string word : {"opened", "text 'x'", "ping 'x'", "closing"}) {
      CAPTURE(word);
      FakeLoop loop;
      FakeServers servers(loop, {.behind = wire::text("x") + wire::ping("x") + wire::close(1000)});
      User user(loop);
      user.on_event = [&](const std::string& told) {
        if (told != word) return;
        user.abandon();
        CHECK(servers.wire().stream_is_gone);
      };
      user.start();
      loop.run();
      CHECK(user.told.back() == word);
      CHECK(loop.timers() == 0);
    }
    Talk closing({.closes_back = false});
    closing.user.session->close(1000, {});
    closing.user.abandon();
    CHECK(closing.wire().stream_is_gone);
    closing.loop.advance(seconds(100));
    CHECK(closing.user.told.empty());
  }

  TEST_CASE("it may be abandoned when it tells what is left, also after a violation") {
    Talk talk;
    talk.user.on_left = [&talk](std::size_t) { talk.user.abandon(); };
    talk.server().write(wire::text("\xff"));
    talk.loop.run();
    CHECK(talk.wire().stream_is_gone);
  }

  TEST_CASE("it may be abandoned, or closed, when it asks for more") {
    Talk talk;
    talk.user.on_room = [&talk] { talk.user.abandon(); };
    talk.user.send("x");
    talk.loop.run();
    CHECK(talk.wire().stream_is_gone);
    Talk other;
    other.user.on_room = [&other] { other.user.session->close(1000, {}); };
    other.user.send("x");
    other.loop.run();
    CHECK(joined(other.user.told) == joined({"closed 1000 clean"}));
  }
}
