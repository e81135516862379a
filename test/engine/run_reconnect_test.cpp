// A run that connects again: when, how often, how long it waits, and what it tells of it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/runner.hpp"

using namespace engine_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Whether a run with a policy tries again after such an answer to the first attempt.
bool tries_again(const std::function<void(FakeLoop&, FakeServers&)>& make_fail,
                 RunOptions options = reconnecting(),
                 const std::string& url = "ws://example.com/") {
  FakeLoop loop;
  loop.names["example.com"] = {"10.0.0.1:80"};
  FakeServers servers(loop, {});
  make_fail(loop, servers);
  Runner runner(loop, std::move(options), url);
  runner.start();
  loop.run();
  CHECK_FALSE(runner.told.empty());
  const bool again = runner.last_ends == 0;
  CHECK(runner.states.back() == (again ? "waiting" : "closed"));
  CHECK(runner.run.over() == !again);
  return again;
}

bool after_status(const std::string& status) {
  return tries_again([&](FakeLoop&, FakeServers& servers) {
    servers.habits.instead = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
  });
}

}  // namespace

TEST_SUITE("run: reconnecting") {
  TEST_CASE(
      "failed attempts are told with their number; the waits grow; a connection counts anew") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    Runner runner(loop, reconnecting(milliseconds(500)));
    runner.start();
    loop.run();
    for (int attempt = 1; attempt <= 4; ++attempt) {
      CHECK(joined(runner.take_told()) ==
            joined({error_word(attempt, true, Errc::connection_refused)}));
      const Duration wait(500 << (attempt - 1));
      loop.advance(wait - milliseconds(1));
      CHECK(runner.told.empty());
      if (attempt == 4) loop.addresses.clear();
      loop.advance(milliseconds(1));
    }
    CHECK(joined(runner.take_told()) == joined({"open"}));
    loop.advance(seconds(10));
    servers.last().end();
    loop.run();
    CHECK(joined(runner.take_told()) ==
          joined({error_word(1, true, Errc::connection_lost), "closed 1006 again"}));
    loop.advance(milliseconds(499));
    CHECK(runner.told.empty());
    loop.advance(milliseconds(1));
    CHECK(joined(runner.take_told()) == joined({"reconnect"}));
    runner.run.close(1000, {});
    loop.run();
    CHECK(joined(runner.take_told()) == joined({"closed 1000 clean"}));
    CHECK(runner.last_ends == 1);
    CHECK(joined(runner.states) ==
          joined({"connecting", "waiting", "connecting", "waiting", "connecting", "waiting",
                  "connecting", "waiting", "connecting", "open", "waiting", "connecting", "open",
                  "closed"}));
  }

  TEST_CASE("max_attempts counts failures in a row, the first included") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    Runner runner(loop, reconnecting(milliseconds(10), 3));
    runner.start();
    loop.advance(seconds(100));
    CHECK(joined(runner.told) ==
          joined({error_word(1, true, Errc::connection_refused),
                  error_word(2, true, Errc::connection_refused),
                  error_word(3, false, Errc::connection_refused), "closed 1006"}));
    CHECK(runner.run.ended_by_error());
    CHECK(runner.last_ends == 1);
  }

  TEST_CASE("max_attempts is counted anew when a connection opened") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    Runner runner(loop, reconnecting(milliseconds(10), 1));
    runner.start();
    loop.run();
    for (int i = 0; i < 5; ++i) {
      servers.last().end();
      loop.advance(milliseconds(1000));
    }
    CHECK(runner.told.back() == "reconnect");
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    runner.take_told();
    servers.last().end();
    loop.advance(seconds(10));
    CHECK(joined(runner.told) ==
          joined({error_word(1, true, Errc::connection_lost), "closed 1006 again",
                  error_word(1, false, Errc::connection_refused), "closed 1006"}));
  }

  TEST_CASE("a connection that is lost before it stood for a while does not shorten the waits") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    RunOptions options = reconnecting(milliseconds(500));
    options.reconnect->reset_after = seconds(3);
    Runner runner(loop, options);
    runner.start();
    loop.run();
    const auto waits = [&](Duration wait) {
      servers.last().end();
      loop.run();
      runner.take_told();
      loop.advance(wait - milliseconds(1));
      CHECK(runner.told.empty());
      loop.advance(milliseconds(1));
      CHECK(joined(runner.take_told()) == joined({"reconnect"}));
    };
    waits(milliseconds(500));
    waits(milliseconds(1000));
    loop.advance(milliseconds(2999));
    waits(milliseconds(2000));
    loop.advance(milliseconds(3000));
    waits(milliseconds(500));
  }

  TEST_CASE("a server that says Retry-After is left alone for that long, and the delay besides") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    const auto answers = [&](const std::string& lines, Duration expected) {
      CAPTURE(lines);
      servers.habits.instead =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n" + lines + "\r\n";
      Runner runner(loop, reconnecting(milliseconds(500)));
      runner.start();
      loop.run();
      REQUIRE(runner.states.back() == "waiting");
      servers.habits.instead.clear();
      loop.advance(expected - milliseconds(1));
      CHECK(runner.states.back() == "waiting");
      loop.advance(milliseconds(1));
      CHECK(runner.states.back() == "open");
    };
    answers("Retry-After: 120\r\n", milliseconds(120500));
    answers("Retry-After: 0\r\n", milliseconds(500));
    answers("Retry-After: soon\r\n", milliseconds(500));
    answers("Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:00:07 GMT\r\n",
            milliseconds(7500));
    // Nobody silences a client for ever.
    answers("Retry-After: 99999999999999999999\r\n", milliseconds(3600500));
  }

  TEST_CASE("reconnect_now() makes the next attempt at once and begins the delays anew") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    Runner runner(loop, reconnecting(seconds(1)));
    runner.start();
    loop.run();
    loop.advance(seconds(1));
    loop.advance(seconds(2));
    CHECK(runner.take_told().size() == 3);
    runner.run.reconnect_now();
    loop.run();
    CHECK(joined(runner.take_told()) == joined({error_word(4, true, Errc::connection_refused)}));
    loop.advance(milliseconds(999));
    CHECK(runner.told.empty());
    loop.addresses.clear();
    loop.advance(milliseconds(1));
    CHECK(joined(runner.take_told()) == joined({"open"}));
    // While nothing is being waited for, nothing happens.
    runner.run.reconnect_now();
    loop.run();
    CHECK(runner.told.empty());
    runner.run.close(1000, {});
    runner.run.reconnect_now();
    loop.run();
    CHECK(joined(runner.take_told()) == joined({"closed 1000 clean"}));
    runner.run.reconnect_now();
    loop.run();
    CHECK(runner.told.empty());
    CHECK(loop.timers() == 0);
  }

  TEST_CASE("when the server closes in order it is tried again, without an error") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    Runner runner(loop, reconnecting());
    runner.start();
    loop.run();
    servers.last().close(1012, "restart");
    loop.advance(milliseconds(500));
    CHECK(joined(runner.told) ==
          joined({"open", "closed 1012 'restart' clean by peer again", "reconnect"}));
  }

  TEST_CASE("the default rule, by what failed") {
    CHECK(tries_again(
        [](FakeLoop& loop, auto&) { loop.addresses["10.0.0.1:80"].failure = refused_failure; }));
    CHECK(tries_again([](FakeLoop& loop, auto&) { loop.names.clear(); }));
    CHECK(tries_again(
        [](FakeLoop&, FakeServers& servers) { servers.habits.instead = "SSH-2.0\r\n"; }));
    CHECK(tries_again(
        [](FakeLoop&, FakeServers& servers) { servers.habits.behind = wire::text("\xff"); }));
    const auto tls = [](Errc code) {
      return tries_again(
          [code](FakeLoop& loop, auto&) {
            loop.tls.failure = {code, "no", {}};
          },
          reconnecting(), "wss://example.com:80/");
    };
    CHECK(tls(Errc::tls_handshake_failed));
    for (const Errc code :
         {Errc::certificate_expired, Errc::certificate_not_yet_valid, Errc::certificate_self_signed,
          Errc::certificate_unknown_issuer, Errc::certificate_wrong_host,
          Errc::certificate_not_pinned, Errc::certificate_invalid}) {
      CHECK_FALSE(tls(code));
    }
    CHECK_FALSE(tries_again([](auto&, auto&) {}, reconnecting(), "http://example.com/"));
    CHECK_FALSE(tries_again([](auto&, auto&) {}, reconnecting(), "ws://example.com/#x"));
  }

  TEST_CASE("the default rule, by the answer's status") {
    for (const char* const status : {"400 Bad Request", "401 Unauthorized", "403 Forbidden",
                                     "404 Not Found", "426 Upgrade Required", "451 Why"}) {
      CHECK_FALSE(after_status(status));
    }
    for (const char* const status : {"408 Request Timeout", "429 Too Many Requests", "500 Oh",
                                     "503 Service Unavailable", "200 OK", "302 Found"}) {
      CHECK(after_status(status));
    }
  }

  TEST_CASE("should_reconnect decides instead, with the error or null, and the end") {
    std::vector<std::string> asked;
    bool answer = true;
    RunOptions options = reconnecting();
    options.reconnect->should_reconnect = [&](const Error* error, const CloseInfo& info) {
      asked.push_back((error != nullptr ? error->code.message() : "null") + " " +
                      std::to_string(info.code));
      return answer;
    };
    FakeLoop loop;
    FakeServers servers(loop, {.instead = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"});
    Runner runner(loop, options);
    runner.start();
    loop.run();
    CHECK(runner.states.back() == "waiting");
    servers.habits = {};
    loop.advance(milliseconds(500));
    answer = false;
    servers.last().close(1000);
    loop.run();
    CHECK(runner.states.back() == "closed");
    CHECK(joined(asked) ==
          joined({make_error_code(Errc::bad_status).message() + " 1006", "null 1000"}));
    CHECK_FALSE(runner.run.ended_by_error());
  }

  TEST_CASE("what should_reconnect throws counts as no; it is not asked after our own close()") {
    RunOptions options = reconnecting();
    int asked = 0;
    options.reconnect->should_reconnect = [&asked](const Error*, const CloseInfo&) -> bool {
      ++asked;
      throw std::runtime_error("oh");
    };
    CHECK_FALSE(tries_again([](FakeLoop& loop, auto&) { loop.names.clear(); }, options));
    CHECK(asked == 1);
    FakeLoop loop;
    FakeServers servers(loop, {});
    Runner runner(loop, options);
    runner.start();
    loop.run();
    runner.run.close(1000, {});
    loop.run();
    CHECK(runner.last_ends == 1);
    CHECK(asked == 1);
  }

  TEST_CASE("close() while waiting ends the run at once, in order") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    loop.addresses["10.0.0.1:80"].failure = refused_failure;
    Runner runner(loop, reconnecting());
    runner.start();
    loop.run();
    runner.take_told();
    runner.run.close(1000, {});
    CHECK(joined(runner.told) == joined({"closed 1006"}));
    CHECK(runner.last_ends == 1);
    CHECK_FALSE(runner.run.ended_by_error());
    CHECK(loop.timers() == 0);
    loop.advance(seconds(1000));
    CHECK(runner.told.size() == 1);
  }

  TEST_CASE("every drop is told, the hundredth like the first") {
    FakeLoop loop;
    FakeServers servers(loop, {});
    RunOptions options = reconnecting(milliseconds(1));
    options.reconnect->reset_after = Duration::zero();
    Runner runner(loop, options);
    runner.start();
    loop.run();
    for (int i = 0; i < 100; ++i) {
      runner.take_told();
      servers.last().end();
      loop.advance(milliseconds(1));
      CHECK(joined(runner.told) ==
            joined({error_word(1, true, Errc::connection_lost), "closed 1006 again", "reconnect"}));
    }
    CHECK(servers.servers.size() == 101);
  }
}
