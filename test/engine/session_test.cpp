// A session from its URL to its end: opening, messages, closing, and what is told of each failure.
#include "engine/session.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Talk {
  explicit Talk(Server::Habits habits = {}, ConnectOptions options = {},
                const std::string& url = "ws://example.com/")
      : servers(loop, std::move(habits)), user(loop, url, std::move(options)) {}

  // A session that is open, with nothing under way.
  void open() {
    user.start();
    loop.run();
    REQUIRE(joined(user.take_told()) == joined({"opened"}));
    REQUIRE(user.session->is_open());
  }
  Server& server() { return servers.last(); }
  Wire& wire() { return servers.wire(); }

  // It has ended: one end was told, the socket is gone, no timer is left.
  void check_over(const Events& told) {
    CHECK(joined(user.take_told()) == joined(told));
    CHECK(user.ends == 1);
    CHECK_FALSE(user.session->is_open());
    if (!loop.wires.empty()) CHECK(wire().stream_is_gone);
    CHECK(loop.timers() == 0);
    user.session->close(1000, {});
    CHECK_FALSE(user.session->send(Opcode::text, "late"));
    user.session->flush();
    loop.advance(seconds(100));
    CHECK(user.told.empty());
  }

  FakeLoop loop;
  FakeServers servers;
  User user;
};

}  // namespace

