// 200 apps for a while, with random faults: every message is accounted for, nothing leaks, nothing
// hangs. WEBSOCKETAPP_SOAK_SECONDS makes it long, WEBSOCKETAPP_SOAK_SEED repeats its choices.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "process_figures.hpp"
#include "recording_server.hpp"
#include "soak_caller.hpp"
#include "support/tally.hpp"

using faults::Attempt;
using faults::Figures;
using faults::SoakCaller;
using faults::Told;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t apps = 200;
constexpr std::size_t apps_with_threads = 8;  // of their own; the others share an EventLoop
constexpr milliseconds between_looks(100);
constexpr std::size_t opened_once = 4;  // descriptors of the process, with the first app

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* value = std::getenv(variable);
  return value && *value ? static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10)) : otherwise;
}

// Means over a part of the time: what is open at one moment is random.
struct Mean {
  double threads = 0;
  double descriptors = 0;
  double memory = 0;
};

Mean mean(const std::vector<Figures>& figures, std::size_t from, std::size_t to) {
  Mean result;
  const auto count = static_cast<double>(to - from);
  for (std::size_t i = from; i < to; ++i) {
    result.threads += static_cast<double>(figures[i].threads) / count;
    result.descriptors += static_cast<double>(figures[i].descriptors) / count;
    result.memory += static_cast<double>(figures[i].memory) / count;
  }
  return result;
}

class Soak {
 public:
  explicit Soak(std::uint32_t seed) {
    if (!missing().empty()) return;
    proxy_.emplace(server_.port());
    loop_.start();
    for (std::size_t i = 0; i < apps; ++i) {
      websocket::EventLoop* const loop = i < apps_with_threads ? nullptr : &loop_;
      callers_.push_back(
          std::make_unique<SoakCaller>(i, seed, loop, *proxy_, fault_counts_, told_));
    }
  }
  ~Soak() {
    for (const auto& caller : callers_) caller->end();
    proxy_.reset();  // its thread asks the callers
  }
  const std::string& missing() const { return server_.missing(); }

  void run(std::chrono::seconds time);
  void close_all();
  void destroy_all();
  void check_figures() const;
  void tell() const;

 private:
  void watch();
  void take(Told told);
  void judge_those_on_record();
  void judge(const Attempt& attempt, std::optional<std::size_t> got);
  bool everybody_was_heard() const { return heard_ == apps; }
  void tell_who_was_not_heard() const;

  faults::RecordingServer server_;
  support::Mailbox<Told> told_;
  faults::FaultCounts fault_counts_{};
  std::vector<std::unique_ptr<SoakCaller>> callers_;
  std::optional<faults::FaultProxy> proxy_;
  websocket::EventLoop loop_;

  // This thread's:
  Figures before_;
  std::vector<Figures> looks_;
  std::vector<bool> was_heard_ = std::vector<bool>(apps);
  std::size_t heard_ = 0;
  std::size_t runs_over_ = 0;
  std::vector<Attempt> not_judged_;
  std::size_t attempts_ = 0;
  std::size_t connections_ = 0;
  std::size_t queued_ = 0;
  std::size_t got_ = 0;
  std::size_t echoed_ = 0;
  std::size_t unsent_ = 0;
  std::size_t unconfirmed_ = 0;
};

void Soak::run(std::chrono::seconds time) {
  before_ = faults::figures_now();
  for (const auto& caller : callers_) caller->start();
  const support::Deadline patience(time + support::default_deadline);
  while (!everybody_was_heard()) {
    if (patience.over()) return tell_who_was_not_heard();
    watch();
  }
  // What they take until all of them are under way, which may be late, says nothing of what piles up.
  looks_.clear();
  const support::Deadline end(time);
  while (!end.over()) watch();
}

void Soak::watch() {
  const support::Deadline next_look(between_looks);
  while (!next_look.over()) {
    if (auto told = told_.pop(milliseconds(next_look.left()))) take(std::move(*told));
  }
  judge_those_on_record();
  looks_.push_back(faults::figures_now());
}

void Soak::tell_who_was_not_heard() const {
  for (std::size_t app = 0; app < apps; ++app) {
    if (was_heard_[app]) continue;
    FAIL_CHECK("app ", app, " got no echo all the time, and is ", callers_[app]->state());
  }
}

