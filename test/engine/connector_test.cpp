// The way to a stream: its steps in order, each failure's stage, each way out of the middle.
#include "engine/connector.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "engine/fake_loop.hpp"
#include "engine/server.hpp"
#include "engine/user.hpp"

using namespace engine_test;
using engine::Connector;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const base::Failure refused{Errc::connection_refused, "10.0.0.1:443 refused the connection", {}};

struct Way {
  explicit Way(const std::string& text) : url(std::get<0>(protocol::parse_url(text))) {
    loop.names["example.com"] = {"10.0.0.1:443", "10.0.0.2:443", "10.0.0.3:443"};
  }
  void start() {
    connector.emplace(loop, url, options, trace);
    connector->start([this](Connector::Result given) {
      ++told;
      result = std::move(given);
      connector.reset();  // it may be destroyed here
    });
    CHECK(told == 0);
  }
  const Connector::Failed& failed() {
    REQUIRE(told == 1);
    REQUIRE(std::holds_alternative<Connector::Failed>(*result));
    return std::get<Connector::Failed>(*result);
  }

  FakeLoop loop;
  protocol::Url url;
  ConnectOptions options;
  Lines trace;
  std::optional<Connector> connector;
  std::optional<Connector::Result> result;
  int told = 0;
};

}  // namespace

TEST_SUITE("connector") {
  TEST_CASE("ws: name, address") {
    Way way("ws://example.com:443/");
    way.start();
    way.loop.run();
    CHECK(joined(way.loop.steps) == joined({"resolve example.com:443", "connect 10.0.0.1:443"}));
    REQUIRE(way.told == 1);
    CHECK(std::get<0>(*way.result)->remote_address() == "10.0.0.1:443");
  }

  TEST_CASE("a numeric address needs no look-up; the trace names it all the same") {
    Way way("ws://10.0.0.1:8080/");
    way.trace.on = true;
    way.start();
    way.loop.run();
    CHECK(joined(way.loop.steps) == joined({"connect 10.0.0.1:8080"}));
    REQUIRE(way.told == 1);
    CHECK(std::get<0>(*way.result)->remote_address() == "10.0.0.1:8080");
    CHECK(joined(way.trace.lines) ==
          joined({"Resolved 10.0.0.1: 10.0.0.1:8080", "Connecting to 10.0.0.1:8080",
                  "Connected to 10.0.0.1:8080 from 10.0.0.99:50000"}));
  }

  TEST_CASE("wss: TLS settings first, then name, address, TLS for that name") {
    Way way("wss://example.com/");
    way.start();
    way.loop.run();
    CHECK(joined(way.loop.steps) == joined({"tls_context", "resolve example.com:443",
                                            "connect 10.0.0.1:443", "tls example.com"}));
    CHECK(std::holds_alternative<std::unique_ptr<net::Stream>>(*way.result));
  }

  TEST_CASE("addresses are tried until one lets us in; the trace has each") {
    Way way("ws://example.com:443/");
    way.trace.on = true;
    way.loop.addresses["10.0.0.1:443"].failure = refused;
    way.loop.addresses["10.0.0.2:443"].failure = refused;
    way.start();
    way.loop.run();
    CHECK(joined(way.loop.steps) == joined({"resolve example.com:443", "connect 10.0.0.1:443",
                                            "connect 10.0.0.2:443", "connect 10.0.0.3:443"}));
    CHECK(std::holds_alternative<std::unique_ptr<net::Stream>>(*way.result));
    for (const char* const address : {"10.0.0.1:443", "10.0.0.2:443", "10.0.0.3:443"}) {
      CHECK(way.trace.has(std::string("Connecting to ") + address));
    }
    CHECK(way.trace.has("refused"));
    CHECK(way.trace.has("Connected to 10.0.0.3:443"));
  }

  TEST_CASE("when none lets us in the last one's failure is told") {
    Way way("ws://example.com:443/");
    for (const char* const address : {"10.0.0.1:443", "10.0.0.2:443"}) {
      way.loop.addresses[address].failure = refused;
    }
    way.loop.addresses["10.0.0.3:443"].failure = {Errc::network_unreachable, "no way", {}};
    way.start();
    way.loop.run();
    CHECK(way.failed().stage == Stage::connect);
    CHECK(way.failed().failure.code == Errc::network_unreachable);
  }

  TEST_CASE("each step's failure has the step's stage, and no step follows") {
    Way settings("wss://example.com/");
    settings.loop.tls_context_failure = {Errc::tls_ca_unreadable, "cannot read ca.pem", {}};
    settings.start();
    settings.loop.run();
    CHECK(settings.failed().stage == Stage::tls);
    CHECK(settings.failed().failure.code == Errc::tls_ca_unreadable);
    CHECK(joined(settings.loop.steps) == joined({"tls_context"}));

    Way name("ws://nosuch.example/");
    name.start();
    name.loop.run();
    CHECK(name.failed().stage == Stage::resolve);
    CHECK(name.failed().failure.code == Errc::host_not_found);
    CHECK(name.loop.steps.size() == 1);

    Way tls("wss://example.com/");
    tls.loop.tls.failure = {Errc::certificate_expired, "the certificate expired", {}};
    tls.start();
    tls.loop.run();
    CHECK(tls.failed().stage == Stage::tls);
    CHECK(tls.failed().failure.code == Errc::certificate_expired);
    CHECK(tls.loop.wires.size() == 1);
    CHECK(tls.loop.wires[0]->stream_is_gone);
  }

  TEST_CASE("it can be abandoned before every step, and tells nothing any more") {
    for (int steps_done = 0; steps_done < 6; ++steps_done) {
      CAPTURE(steps_done);
      Way way("wss://example.com/");
      way.loop.look_up.hangs = steps_done == 1;
      way.loop.addresses["10.0.0.1:443"].hangs = steps_done == 2;
      way.loop.tls.hangs = steps_done >= 3;
      way.start();
      if (steps_done > 0) way.loop.run();
      way.connector.reset();
      way.loop.advance(seconds(100));
      CHECK(way.told == 0);
      for (const auto& wire : way.loop.wires) CHECK(wire->stream_is_gone);
    }
  }
}

