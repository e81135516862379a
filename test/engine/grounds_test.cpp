// Scenarios of a session that run on both grounds from the same source: in memory, and over a real
// socket.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "engine/ground.hpp"
#include "engine/user.hpp"

using namespace engine_test;

namespace {

void on_both_grounds(const Server::Habits& habits, const ConnectOptions& options,
                     const std::function<void(Ground&, User&)>& scenario) {
  for (const auto& make : {in_memory, over_tcp}) {
    INFO((make == in_memory ? "in memory" : "over TCP"));
    const auto ground = make(habits);
    User user(ground->loop(), ground->url(), options);
    user.start();
    scenario(*ground, user);
    CHECK(ground->run_until([&] { return user.ended(); }));
    CHECK(user.ends == 1);
  }
}

bool has_told(Ground& ground, User& user, const std::string& word) {
  return ground.run_until([&] { return !user.told.empty() && user.told.back() == word; });
}

}  // namespace

TEST_SUITE("both grounds") {
  TEST_CASE("open, echo, close") {
    on_both_grounds({.echoes = true}, {}, [](Ground& ground, User& user) {
      REQUIRE(has_told(ground, user, "opened"));
      CHECK_FALSE(user.session->local_address().empty());
      user.send("hello");
      CHECK(has_told(ground, user, "text 'hello'"));
      user.session->close(1000, "bye");
      CHECK(has_told(ground, user, "closed 1000 'bye' clean"));
      CHECK(joined(ground.server().frames()) == joined({"text 'hello'", "close 1000 'bye'"}));
    });
  }

  TEST_CASE("frames glued to the answer, and a close by the server") {
    on_both_grounds(
        {.behind = wire::text("glued") + wire::ping("p") + wire::close(1001, "go")}, {},
        [](Ground& ground, User& user) {
          CHECK(has_told(ground, user, "closed 1001 'go' clean by peer"));
          CHECK(joined(user.told) == joined({"opened", "text 'glued'", "ping 'p'", "closing",
                                             "closed 1001 'go' clean by peer"}));
          CHECK(joined(ground.server().frames()) == joined({"pong 'p'", "close 1001"}));
        });
  }

  TEST_CASE("megabytes pass both ways") {
    const std::string big = wire::filling(3000000);
    on_both_grounds({.echoes = true}, {}, [&big](Ground& ground, User& user) {
      REQUIRE(has_told(ground, user, "opened"));
      user.send(big);
      user.send("small");
      CHECK(has_told(ground, user, "text 'small'"));
      CHECK(joined(user.told) == joined({"opened", "text " + shown(big), "text 'small'"}));
      user.session->close(1000, {});
    });
  }

  TEST_CASE("a thousand small messages keep their order") {
    on_both_grounds({.echoes = true}, {}, [](Ground& ground, User& user) {
      REQUIRE(has_told(ground, user, "opened"));
      Events expected = {"opened"};
      for (int i = 0; i < 1000; ++i) {
        user.send(std::to_string(i));
        expected.push_back("text '" + std::to_string(i) + "'");
      }
      CHECK(has_told(ground, user, "text '999'"));
      CHECK(joined(user.told) == joined(expected));
      user.session->close(1000, {});
    });
  }

  TEST_CASE("a violation: 1007 goes out, our side ends, the error tells") {
    on_both_grounds({.behind = wire::text("\xff"), .closes_back = false, .ends_after_close = false},
                    {}, [](Ground& ground, User& user) {
                      REQUIRE(has_told(ground, user, "closing"));
                      CHECK(ground.run_until([&] {
                        return ground.server().client_has_ended() &&
                               !ground.server().frames().empty();
                      }));
                      CHECK(joined(ground.server().frames()) == joined({"close 1007"}));
                      ground.server().end();
                      CHECK(has_told(ground, user, "closed 1006" + because(Errc::invalid_utf8)));
                    });
  }

  TEST_CASE("a refusal comes with its body") {
    on_both_grounds({.instead = "HTTP/1.1 403 Forbidden\r\n\r\nbecause", .ends_after_answer = true},
                    {}, [](Ground& ground, User& user) {
                      CHECK(has_told(ground, user, "closed 1006" + because(Errc::bad_status)));
                      CHECK(user.error().response->body == "because");
                    });
  }

  TEST_CASE("the server ends the stream: a lost link") {
    on_both_grounds({}, {}, [](Ground& ground, User& user) {
      REQUIRE(has_told(ground, user, "opened"));
      ground.server().end();
      CHECK(has_told(ground, user, "closed 1006" + because(Errc::connection_lost)));
    });
  }

  TEST_CASE("the server never answers our Close frame: close_timeout") {
    on_both_grounds({.closes_back = false}, {.close_timeout = Duration(30)},
                    [](Ground& ground, User& user) {
                      REQUIRE(has_told(ground, user, "opened"));
                      user.session->close(1000, {});
                      CHECK(has_told(ground, user, "closed 1006"));
                    });
  }

  TEST_CASE("the server never answers the handshake: connect_timeout") {
    on_both_grounds({.answers = false}, {.timeout = Duration(30)}, [](Ground& ground, User& user) {
      CHECK(has_told(ground, user, "closed 1006" + because(Errc::connect_timeout)));
    });
  }

  TEST_CASE("paused, a flood of messages waits; then it all comes") {
    std::string flood;
    for (int i = 0; i < 2000; ++i) flood += wire::binary(wire::filling(1000));
    on_both_grounds({}, {}, [&flood](Ground& ground, User& user) {
      REQUIRE(has_told(ground, user, "opened"));
      user.session->pause_reading(true);
      ground.server().write(flood);
      user.send("out");
      CHECK(ground.run_until([&] { return !ground.server().frames().empty(); }));
      CHECK(user.told.size() == 1);
      user.session->pause_reading(false);
      CHECK(ground.run_until([&] { return user.told.size() == 2001; }));
      user.session->close(1000, {});
    });
  }
}