// All ends are told within a bound, whatever each is going through.
void Soak::close_all() {
  for (const auto& caller : callers_) caller->close();
  const support::Deadline bound(support::default_deadline);
  while (runs_over_ < apps) {
    auto told = told_.pop(milliseconds(bound.left()));
    REQUIRE(told.has_value());
    take(std::move(*told));
  }
  for (const Attempt& attempt : not_judged_) judge(attempt, server_.got(attempt.name));
  not_judged_.clear();
}

void Soak::take(Told told) {
  if (told.run_is_over) ++runs_over_;
  if (told.attempt.echoed > 0 && !was_heard_[told.app]) {
    was_heard_[told.app] = true;
    ++heard_;
  }
  ++attempts_;
  if (told.attempt.opened == 0) return judge(told.attempt, std::nullopt);
  ++connections_;
  not_judged_.push_back(std::move(told.attempt));
}

// The server may take longer than the app to notice that a connection has ended.
void Soak::judge_those_on_record() {
  std::erase_if(not_judged_, [this](const Attempt& attempt) {
    const auto got = server_.got(attempt.name, milliseconds(0));
    if (got) judge(attempt, got);
    return got.has_value();
  });
}

void Soak::judge(const Attempt& attempt, std::optional<std::size_t> got) {
  for (const std::string& finding : faults::judge(attempt, got)) {
    FAIL_CHECK(finding, "\n  ", faults::describe(attempt), ", the server got ",
               (got ? std::to_string(*got) : "?"));
  }
  queued_ += attempt.queued;
  echoed_ += attempt.echoed;
  got_ += got.value_or(0);
  unsent_ += attempt.info.unsent_messages;
  unconfirmed_ += attempt.info.unconfirmed_messages;
}

// What the apps took is given back, and the proxy has no connection any longer.
void Soak::destroy_all() {
  for (const auto& caller : callers_) caller->end();
  const support::Deadline deadline(support::default_deadline);
  const std::size_t descriptors = before_.descriptors + opened_once;
  while (faults::figures_now().descriptors > descriptors && !deadline.over()) {
    std::this_thread::yield();
  }
  const Figures after = faults::figures_now();
  CHECK(after.descriptors <= descriptors);
  CHECK(after.threads <= before_.threads);
  CHECK(after.memory < before_.memory + (2U << 20U));
  CHECK(server_.complaints().empty());
  MESSAGE("before and after: threads ", before_.threads, " and ", after.threads, ", descriptors ",
          before_.descriptors, " and ", after.descriptors, ", bytes ", before_.memory, " and ",
          after.memory);
}

void Soak::check_figures() const {
  const std::size_t count = looks_.size();
  REQUIRE(count > 12);
  const Mean early = mean(looks_, count / 6, count / 3);
  const Mean late = mean(looks_, 2 * count / 3, count);
  CHECK(late.threads <= early.threads + 1);
  CHECK(late.descriptors <= early.descriptors * 1.1 + 20);
  CHECK(late.memory <= early.memory * 1.1 + (4U << 20U));
  MESSAGE("means within the first and in the last third: threads ", early.threads, " and ",
          late.threads, ", descriptors ", early.descriptors, " and ", late.descriptors, ", bytes ",
          early.memory, " and ", late.memory);
}

void Soak::tell() const {
  MESSAGE(attempts_, " attempts, ", connections_, " connections, ", queued_, " messages queued, ",
          got_, " got by the server, ", echoed_, " echoed, ", unsent_, " unsent, ", unconfirmed_,
          " unconfirmed");
  for (const faults::Fault fault : faults::all_faults) {
    const std::size_t count = fault_counts_[static_cast<std::size_t>(fault)].load();
    if (count > 0) MESSAGE(std::string(faults::name_of(fault)), ": ", count);
  }
}

}  // namespace

TEST_SUITE_BEGIN("a soak");

TEST_CASE("200 apps with random faults: every message is accounted for, and nothing piles up") {
  const std::uint32_t seed = number_from("WEBSOCKETAPP_SOAK_SEED", std::random_device()());
  const std::chrono::seconds time(number_from("WEBSOCKETAPP_SOAK_SECONDS", 8));
  MESSAGE("WEBSOCKETAPP_SOAK_SEED=", seed);
  Soak soak(seed);
  if (!soak.missing().empty()) return support::skip(soak.missing());
  soak.run(time);
  soak.close_all();
  soak.tell();
  soak.check_figures();
  soak.destroy_all();
}

TEST_SUITE_END();
