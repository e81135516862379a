// Handlers that throw, that block while other threads use or destroy the app, and that start another app:
// each at every place, on every ground.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <thread>

#include "conformance/rows.hpp"
#include "life/place.hpp"
#include "life/story.hpp"

using life::Ground;
using life::Place;
using life::Visit;
using websocket::State;
using websocket::WebSocketApp;

namespace {

void check_end(Visit& visit, std::size_t runs) {
  REQUIRE(visit.ends(runs));
  CHECK(visit.app().wait_for(support::default_deadline));
  CHECK(visit.app().state() == State::closed);
  CHECK(life::what_is_wrong_with(visit.probe.events(), runs) == "");
}

bool is_on_error(const Place& place) {
  return std::string_view(place.name).find("on_error") != std::string_view::npos;
}

// The draining server waits for a Close frame.
void end_course(WebSocketApp& app, const Place& place) {
  if (place.course == life::Course::draining) app.close();
}

// What is thrown is told, but for what on_error itself throws; everything else goes on as it would have.
void throw_there(const Place& place, Ground ground, const std::function<void()>& thrower) {
  Visit visit(place, ground, [&](WebSocketApp& self) {
    end_course(self, place);
    thrower();
  });
  visit.start();
  REQUIRE(visit.done());
  check_end(visit, 1);
  const std::size_t thrown_before = std::string_view(place.name).ends_with("threw") ? 2 : 0;
  const std::size_t thrown = is_on_error(place) ? thrown_before : thrown_before + 1;
  // What the last on_close throws is told behind it.
  CHECK(api_test::comes_true([&] { return visit.probe.count("error callback_threw") == thrown; }));
}

// A handler that is in there until it is let go.
struct Blocked {
  Blocked(const Place& place, Ground ground)
      : visit(place, ground, [this, &place](WebSocketApp& self) {
          end_course(self, place);
          entered.set();
          CHECK(go_on.wait(2 * support::default_deadline));
          left = true;
        }) {
    visit.start();
    REQUIRE(entered.wait());
  }
  ~Blocked() { go_on.set(); }

  support::Event entered;
  support::Event go_on;
  std::atomic<bool> left{false};
  Visit visit;
};

void use_while_blocked(const Place& place, Ground ground) {
  Blocked blocked(place, ground);
  WebSocketApp& app = blocked.visit.app();
  // With a dispatcher the run may be over while a handler is still at work.
  if (ground != Ground::dispatcher) CHECK_FALSE(app.wait_for(std::chrono::milliseconds(5)));
  static_cast<void>(app.send("x"));
  static_cast<void>(app.send_wait("x", std::chrono::milliseconds(5)));
  static_cast<void>(app.buffered_amount() + app.response().body.size());
  app.on_drain = nullptr;
  app.reconnect_now();
  app.close();
  const State state = app.state();
  CHECK((state == State::closing || state == State::closed));
  CHECK_FALSE(blocked.left);
  blocked.go_on.set();
  check_end(blocked.visit, 1);
}

void destroy_while_blocked(const Place& place, Ground ground) {
  Blocked blocked(place, ground);
  support::Event begun;
  std::atomic<bool> left_before{false};
  std::thread destroyer([&] {
    begun.set();
    blocked.visit.destroy_app();
    left_before = blocked.left.load();
  });
  REQUIRE(begun.wait());
  const std::size_t told = blocked.visit.probe.events().size();
  blocked.go_on.set();
  destroyer.join();
  CHECK(left_before);
  // What the handler was about is the last that was told, unless the destroyer came late.
  CHECK(blocked.visit.probe.events().size() >= told);
  const std::size_t at_the_end = blocked.visit.probe.events().size();
  CHECK(blocked.visit.done());
  CHECK(blocked.visit.probe.events().size() == at_the_end);
}

void close_while_another_thread_waits(const Place& place, Ground ground) {
  Blocked blocked(place, ground);
  std::thread waiter([&] { blocked.visit.app().wait(); });
  blocked.visit.app().close();
  blocked.go_on.set();
  waiter.join();
  check_end(blocked.visit, 1);
}

void start_another_app(const Place& place, Ground ground) {
  support::RawServer server([](support::RawConnection& connection) {
    connection.accept_handshake();
    connection.write_close(1000, "bye");
  });
  api_test::Probe probe;
  std::unique_ptr<WebSocketApp> other;
  Visit* it = nullptr;
  Visit visit(place, ground, [&](WebSocketApp& self) {
    other = it->make_neighbour(server.url());
    probe.attach(*other);
    other->start();
    end_course(self, place);
  });
  it = &visit;
  visit.start();
  REQUIRE(visit.done());
  CHECK(probe.ended.wait());
  other->wait();
  CHECK(life::what_is_wrong_with(probe.events(), 1) == "");
  check_end(visit, 1);
  other.reset();
}

struct Deed {
  const char* name;
  std::function<void(const Place&, Ground)> play;
};

std::vector<Deed> deeds() {
  return {
      {"throwing a std::exception",
       [](const Place& place, Ground ground) {
         throw_there(place, ground, [] { throw std::runtime_error("mischief"); });
       }},
      {"throwing an int",
       [](const Place& place, Ground ground) { throw_there(place, ground, [] { throw 42; }); }},
      {"blocking while another thread uses the app and closes", use_while_blocked},
      {"blocking while another thread destroys the app", destroy_while_blocked},
      {"blocking while one thread waits and another one closes", close_while_another_thread_waits},
      {"starting another app", start_another_app}};
}

bool add_cells() {
  for (const Place& place : life::places()) {
    for (const Deed& deed : deeds()) {
      for (const Ground ground : life::all_grounds) {
        const std::string name =
            std::string(place.name) + ": " + deed.name + " / " + name_of(ground);
        conformance::add_row("life with handlers that misbehave", __FILE__, __LINE__, name,
                             [name, &place, play = deed.play, ground] {
                               const api_test::Watchdog watchdog(name);
                               play(place, ground);
                             });
      }
    }
  }
  return true;
}

[[maybe_unused]] const bool cells = add_cells();

}  // namespace
