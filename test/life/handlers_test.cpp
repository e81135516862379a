// Every operation in every handler of the app itself.
#include <doctest/doctest.h>

#include <algorithm>

#include "conformance/rows.hpp"
#include "life/outcomes.hpp"
#include "life/place.hpp"
#include "life/story.hpp"

using life::Ground;
using life::Operation;
using life::Place;
using life::Situation;
using life::Visit;
using websocket::State;
using websocket::WebSocketApp;

namespace {

Situation situation_of(State state) {
  switch (state) {
    case State::idle:
      return Situation::idle;
    case State::connecting:
      return Situation::connecting;
    case State::open:
      return Situation::open;
    case State::closing:
      return Situation::closing;
    case State::waiting:
      return Situation::waiting;
    case State::closed:
      return Situation::closed;
  }
  return Situation::idle;
}

// The table of outcomes.cpp, but that a handler cannot wait for itself.
std::string said_in(const Place& place, Operation operation) {
  if (operation == Operation::wait || operation == Operation::run_forever) return "logic_error";
  if (operation == Operation::wait_for) return "false";
  if (place.course == life::Course::draining) {  // the buffer is small, and not empty yet
    return life::said_in(operation, Situation::write_blocked);
  }
  return life::said_in(operation, situation_of(place.state));
}

// With a dispatcher the connection may have gone on when the handler runs: to another state, or a pong
// is on its way.
bool may_say(const Place& place, Operation operation, Ground ground, const std::string& said) {
  if (said == said_in(place, operation)) return true;
  if (operation == Operation::buffered_amount && place.course == life::Course::draining)
    return true;
  if (ground != Ground::dispatcher) return false;
  if (operation == Operation::buffered_amount) return said == "something";
  for (const State state :
       {State::connecting, State::open, State::closing, State::waiting, State::closed}) {
    if (said == life::said_in(operation, situation_of(state))) return true;
  }
  return false;
}

void check_end(Visit& visit, std::size_t runs) {
  REQUIRE(visit.ends(runs));
  CHECK(visit.app().wait_for(support::default_deadline));
  CHECK(visit.app().state() == State::closed);
  CHECK(life::what_is_wrong_with(visit.probe.events(), runs) == "");
}

void play(const Place& place, Operation operation, Ground ground) {
  std::string said;
  std::size_t told = 0;
  Visit* it = nullptr;
  Visit visit(place, ground, [&](WebSocketApp& self) {
    if (operation == Operation::destroy) {
      told = it->probe.events().size();
      it->destroy_app();
      said = "returned";
      return;
    }
    said = life::perform(operation, self, it->run_options());
    if (place.course == life::Course::draining) self.close();
  });
  it = &visit;
  visit.start();
  REQUIRE(visit.done());
  CAPTURE(said);
  CHECK(may_say(place, operation, ground, said));
  if (operation == Operation::destroy) {
    CHECK(visit.probe.events().size() == told);
  } else {
    check_end(visit, operation == Operation::start && said == "returned" ? 2 : 1);
  }
}

bool add_cells() {
  for (const Place& place : life::places()) {
    for (const Operation operation : life::all_operations()) {
      for (const Ground ground : life::all_grounds) {
        const std::string name = std::string(place.name) + ": " + name_of(operation) + " / " +
                                 name_of(ground) + " / " + said_in(place, operation);
        conformance::add_row("life in a handler", __FILE__, __LINE__, name,
                             [name, &place, operation, ground] {
                               const api_test::Watchdog watchdog(name);
                               play(place, operation, ground);
                             });
      }
    }
  }
  return true;
}

[[maybe_unused]] const bool cells = add_cells();

}  // namespace
