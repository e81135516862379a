#include "life/cell.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "conformance/rows.hpp"
#include "life/story.hpp"

namespace life {
namespace {

using api_test::Watchdog;

// So short where nobody answers our Close frame and that is what a cell waits for.
constexpr websocket::Duration brief{25};

std::vector<std::string> do_it(Operation operation, From from, Scene& scene) {
  if (from == From::main_thread) return {perform(operation, scene)};
  const std::size_t count = from == From::two_threads ? 2 : 1;
  std::vector<std::string> said(count);
  std::latch all(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (std::string& mine : said) {
    threads.emplace_back([&, it = &mine] {
      all.arrive_and_wait();
      *it = perform(operation, scene);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return said;
}

// One says what the table says; a second one the same, or what is said after the first.
void check_said(Operation operation, Situation situation, const std::vector<std::string>& said) {
  const std::string expected = said_in(operation, situation);
  CAPTURE(said);
  CHECK(std::count(said.begin(), said.end(), expected) >= 1);
  const auto beside = said_beside(operation, operation, situation);
  for (const std::string& each : said) {
    CHECK(std::find(beside.begin(), beside.end(), each) != beside.end());
  }
}

std::size_t count_begun(Operation operation, const std::vector<std::string>& said) {
  if (operation != Operation::start && operation != Operation::run_forever) return 0;
  return static_cast<std::size_t>(
      std::count_if(said.begin(), said.end(), [](const auto& s) { return s != "logic_error"; }));
}

struct Told {
  std::vector<std::string> closes;
  std::size_t unsent = 0;
  std::size_t unconfirmed = 0;
};
// The next so many of on_close.
Told closes_told(Scene& scene, std::size_t count) {
  Told told;
  for (std::size_t i = 0; i < count; ++i) {
    const auto info = scene.probe.closes.pop();
    REQUIRE(info);
    told.closes.push_back(words(*info));
    told.unsent += info->unsent_messages;
    told.unconfirmed += info->unconfirmed_messages;
  }
  return told;
}

std::size_t count_queued(Operation operation, const std::vector<std::string>& said) {
  if (operation == Operation::ping) return 0;  // no message
  return static_cast<std::size_t>(std::count(said.begin(), said.end(), "queued"));
}

bool has_run(Situation situation) { return situation != Situation::idle; }

// The app is gone: nobody hears of the run's end but the server.
void check_destroyed(Scene& scene, Situation situation) {
  const std::size_t told = scene.probe.events().size();
  const End end = end_after(Operation::destroy, situation);
  if (end.close_code) CHECK(scene.close_codes.pop() == end.close_code);
  scene.let_server_go();
  CHECK(scene.probe.events().size() == told);
  CHECK(what_is_wrong_with_destroyed(scene.probe.events(), has_run(situation) ? 1 : 0, false) ==
        "");
}

// Nothing but that operation's own run has begun and ended.
void check_begun(Scene& scene, Situation situation, std::size_t begun) {
  const std::size_t runs = begun + (has_run(situation) ? 1 : 0);
  REQUIRE(scene.ends(runs));
  CHECK(scene.app().wait_for(support::default_deadline));
  for (const std::string& told : closes_told(scene, runs).closes) {
    CHECK(told == "close 1000 bye, clean, by peer");
  }
  CHECK(what_is_wrong_with(scene.probe.events(), runs) == "");
}

// What was queued is accounted for: behind a write that is blocked it stays; the other servers read
// it, and only the one that answers our Close frame says so.
void check_told(const Told& told, const End& end, Operation operation, Situation situation,
                std::size_t queued) {
  CHECK(told.closes == end.events);
  const bool blocked = situation == Situation::write_blocked;
  // Half a message is none: the peer has not been given any.
  if (operation == Operation::send_fragment) queued = 0;
  CHECK(told.unsent == (blocked ? 1 + queued : 0));
  CHECK(told.unconfirmed == (blocked || situation == Situation::open ? 0 : queued));
}

// The operation closed, or we do now; then the run ends as the table says.
void check_end(Scene& scene, Operation operation, Situation situation, std::size_t queued) {
  const bool closes = ends_the_run(operation);
  if (!closes) {
    CHECK(scene.app().state() == state_of(situation));
    scene.app().close();
  }
  const End end = end_after(closes ? operation : Operation::close, situation);
  if (end.close_code) CHECK(scene.close_codes.pop() == end.close_code);
  if (!closes && situation != Situation::open) scene.let_server_go();
  const bool runs = situation != Situation::idle && situation != Situation::closed;
  if (runs) REQUIRE(scene.ends(1));
  CHECK(scene.app().wait_for(support::default_deadline));
  if (runs) check_told(closes_told(scene, 1), end, operation, situation, queued);
  CHECK(scene.app().state() ==
        (has_run(situation) ? websocket::State::closed : websocket::State::idle));
  CHECK(what_is_wrong_with(scene.probe.events(), has_run(situation) ? 1 : 0) == "");
  CHECK(scene.close_codes.empty());  // one Close frame at most
}

// Not waited for where the operation leaves open whether it comes to pass.
void wait_for_another_attempt(Scene& scene, Situation situation) {
  if (situation != Situation::waiting) return;
  CHECK(scene.probe.errors.pop());
  CHECK(api_test::comes_true([&] { return scene.app().state() == websocket::State::waiting; }));
}

void play(Situation situation, Operation operation, From from, Ground ground) {
  const bool nobody_answers = ends_the_run(operation) && situation != Situation::open;
  Scene scene(situation, ground, nobody_answers ? brief : support::default_deadline);
  const auto said = do_it(operation, from, scene);
  check_said(operation, situation, said);
  if (operation == Operation::destroy) return check_destroyed(scene, situation);
  if (const auto begun = count_begun(operation, said); begun > 0) {
    return check_begun(scene, situation, begun);
  }
  if (operation == Operation::reconnect_now) wait_for_another_attempt(scene, situation);
  check_end(scene, operation, situation, count_queued(operation, said));
}

void play_pair(Situation situation, Operation one, Operation other, Ground ground) {
  const bool ends = ends_the_run(one) || ends_the_run(other);
  const bool nobody_answers = ends && situation != Situation::open;
  Scene scene(situation, ground, nobody_answers ? brief : support::default_deadline);
  std::string said_by_other;
  std::latch both(2);
  std::thread thread([&] {
    both.arrive_and_wait();
    said_by_other = perform(other, scene);
  });
  both.arrive_and_wait();
  const std::string said_by_one = perform(one, scene);
  thread.join();
  CAPTURE(said_by_one);
  CAPTURE(said_by_other);
  const auto may_one = said_beside(one, other, situation);
  const auto may_other = said_beside(other, one, situation);
  CHECK(std::find(may_one.begin(), may_one.end(), said_by_one) != may_one.end());
  CHECK(std::find(may_other.begin(), may_other.end(), said_by_other) != may_other.end());

  const std::size_t runs = count_begun(one, {said_by_one}) + count_begun(other, {said_by_other}) +
                           (has_run(situation) ? 1 : 0);
  scene.app().close();
  if (situation != Situation::open) scene.let_server_go();
  REQUIRE(scene.ends(runs));
  CHECK(scene.app().wait_for(support::default_deadline));
  CHECK(what_is_wrong_with(scene.probe.events(), runs) == "");
  CHECK(scene.close_codes.size() <= runs);
}

// A run_forever() that comes after the other has closed begins a run that this server leaves alone.
bool waits_for_what_nobody_ends(Operation one, Operation other, Situation situation) {
  const bool short_runs = situation == Situation::idle || situation == Situation::closed;
  return !short_runs && ((one == Operation::run_forever && ends_the_run(other)) ||
                         (other == Operation::run_forever && ends_the_run(one)));
}

}  // namespace

const char* name_of(From from) {
  switch (from) {
    case From::main_thread:
      return "from the main thread";
    case From::another_thread:
      return "from another thread";
    case From::two_threads:
      return "from two threads at once";
  }
  return "";
}

bool add_cells(const char* suite, const char* file, unsigned line,
               std::initializer_list<Situation> situations) {
  for (const Situation situation : situations) {
    for (const Operation operation : all_operations()) {
      for (const From from : {From::main_thread, From::another_thread, From::two_threads}) {
        if (operation == Operation::destroy && from == From::two_threads) continue;
        for (const Ground ground : all_grounds) {
          const std::string name = std::string(name_of(situation)) + ": " + name_of(operation) +
                                   ' ' + name_of(from) + " / " + name_of(ground) + " / " +
                                   said_in(operation, situation);
          conformance::add_row(suite, file, line, name, [=] {
            const Watchdog watchdog(name);
            play(situation, operation, from, ground);
          });
        }
      }
    }
  }
  return true;
}

bool add_pairs(const char* suite, const char* file, unsigned line,
               std::initializer_list<Situation> situations) {
  auto operations = all_operations();
  operations.pop_back();  // nobody may use what another thread destroys
  for (const Situation situation : situations) {
    for (const Operation one : operations) {
      for (const Operation other : operations) {
        if (other <= one) continue;  // cells have two of the same
        if (waits_for_what_nobody_ends(one, other, situation)) continue;
        const bool odd = (static_cast<int>(one) + static_cast<int>(other)) % 2 == 1;
        const Ground ground = odd ? Ground::event_loop : Ground::own_thread;
        const std::string name = std::string(name_of(situation)) + ": " + name_of(one) + " and " +
                                 name_of(other) + " at once / " + name_of(ground);
        conformance::add_row(suite, file, line, name, [=] {
          const Watchdog watchdog(name);
          play_pair(situation, one, other, ground);
        });
      }
    }
  }
  return true;
}

}  // namespace life