TEST_SUITE("session: opening and talking") {
  TEST_CASE("it connects, opens, echoes and closes in order") {
    Talk talk({.echoes = true});
    talk.open();
    CHECK(talk.user.session->local_address() == "10.0.0.99:50000");
    CHECK(talk.user.session->remote_address() == "10.0.0.1:80");
    CHECK(talk.user.session->answer()->response.unpack().status == 101);
    CHECK(talk.server().request().starts_with("GET / HTTP/1.1\r\n"));
    talk.user.send("hello");
    talk.loop.run();
    CHECK(joined(talk.user.take_told()) == joined({"text 'hello'"}));
    talk.user.session->close(1000, "bye");
    talk.loop.run();
    CHECK(joined(talk.server().frames()) == joined({"text 'hello'", "close 1000 'bye'"}));
    CHECK(talk.server().all_masked());
    talk.check_over({"closed 1000 'bye' clean"});
    CHECK_FALSE(talk.user.session->result().error);
    CHECK(talk.user.session->result().opened);
  }

  TEST_CASE("however long its messages are, a connection's turn is some megabyte") {
    Talk talk;
    talk.open();
    constexpr std::size_t count = 10;
    std::string all;
    for (unsigned i = 0; i < count; ++i)
      all += wire::binary(wire::filling(std::size_t{1} << 20U, i));
    int before_others = 0;
    bool others_had_their_turn = false;
    talk.user.on_event = [&](const std::string&) {
      if (before_others == 0) talk.loop.post([&] { others_had_their_turn = true; });
      if (!others_had_their_turn) ++before_others;
    };
    write_to_client(talk.loop.wires.back(), all);
    talk.loop.run();
    CHECK(talk.user.take_told().size() == count);
    CHECK(before_others <= 2);
  }

  TEST_CASE("nothing is told before start has returned") {
    Talk talk({}, {}, "ws://example.com/#fragment");
    talk.user.start();
    CHECK(talk.user.told.empty());
    talk.loop.run();
    talk.check_over({"closed 1006" + because(Errc::url_has_fragment)});
    CHECK(talk.user.error().stage == Stage::url);
  }

  TEST_CASE("frames glued to the answer are not lost, in any segments") {
    for (const std::size_t piece :
         {1U, 2U, 50U, 127U, 128U, 129U, 130U, 131U, 132U, 133U, 10000U}) {
      CAPTURE(piece);
      Talk talk({.behind = wire::text("first") + wire::ping("p") + wire::close(1001, "enough")});
      talk.loop.accepted = [inner = talk.loop.accepted, piece](auto wire) {
        wire->most_per_read = piece;
        inner(wire);
      };
      talk.user.start();
      talk.loop.run();
      CHECK(joined(talk.server().frames()) == joined({"pong 'p'", "close 1001"}));
      talk.check_over(
          {"opened", "text 'first'", "ping 'p'", "closing", "closed 1001 'enough' clean by peer"});
    }
  }

  TEST_CASE("a big message passes both ways in any pieces") {
    const std::string big = wire::filling(300000);
    for (const std::size_t piece : {1000U, 4096U, 65536U, 1000000U}) {
      CAPTURE(piece);
      Talk talk({.echoes = true});
      talk.open();
      talk.wire().most_per_read = piece;
      talk.user.send(big);
      talk.loop.run();
      CHECK(joined(talk.user.take_told()) == joined({"text " + shown(big)}));
    }
  }

  TEST_CASE("a write that blocks goes on where it stopped, behind it what came later") {
    Talk talk({.echoes = true});
    talk.open();
    for (const std::size_t room : {1U, 5U, 100U}) {
      give_room(talk.servers.shared_wire(), 0);
      talk.user.send(wire::filling(1000));
      talk.user.send("second");
      talk.loop.run();
      CHECK(talk.user.session->has_output());
      CHECK(talk.user.told.empty());
      for (int i = 0; i < 1200 && talk.user.session->has_output(); ++i) {
        give_room(talk.servers.shared_wire(), room);
        talk.loop.run();
      }
      CHECK_FALSE(talk.user.session->has_output());
      CHECK(joined(talk.user.take_told()) ==
            joined({"text " + shown(wire::filling(1000)), "text 'second'"}));
    }
  }

  TEST_CASE(
      "the owner is asked for more when all has left, and told how much is left when it has not") {
    Talk talk;
    talk.open();
    int more = 3;
    std::size_t left = 99999;
    talk.user.on_left = [&left](std::size_t unsent) { left = unsent; };
    talk.user.on_room = [&] {
      if (more-- > 0) talk.user.session->send(Opcode::text, "more");
    };
    talk.user.send("one");
    talk.loop.run();
    CHECK(left == 0);
    CHECK(joined(talk.server().frames()) ==
          joined({"text 'one'", "text 'more'", "text 'more'", "text 'more'"}));
    give_room(talk.servers.shared_wire(), 4);
    talk.user.send("0123456789");
    CHECK(left == 6 + 10 - 4);
  }

  TEST_CASE("paused, it reads nothing; then it goes on where it was") {
    Talk talk;
    talk.open();
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
    talk.open();
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
    talk.open();
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
    Talk talk({.behind = wire::text("glued")});
    talk.user.lazy = true;
    talk.user.start();
    talk.loop.run();
    const int reads = talk.wire().reads;
    talk.server().write(wire::text("next"));
    talk.server().close(1000, "bye");
    talk.server().end();
    talk.loop.run();
    CHECK(talk.wire().reads == reads);
    CHECK(talk.user.told.empty());
    while (talk.user.pull_one()) {
    }
    for (int i = 0; i < 5 && !talk.user.ended(); ++i) {
      talk.loop.run_until([&] { return talk.wire().reads > reads + i; });
      talk.user.pull();
    }
    CHECK(joined(talk.user.told) == joined({"opened", "text 'glued'", "text 'next'", "closing",
                                            "closed 1000 'bye' clean by peer"}));
  }

  TEST_CASE("the end of the stream waits for an owner that pulls later, without turning the loop") {
    Talk talk;
    talk.open();
    talk.user.lazy = true;
    talk.server().end();
    talk.loop.run_until([&, before = talk.wire().reads] { return talk.wire().reads > before + 5; });
    const int reads = talk.wire().reads;
    talk.loop.run_until([&] { return talk.wire().reads > reads + 5; });
    CHECK(talk.wire().reads <= reads + 1);
    talk.user.pull();
    CHECK(joined(talk.user.told) == joined({"closed 1006" + because(Errc::connection_lost)}));
  }
}

