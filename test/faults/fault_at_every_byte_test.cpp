// A fault at every byte of a session: what was sent arrives or is told as not sent, on_close comes
// once, and the app connects again.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include "small_session.hpp"
#include "support/tally.hpp"

using faults::Fault;
using faults::Goodbye;
using faults::Outcome;
using faults::SmallSessions;
using faults::Step;
using faults::Way;

namespace {

constexpr std::size_t at_once = 32;
constexpr Goodbye both_goodbyes[] = {Goodbye::ours, Goodbye::the_servers};

// An untouched session's bytes, and the longest that one took among as many others.
struct Untouched {
  std::size_t to_server = 0;
  std::size_t to_client = 0;
  std::chrono::milliseconds took{0};
};

bool is_harmless(const Way& way) {
  return way.fault == Fault::none || way.fault == Fault::delay || way.fault == Fault::dribble;
}

bool is_silent(const faults::Plan& plan) {
  return plan.to_server.fault == Fault::stall || plan.to_client.fault == Fault::stall;
}

bool is_whole(const faults::Attempt& attempt) {
  return attempt.info.clean && attempt.echoed == SmallSessions::messages;
}

// What must hold for the whole of a step, beside what must hold for each of its attempts.
std::vector<std::string> judge_run(const Outcome& outcome) {
  std::vector<std::string> findings;
  const auto unless = [&findings](bool holds, const char* what) {
    if (!holds) findings.emplace_back(what);
  };
  const faults::Attempt& first = outcome.attempts.front();
  const faults::Attempt& last = outcome.attempts.back();
  const bool harmless =
      is_harmless(outcome.step.plan.to_server) && is_harmless(outcome.step.plan.to_client);
  if (harmless) {
    unless(is_whole(first), "a fault without harm did harm");
  } else {
    // Where silence is noticed early, a connection may be given up before the fault comes.
    unless(outcome.first_traffic.fault_came || is_silent(outcome.step.plan),
           "the fault did not come");
    unless(outcome.attempts.size() >= 2 || first.hung_up, "the app did not connect again");
  }
  unless(last.hung_up && last.ends_the_run, "the run did not end with our close()");
  if (outcome.attempts.size() > 1) unless(is_whole(last), "the next connection did not work");
  return findings;
}

void look_at(const Outcome& outcome) {
  std::vector<std::string> findings = judge_run(outcome);
  std::string told;
  for (std::size_t i = 0; i < outcome.attempts.size(); ++i) {
    const auto more = faults::judge(outcome.attempts[i], outcome.got[i]);
    findings.insert(findings.end(), more.begin(), more.end());
    told += "\n  " + faults::describe(outcome.attempts[i]) + ", the server got " +
            (outcome.got[i] ? std::to_string(*outcome.got[i]) : "?");
  }
  for (const std::string& finding : findings) {
    FAIL_CHECK(faults::describe(outcome.step), ": ", finding, told);
  }
}

void run(SmallSessions& sessions, const std::vector<Step>& steps) {
  REQUIRE(sessions.run(steps, look_at));
  CHECK(sessions.complaints().empty());
  MESSAGE(steps.size(), " sessions");
}

Untouched measure(SmallSessions& sessions, Goodbye goodbye) {
  Untouched result;
  const std::vector<Step> steps(2 * at_once, Step{goodbye, {}});
  REQUIRE(sessions.run(steps, [&result](const Outcome& outcome) {
    look_at(outcome);
    result.to_server = outcome.first_traffic.to_server;
    result.to_client = outcome.first_traffic.to_client;
    result.took = std::max(result.took, outcome.took);
  }));
  return result;
}

// Sessions over plain TCP, and what they are like when they are left alone.
class Ground {
 public:
  Ground() {
    if (!sessions.missing().empty()) return;
    for (const Goodbye goodbye : both_goodbyes) {
      untouched_[static_cast<std::size_t>(goodbye)] = measure(sessions, goodbye);
    }
  }
  const Untouched& untouched(Goodbye goodbye) const {
    return untouched_[static_cast<std::size_t>(goodbye)];
  }

  SmallSessions sessions{at_once};