TEST_SUITE("connecting takes no longer than its timeout") {
  TEST_CASE("at every step: connect_timeout, that step's stage, and a sentence with the time") {
    struct Step {
      std::string name;
      Stage stage;
    };
    for (const Step& step : {Step{"look-up", Stage::resolve}, Step{"connect", Stage::connect},
                             Step{"tls", Stage::tls}, Step{"handshake", Stage::handshake}}) {
      CAPTURE(step.name);
      FakeLoop loop;
      loop.names["example.com"] = {"10.0.0.1:443"};
      FakeServers servers(loop, {.answers = false});
      loop.look_up.hangs = step.name == "look-up";
      loop.addresses["10.0.0.1:443"].hangs = step.name == "connect";
      loop.tls.hangs = step.name == "tls";
      User user(loop, "wss://example.com/", {.timeout = milliseconds(1500)});
      user.start();
      loop.advance(milliseconds(1499));
      CHECK(user.told.empty());
      loop.advance(milliseconds(1));
      CHECK(joined(user.told) == joined({"closed 1006" + because(Errc::connect_timeout)}));
      CHECK(user.error().stage == step.stage);
      CHECK(user.error().message.find("1500 ms") != std::string::npos);
      CHECK(user.error().message.find("example.com") != std::string::npos);
      CHECK(loop.timers() == 0);
      for (const auto& wire : loop.wires) CHECK(wire->stream_is_gone);
    }
  }

  TEST_CASE("a head that drips in does not make it longer") {
    FakeLoop loop;
    FakeServers servers(loop, {.answers = false});
    User user(loop, "ws://example.com/", {.timeout = seconds(2)});
    user.start();
    loop.run();
    servers.last().write("HTTP/1.1 101 Switching Protocols\r\nX-Slow: ");
    for (int i = 0; i < 40 && !user.ended(); ++i) {
      servers.last().write("z");
      loop.advance(milliseconds(100));
    }
    CHECK(joined(user.told) == joined({"closed 1006" + because(Errc::connect_timeout)}));
    CHECK(loop.elapsed() == seconds(2));
  }

  TEST_CASE("a timeout of zero is no limit, and an open connection has none") {
    FakeLoop loop;
    FakeServers servers(loop, {.answers = false});
    User user(loop, "ws://example.com/", {.timeout = Duration(0)});
    user.start();
    loop.advance(std::chrono::hours(5));
    CHECK(user.told.empty());

    FakeLoop other;
    FakeServers other_servers(other, {});
    User open(other, "ws://example.com/", {.timeout = seconds(1)});
    open.start();
    other.advance(std::chrono::hours(5));
    CHECK(joined(open.told) == joined({"opened"}));
    CHECK(other.timers() == 0);
  }
}