TEST_SUITE("session: an opening that fails") {
  TEST_CASE("another answer than 101 comes with its status, headers and body") {
    Talk talk(
        {.instead = "HTTP/1.1 404 Not Found\r\nX-Why: gone\r\nContent-Length: 5\r\n\r\nsorry"});
    talk.user.start();
    talk.loop.run();
    talk.check_over({"closed 1006" + because(Errc::bad_status)});
    const Error& error = talk.user.error();
    CHECK(error.stage == Stage::handshake);
    CHECK(error.message.find("example.com:80") != std::string::npos);
    CHECK(error.message.find("404 Not Found") != std::string::npos);
    REQUIRE(error.response);
    CHECK(error.response->status == 404);
    CHECK(error.response->body == "sorry");
    CHECK(error.response->headers.get("x-why") == "gone");
    CHECK_FALSE(talk.user.session->result().opened);
  }

  TEST_CASE("a body that does not end is given up on, and what came of it is told") {
    Talk talk({.instead = "HTTP/1.1 403 Forbidden\r\n\r\nbecause"});
    talk.user.start();
    talk.loop.advance(seconds(30));
    talk.check_over({"closed 1006" + because(Errc::bad_status)});
    CHECK(talk.user.error().response->body == "because");
  }

  TEST_CASE("a body that does not end does not make connecting longer than its timeout") {
    Talk talk({.instead = "HTTP/1.1 403 Forbidden\r\n\r\nbecause"},
              {.timeout = seconds(1), .close_timeout = seconds(10)});
    talk.user.start();
    talk.loop.run_until([&] { return talk.user.ended(); });
    CHECK(talk.loop.elapsed() <= seconds(1));
    talk.check_over({"closed 1006" + because(Errc::bad_status)});
  }

  TEST_CASE("a body that does not end is awaited for close_timeout where connecting has no limit") {
    Talk talk({.instead = "HTTP/1.1 403 Forbidden\r\n\r\nbecause"},
              {.timeout = Duration(0), .close_timeout = seconds(2)});
    talk.user.start();
    talk.loop.advance(milliseconds(1999));
    CHECK(talk.user.told.empty());
    talk.loop.advance(milliseconds(1));
    talk.check_over({"closed 1006" + because(Errc::bad_status)});
  }

  TEST_CASE("the server closes within the handshake") {
    Talk talk({.answers = false, .ends_after_answer = true});
    talk.user.start();
    talk.loop.run();
    talk.check_over({"closed 1006" + because(Errc::handshake_closed)});
    CHECK(talk.user.error().stage == Stage::handshake);
  }

  TEST_CASE("a reset within the handshake says so") {
    Talk talk({.answers = false});
    talk.user.start();
    talk.loop.run();
    break_wire(talk.servers.shared_wire(), std::errc::connection_reset);
    talk.loop.run();
    talk.check_over({"closed 1006" + because(Errc::handshake_closed)});
    CHECK(talk.user.error().cause == std::errc::connection_reset);
  }

  TEST_CASE("options that must not be sent fail before anybody is spoken to") {
    for (const ConnectOptions& options :
         {ConnectOptions{.header = {{"X", "a\r\nb"}}}, ConnectOptions{.cookie = "a\nb"},
          ConnectOptions{.host = "a\r\n"}, ConnectOptions{.origin = std::string("a\0b", 3)},
          ConnectOptions{.subprotocols = {"no token"}}}) {
      Talk talk({}, options);
      talk.user.start();
      talk.loop.run();
      CHECK(talk.loop.steps.empty());
      CHECK(talk.user.error().code == Condition::invalid_argument);
      CHECK(talk.user.ends == 1);
    }
  }

  TEST_CASE("a proxy, which is not built yet, fails rather than being passed by") {
    ConnectOptions options;
    options.proxy.url = "http://proxy:3128";
    Talk talk({}, options);
    talk.user.start();
    talk.loop.run();
    CHECK(talk.loop.steps.empty());
    talk.check_over({"closed 1006" + because(Errc::invalid_option)});
  }

  TEST_CASE("a header factory is asked once an attempt; what it throws is the attempt's error") {
    int asked = 0;
    Talk talk({}, {.header_factory = [&asked] {
                return Headers{{"X-Asked", std::to_string(++asked)}};
              }});
    talk.open();
    CHECK(asked == 1);
    CHECK(talk.server().request().find("X-Asked: 1\r\n") != std::string::npos);

    Talk other({}, {.header_factory = []() -> Headers { throw std::runtime_error("no token"); }});
    other.user.start();
    other.loop.run();
    CHECK(other.loop.steps.empty());
    other.check_over({"closed 1006" + because(Errc::callback_threw)});
    CHECK(other.user.error().stage == Stage::callback);
    CHECK(other.user.error().message.find("no token") != std::string::npos);
  }
}

