// A WebSocketApp destroyed, closed, waited for and misused from within its own handlers.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::RefusingPort;
using api_test::Watchdog;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::Opcode;
using websocket::RunOptions;
using websocket::State;
using websocket::WebSocketApp;

namespace {

using Act = std::function<void(WebSocketApp&)>;

// Sets one handler, which acts once.
struct Place {
  const char* name;
  void (*set)(WebSocketApp&, Act);
};

constexpr Place places[] = {
    {"on_open", [](WebSocketApp& app, Act act) { app.on_open = act; }},
    {"on_reconnect", [](WebSocketApp& app, Act act) { app.on_reconnect = act; }},
    {"on_data",
     [](WebSocketApp& app, Act act) {
       app.on_data = [act](WebSocketApp& self, std::string_view, Opcode, bool) { act(self); };
     }},
    {"on_message",
     [](WebSocketApp& app, Act act) {
       app.on_message = [act](WebSocketApp& self, const Message&) { act(self); };
     }},
    {"on_cont_message",
     [](WebSocketApp& app, Act act) {
       app.on_cont_message = [act](WebSocketApp& self, std::string_view, bool) { act(self); };
     }},
    {"on_ping",
     [](WebSocketApp& app, Act act) {
       app.on_ping = [act](WebSocketApp& self, std::string_view) { act(self); };
     }},
    {"on_pong",
     [](WebSocketApp& app, Act act) {
       app.on_pong = [act](WebSocketApp& self, std::string_view) { act(self); };
     }},
    {"on_error",
     [](WebSocketApp& app, Act act) {
       app.on_error = [act](WebSocketApp& self, const Error&) { act(self); };
     }},
    {"on_close that is not the last",
     [](WebSocketApp& app, Act act) {
       app.on_close = [act](WebSocketApp& self, const CloseInfo& info) {
         if (info.will_reconnect) act(self);
       };
     }},
    {"the last on_close",
     [](WebSocketApp& app, Act act) {
       app.on_close = [act](WebSocketApp& self, const CloseInfo& info) {
         if (!info.will_reconnect) act(self);
       };
     }},
};

// Says everything there is to say, twice; the first connection is lost, the second one closed.
RawServer::Script eventful_server() {
  return [connections = std::make_shared<std::atomic<int>>(0)](RawConnection& connection) {
    const bool first = ++*connections == 1;
    connection.accept_handshake();
    const std::string bytes =
        support::server_frame(true, 1, "text") + support::server_frame(false, 2, "frag") +
        support::server_frame(true, 0, "ments") + support::server_frame(true, 9, "ping") +
        support::server_frame(true, 10, "pong");
    connection.write(bytes);
    if (!first) connection.write_close(1000);
    connection.shutdown();
    connection.wait_for_end();
  };
}

RunOptions twice() {
  return {.reconnect = websocket::ReconnectPolicy{
              .initial_delay = std::chrono::milliseconds(1),
              .should_reconnect = [](const Error* error, const CloseInfo&) {
                return error != nullptr;
              }}};
}

// Runs an app whose handler at each place does that.
void in_every_handler(const char* what,
                      const std::function<void(const Place&, const RawServer&)>& scene) {
  for (const Place& place : places) {
    CAPTURE(place.name);
    const Watchdog watchdog(std::string(what) + " in " + place.name);
    RawServer server(eventful_server());
    scene(place, server);
  }
}

}  // namespace