 private:
  Untouched untouched_[std::size(both_goodbyes)];
};

bool skip_without(const SmallSessions& sessions) {
  if (sessions.missing().empty()) return false;
  support::skip(sessions.missing());
  return true;
}

// The fault after first, first + step, first + 2 * step, ... bytes of each way.
std::vector<Step> everywhere(Goodbye goodbye, Way fault, const Untouched& length,
                             std::size_t first = 0, std::size_t step = 1) {
  std::vector<Step> steps;
  for (std::size_t n = first; n < length.to_server; n += step) {
    fault.after = n;
    steps.push_back({goodbye, {.to_server = fault, .to_client = {}}});
  }
  for (std::size_t n = first; n < length.to_client; n += step) {
    fault.after = n;
    steps.push_back({goodbye, {.to_server = {}, .to_client = fault}});
  }
  return steps;
}

void run_everywhere(const Way& fault, std::size_t step = 1) {
  Ground ground;
  if (skip_without(ground.sessions)) return;
  for (const Goodbye goodbye : both_goodbyes) {
    run(ground.sessions, everywhere(goodbye, fault, ground.untouched(goodbye), 0, step));
  }
}

}  // namespace

TEST_SUITE_BEGIN("a fault at every byte of a session");

TEST_CASE("a session that is left alone has as many bytes each time, and all its echoes") {
  Ground ground;
  if (skip_without(ground.sessions)) return;
  for (const Goodbye goodbye : both_goodbyes) {
    const Untouched& length = ground.untouched(goodbye);
    MESSAGE(faults::describe(Step{goodbye, {}}), ": ", length.to_server, " bytes to the server, ",
            length.to_client, " to the client, ", length.took.count(), " ms among ", at_once);
    const std::vector<Step> steps(at_once, Step{goodbye, {}});
    REQUIRE(ground.sessions.run(steps, [&length](const Outcome& outcome) {
      look_at(outcome);
      CHECK(outcome.first_traffic.to_server == length.to_server);
      CHECK(outcome.first_traffic.to_client == length.to_client);
    }));
  }
}

TEST_CASE("a connection cut at any byte is told, accounted for and made anew") {
  run_everywhere({Fault::cut});
}

TEST_CASE("a connection reset at any byte is told, accounted for and made anew") {
  run_everywhere({Fault::reset});
}

TEST_CASE("a stream that ends at any byte of one way is told, accounted for and made anew") {
  run_everywhere({Fault::half_close});
}

TEST_CASE("bytes that come late from any byte on do no harm") {
  run_everywhere({Fault::delay, 0, std::chrono::milliseconds(2)});
}

TEST_CASE("bytes that come one by one do no harm, wherever that begins") {
  // From the first byte on, and from places that lie everywhere in the frames.
  run_everywhere({Fault::dribble}, 7);
}

TEST_CASE("a connection that goes silent at any byte is noticed, accounted for and made anew") {
  Ground ground;
  if (skip_without(ground.sessions)) return;
  // In terms of this machine, as it is now.
  const auto longest =
      std::max(ground.untouched(Goodbye::ours).took, ground.untouched(Goodbye::the_servers).took);
  ground.sessions.notice_silence_within(std::max(longest, std::chrono::milliseconds(30)));
  // Noticing takes its time: one goodbye has the even bytes, the other one the odd ones. Up to the
  // goodbye the sessions are the same.
  for (const Goodbye goodbye : both_goodbyes) {
    const std::size_t first = goodbye == Goodbye::ours ? 0 : 1;
    run(ground.sessions, everywhere(goodbye, {Fault::stall}, ground.untouched(goodbye), first, 2));
  }
}

TEST_CASE(
    "a TLS connection cut or reset between and within its records is told and accounted for") {
  SmallSessions sessions(at_once, &support::certificates().valid());
  if (skip_without(sessions)) return;
  const Untouched length = measure(sessions, Goodbye::the_servers);
  MESSAGE(length.to_server, " bytes to the server, ", length.to_client, " to the client");
  for (const Fault fault : {Fault::cut, Fault::reset}) {
    // A few bytes less: signatures are not always of one length.
    const Untouched shortest{length.to_server - 40, length.to_client - 40, length.took};
    run(sessions, everywhere(Goodbye::the_servers, {fault}, shortest, 0, 23));
  }
}

TEST_SUITE_END();
