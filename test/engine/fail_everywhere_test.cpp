// Every scenario again with the network failing at operation 0, 1, 2... until it passes: always
// exactly one end, never a hang. Time is virtual: a scenario that would wait for ever has no timer
// left.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "engine/runner.hpp"

using namespace engine_test;
using std::chrono::seconds;

namespace {

struct Scenario {
  std::string name;
  Server::Habits habits;
  std::string url = "ws://example.com/";
  RunOptions options = {};
  // What is done when these words are told.
  std::function<void(Runner&, FakeServers&, const std::string&)> react = {};
};

void send(Runner& runner, std::string_view text) {
  if (runner.run.session() == nullptr) return;
  runner.run.session()->send(Opcode::text, text);
  runner.run.session()->flush();
}

std::vector<Scenario> scenarios() {
  RunOptions keepalive;
  keepalive.ping_interval = seconds(1);
  keepalive.ping_timeout = seconds(1);
  RunOptions again = reconnecting(Duration(10), 3);
  const auto echo_then_close = [](Runner& runner, FakeServers&, const std::string& word) {
    if (word == "open" || word == "reconnect") send(runner, "hello");
    if (word == "text 'hello'") runner.run.close(1000, "bye");
  };
  return {
      {.name = "open and close",
       .habits = {},
       .react =
           [](Runner& runner, FakeServers&, const std::string& word) {
             if (word == "open") runner.run.close(1000, {});
           }},
      {.name = "echo and close", .habits = {.echoes = true}, .react = echo_then_close},
      {.name = "echo and close over TLS",
       .habits = {.echoes = true},
       .url = "wss://example.com:80/",
       .react = echo_then_close},
      {.name = "the server closes",
       .habits = {.behind = wire::text("x") + wire::close(1001, "go")}},
      {.name = "the server never ends the stream",
       .habits = {.behind = wire::close(1001), .ends_after_close = false}},
      {.name = "the server never answers our Close frame",
       .habits = {.closes_back = false},
       .react =
           [](Runner& runner, FakeServers&, const std::string& word) {
             if (word == "open") runner.run.close(1000, {});
           }},
      {.name = "a violation", .habits = {.behind = wire::text("\xff") + wire::text("more")}},
      {.name = "a refusal with a body",
       .habits = {.instead = "HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nbecause"}},
      {.name = "a big echo",
       .habits = {.echoes = true},
       .react =
           [](Runner& runner, FakeServers&, const std::string& word) {
             if (word == "open") send(runner, wire::filling(200000));
             if (word.starts_with("text")) runner.run.close(1000, {});
           }},
      {.name = "pings, then silence", .habits = {.pongs = false}, .options = keepalive},
      {.name = "reconnecting",
       .habits = {.echoes = true},
       .options = again,
       .react = echo_then_close},
  };
}

}  // namespace

TEST_SUITE("the network fails at every operation") {
  TEST_CASE("exactly one end, in bounded time, with nothing left behind") {
    for (const Scenario& scenario : scenarios()) {
      CAPTURE(scenario.name);
      for (const bool by_ending : {false, true}) {
        CAPTURE(by_ending);
        bool passed = false;
        for (int at = 0; !passed; ++at) {
          CAPTURE(at);
          REQUIRE(at < 2000);
          FakeLoop loop;
          loop.fail_at = at;
          loop.fails_by_ending = by_ending;
          FakeServers servers(loop, scenario.habits);
          Runner runner(loop, scenario.options, scenario.url);
          runner.on_word = [&](const std::string& word) {
            if (scenario.react) scenario.react(runner, servers, word);
          };
          runner.start();
          CHECK(loop.run_until([&] { return runner.last_ends > 0; }));
          CHECK(loop.elapsed() < seconds(120));
          loop.advance(seconds(1000));
          CHECK(runner.last_ends == 1);
          CHECK(runner.run.over());
          CHECK(runner.run.session() == nullptr);
          CHECK(loop.timers() == 0);
          for (const auto& wire : loop.wires) CHECK(wire->stream_is_gone);
          passed = loop.operations <= at;
        }
      }
    }
  }

  TEST_CASE("closing and abandoning at every operation: bounded, and one end or none") {
    for (int at = 0; at < 40; ++at) {
      for (const bool abandon : {false, true}) {
        CAPTURE(at);
        CAPTURE(abandon);
        FakeLoop loop;
        FakeServers servers(loop, {.echoes = true});
        Runner runner(loop, reconnecting(Duration(10)), "wss://example.com:80/");
        runner.on_word = [&](const std::string& word) {
          if (word == "open") send(runner, "hello");
          if (word == "text 'hello'") send(runner, "hello");
        };
        runner.start();
        loop.run_until([&] { return loop.operations >= at; });
        abandon ? runner.run.abandon() : runner.run.close(1000, {});
        loop.advance(seconds(1000));
        CHECK(runner.last_ends == (abandon ? 0 : 1));
        CHECK(loop.timers() == 0);
        for (const auto& wire : loop.wires) CHECK(wire->stream_is_gone);
      }
    }
  }
}