TEST_SUITE("WebSocketApp: in its own handlers") {
  TEST_CASE("destroyed in a handler on its background thread") {
    in_every_handler("destroying", [](const Place& place, const RawServer& server) {
      support::Event destroyed;
      std::atomic<int> after{0};
      auto app = std::make_unique<WebSocketApp>(server.url(), quick());
      app->on_close = [&](WebSocketApp&, const CloseInfo&) { after += destroyed.is_set() ? 1 : 0; };
      place.set(*app, [&](WebSocketApp&) {
        app.reset();
        destroyed.set();
      });
      app->start(twice());
      REQUIRE(destroyed.wait());
      CHECK(after == 0);
    });
  }

  TEST_CASE("destroyed in a handler while run_forever is on the stack") {
    in_every_handler("destroying", [](const Place& place, const RawServer& server) {
      bool destroyed = false;
      int after = 0;
      auto app = std::make_unique<WebSocketApp>(server.url(), quick());
      const auto count = [&](WebSocketApp&, const auto&) { after += destroyed ? 1 : 0; };
      app->on_message = count;
      app->on_error = count;
      app->on_close = count;
      place.set(*app, [&](WebSocketApp&) {
        app.reset();
        destroyed = true;
      });
      app->run_forever(twice());
      CHECK(destroyed);
      CHECK(after == 0);
    });
  }

  TEST_CASE("closed in a handler, the run ends with one last on_close") {
    in_every_handler("closing", [](const Place& place, const RawServer& server) {
      WebSocketApp app(server.url(), quick());
      support::Event acted;
      int last = 0;
      app.on_close = [&](WebSocketApp&, const CloseInfo& info) {
        last += info.will_reconnect ? 0 : 1;
      };
      const auto before = app.on_close;
      place.set(app, [&](WebSocketApp& self) {
        self.close(3000, "enough");
        self.close();
        acted.set();
      });
      app.start(twice());
      app.wait();
      CHECK(acted.is_set());
      CHECK(app.state() == State::closed);
      if (!std::string_view(place.name).ends_with("on_close") &&
          !std::string_view(place.name).starts_with("on_close")) {
        CHECK(last == 1);
      }
    });
  }

  TEST_CASE("waiting for itself throws, wait_for says false at once") {
    in_every_handler("waiting", [](const Place& place, const RawServer& server) {
      WebSocketApp app(server.url(), quick());
      support::Event acted;
      place.set(app, [&](WebSocketApp& self) {
        CHECK_THROWS_AS(self.wait(), std::logic_error);
        CHECK_THROWS_AS(static_cast<void>(self.run_forever()), std::logic_error);
        CHECK_FALSE(self.wait_for(std::chrono::hours(1)));
        acted.set();
      });
      app.start(twice());
      app.wait();
      CHECK(acted.is_set());
    });
  }

  TEST_CASE("start() throws in every handler but the last on_close") {
    in_every_handler("starting", [](const Place& place, const RawServer& server) {
      WebSocketApp app(server.url(), quick());
      bool acted = false;
      const bool is_last = std::string_view(place.name) == "the last on_close";
      place.set(app, [&](WebSocketApp& self) {
        if (acted) return;
        acted = true;
        if (is_last) {
          CHECK_NOTHROW(self.start());
          self.close();
        } else {
          CHECK_THROWS_AS(self.start(), std::logic_error);
        }
      });
      CHECK_FALSE(app.run_forever(twice()));
      app.wait();
      CHECK(acted);
      CHECK(app.state() == State::closed);
    });
  }

  TEST_CASE("a new run started in the last on_close, and the app destroyed in it") {
    const Watchdog watchdog("starting and destroying in on_close");
    RawServer server(eventful_server());
    support::Event destroyed;
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    app->on_close = [&](WebSocketApp& self, const CloseInfo&) {
      self.start();
      app.reset();
      destroyed.set();
    };
    SUBCASE("of start()") {
      app->start();
      REQUIRE(destroyed.wait());
    }
    SUBCASE("of run_forever()") {
      CHECK(app->run_forever());
      CHECK(destroyed.is_set());
    }
  }

  TEST_CASE("one app's handler destroys another app") {
    const Watchdog watchdog("destroying another app in a handler");
    samples::EchoServer server;
    Probe probe;
    auto other = std::make_unique<WebSocketApp>(server.url(), quick());
    probe.attach(*other);
    other->start();
    REQUIRE(probe.opened.wait());
    WebSocketApp app(server.url(), quick());
    app.on_open = [&](WebSocketApp& self) {
      other.reset();
      self.close();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(other == nullptr);
    CHECK(probe.count("close") == 0);
  }

  TEST_CASE("an app runs another app to its end in a handler") {
    const Watchdog watchdog("run_forever in another app's handler");
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    app.on_open = [&](WebSocketApp& self) {
      WebSocketApp inner(server.url(), quick());
      probe.attach(inner);
      inner.on_open = [](WebSocketApp& it) { it.close(); };
      CHECK_FALSE(inner.run_forever());
      self.close();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == std::vector<std::string>{"close 1000"});
  }

  TEST_CASE("the destructor waits for a handler that is running on another thread") {
    samples::EchoServer server;
    support::Event entered;
    support::Event go_on;
    std::atomic<bool> left{false};
    auto app = std::make_unique<WebSocketApp>(server.url(), quick());
    app->on_open = [&](WebSocketApp&) {
      entered.set();
      CHECK(go_on.wait());
      left = true;
    };
    app->start();
    REQUIRE(entered.wait());
    std::thread destroyer([&] {
      app.reset();
      CHECK(left);
    });
    go_on.set();
    destroyer.join();
  }

  TEST_CASE("the header factory and should_reconnect may do what handlers may") {
    // They run on the loop's thread, and are no handlers.
    const api_test::RefusingPort port;
    const Watchdog watchdog("acting in the header factory or in should_reconnect");
    std::unique_ptr<WebSocketApp> app;
    support::Event acted;
    bool destroy = false;
    bool in_factory = false;
    SUBCASE("closing in the header factory") { in_factory = true; }
    SUBCASE("destroying in the header factory") { in_factory = destroy = true; }
    SUBCASE("closing in should_reconnect") {}
    SUBCASE("destroying in should_reconnect") { destroy = true; }
    const auto act = [&] {
      if (acted.is_set()) return;
      CHECK_FALSE(app->wait_for(std::chrono::hours(1)));
      CHECK_THROWS_AS(app->wait(), std::logic_error);
      CHECK_THROWS_AS(app->start(), std::logic_error);
      app->close();
      if (destroy) app.reset();
      acted.set();
    };
    auto options = quick();
    RunOptions run = {.reconnect = websocket::ReconnectPolicy{}};
    if (in_factory) {
      options.header_factory = [&] {
        act();
        return websocket::Headers{};
      };
    } else {
      run.reconnect->should_reconnect = [&](const Error*, const CloseInfo&) {
        act();
        return true;
      };
    }
    app = std::make_unique<WebSocketApp>(port.url(), options);
    app->start(run);
    REQUIRE(acted.wait());
    if (app) app->wait();
  }

  TEST_CASE("wait_for with the longest of times waits") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    std::thread closer([&] { app.close(); });
    CHECK(app.wait_for(websocket::Duration::max()));
    closer.join();
  }

  TEST_CASE("the longest of times as an option is no time limit") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), {.timeout = websocket::Duration::max(),
                                    .close_timeout = websocket::Duration::max()});
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) { self.close(); };
    CHECK_FALSE(app.run_forever(
        {.ping_interval = websocket::Duration::max(), .ping_timeout = websocket::Duration::max()}));
    CHECK(probe.events() == std::vector<std::string>{"close 1000"});
  }
}