TEST_SUITE("session: memory") {
  TEST_CASE("what a big message took is given back when nothing has happened for a while") {
    Talk talk({.echoes = true});
    talk.open();
    SUBCASE("sent and received") {
      talk.user.send(std::string(200'000, 'x'));
      talk.loop.run();
      CHECK(talk.user.take_told().size() == 1);
    }
    SUBCASE("received alone") {
      talk.server().write(wire::text(std::string(200'000, 'x')));
      talk.loop.run();
      CHECK(talk.user.take_told().size() == 1);
    }
    CHECK(talk.loop.timers() == 1);
    for (int i = 0; i < 6; ++i) {  // something happens again and again
      talk.loop.advance(seconds(5));
      talk.user.send("hello");
      talk.loop.run();
    }
    CHECK(talk.user.rests == 0);
    talk.loop.advance(seconds(21));
    CHECK(talk.user.rests == 1);
    CHECK(talk.loop.timers() == 0);
    talk.user.take_told();
    talk.user.send("again");
    talk.loop.run();
    CHECK(joined(talk.user.take_told()) == joined({"text 'again'"}));
  }

  TEST_CASE("memory that it gave away is to be given back as well, whenever it did") {
    Talk talk;
    talk.open();
    base::Buffer memory;
    talk.user.on_room = [&] { talk.user.session->exchange_memory(memory); };
    for (int time = 1; time <= 2; ++time) {
      talk.user.send(std::string(200'000, 'x'));
      talk.loop.run();
      CHECK(memory.holds_much());
      CHECK(talk.loop.timers() == 1);
      talk.loop.advance(seconds(21));
      CHECK(talk.user.rests == time);
      CHECK(talk.loop.timers() == 0);
      memory.rest_long();
    }
  }

  TEST_CASE("what was on its way when the time was over is given back when it has left") {
    Talk talk;
    talk.open();
    base::Buffer memory;
    SUBCASE("kept") {}
    SUBCASE("given away") {
      talk.user.on_room = [&] { talk.user.session->exchange_memory(memory); };
    }
    give_room(talk.servers.shared_wire(), 100'000);
    talk.user.send(std::string(300'000, 'x'));
    talk.loop.run();
    talk.loop.advance(seconds(41));
    CHECK(talk.user.rests == 1);
    CHECK(talk.loop.timers() == 0);
    give_room(talk.servers.shared_wire(), 1'000'000);
    talk.loop.run();
    CHECK_FALSE(talk.user.session->has_output());
    CHECK(talk.loop.timers() == 1);
    talk.loop.advance(seconds(21));
    CHECK(talk.user.rests == 2);
    CHECK(talk.loop.timers() == 0);
  }

  TEST_CASE("pings do not count: what a message took is given back while they come and go") {
    Talk talk;
    std::function<void()> ping;
    SUBCASE("the server's") {
      ping = [&] { talk.server().write(wire::ping("there?")); };
    }
    SUBCASE("the program's") {
      ping = [&] {
        protocol::FrameBatch batch;
        batch.frames.append(wire::masked({.opcode = 9, .payload = "there?"}));
        batch.pings.get().push_back({"there?", 0, 0});
        CHECK(talk.user.session->send_frames(batch));
        talk.user.session->flush();
      };
    }
    SUBCASE("its own") {
      talk.user.ping_interval = seconds(5);
      ping = [&] { talk.server().write(wire::pong()); };
    }
    talk.open();
    talk.server().write(wire::text(std::string(200'000, 'x')));
    talk.loop.run();
    for (int i = 0; i < 5; ++i) {
      talk.loop.advance(seconds(5));
      ping();
      talk.loop.run();
    }
    CHECK(talk.user.rests == 1);
  }

  TEST_CASE("small messages need no timer") {
    Talk talk({.echoes = true});
    talk.open();
    talk.user.send(std::string(16 << 10, 'x'));
    talk.loop.run();
    CHECK(talk.loop.timers() == 0);
  }
}
