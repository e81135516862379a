#include "small_session.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "support/certificates.hpp"

namespace faults {
namespace {

// Sizes that need one and three bytes of length, and one that is compressed; number 3 comes back in
// fragments, number 4 goes out in pieces.
std::string words_of(std::size_t number) {
  switch (number) {
    case 0:
      return "Grüße";
    case 2:
      return std::string(140, 'm');
    case 3:
      return "to be compressed: " + std::string(300, 'c');
    case 4:
      return "in pieces";
    default:
      return "to be echoed";
  }
}

// Of one length, so that all sessions have as many bytes.
std::string name_of_step(std::size_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "%07zu", number % 10'000'000);
  return text;
}

std::string describe(const Way& way) {
  return std::string(name_of(way.fault)) + " after " + std::to_string(way.after);
}

}  // namespace

std::string describe(const Step& step) {
  std::string text = step.goodbye == Goodbye::ours ? "we say goodbye" : "the server says goodbye";
  if (step.plan.to_server.fault != Fault::none) {
    text += ", to the server: " + describe(step.plan.to_server);
  }
  if (step.plan.to_client.fault != Fault::none) {
    text += ", to the client: " + describe(step.plan.to_client);
  }
  return text;
}

SmallSessions::SmallSessions(std::size_t at_once, const support::Certificate* tls)
    : tls_(tls), server_(tls) {
  if (!missing().empty()) return;
  proxy_.emplace(server_.port());
  for (std::size_t i = 0; i < at_once; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    open_entrance(*slots_.back());
  }
  loop_.start();
}

SmallSessions::~SmallSessions() {
  for (const auto& slot : slots_) slot->caller.reset();
  proxy_.reset();  // its thread looks at the slots
}

void SmallSessions::open_entrance(Slot& slot) {
  slot.port =
      proxy_->listen({.plan =
                          [&slot] {
                            const std::lock_guard lock(slot.mutex);
                            return std::exchange(slot.next_plan, std::nullopt).value_or(Plan{});
                          },
                      .over =
                          [&slot](const Plan& plan, const Traffic& traffic) {
                            if (plan.id == 1) slot.traffic.push(traffic);
                          }});
}

bool SmallSessions::run(const std::vector<Step>& steps,
                        const std::function<void(const Outcome&)>& look) {
  auto next = steps.begin();
  std::size_t running = 0;
  for (const auto& slot : slots_) {
    if (next == steps.end()) break;
    begin(*slot, *next++);
    ++running;
  }
  while (running > 0) {
    const auto slot = finished_.pop(3 * support::default_deadline);
    if (!slot || !finish(**slot)) return false;
    look((*slot)->outcome);
    if (next != steps.end()) {
      begin(**slot, *next++);
    } else {
      --running;
    }
  }
  return true;
}

void SmallSessions::begin(Slot& slot, const Step& step) {
  slot.outcome = {};
  slot.outcome.step = step;
  {
    const std::lock_guard lock(slot.mutex);
    slot.next_plan = step.plan;
    slot.next_plan->id = 1;
  }
  const std::string url = std::string(tls_ ? "wss" : "ws") + "://127.0.0.1:";
  slot.caller = std::make_unique<Caller>(&loop_, url + std::to_string(slot.port), connect_options(),
                                         name_of_step(steps_begun_++), script(slot, step.goodbye));
  slot.began = std::chrono::steady_clock::now();
  slot.caller->start(run_options());
}

Caller::Script SmallSessions::script(Slot& slot, Goodbye goodbye) {
  return {
      .opened =
          [](Caller& caller) {
            for (int i = 0; i < 2; ++i) caller.say();
            caller.ask();
            caller.say();  // of which the pong says nothing
          },
      .echoed =
          [goodbye](Caller& caller, std::size_t count) {
            if (count < messages) return;
            if (goodbye == Goodbye::the_servers && caller.attempt_number() == 1) {
              caller.say_bye();
            } else {
              caller.hang_up();
            }
          },
      .ponged =
          [](Caller& caller) {
            if (caller.attempt().queued == 3 && caller.say()) caller.say_in_pieces();
          },
      .told =
          [this, &slot](Attempt&& attempt, bool over) {
            slot.outcome.attempts.push_back(std::move(attempt));
            if (over) finished_.push(&slot);
          },
      .words = words_of,
  };
}

// Waits for what the others know.
bool SmallSessions::finish(Slot& slot) {
  Outcome& outcome = slot.outcome;
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - slot.began);
  slot.caller->app().wait();
  slot.caller.reset();
  const auto traffic = slot.traffic.pop();
  if (!traffic) return false;
  outcome.first_traffic = *traffic;
  for (const Attempt& attempt : outcome.attempts) {
    outcome.got.push_back(attempt.opened > 0 ? server_.got(attempt.name) : std::nullopt);
  }
  return true;
}

websocket::ConnectOptions SmallSessions::connect_options() const {
  websocket::ConnectOptions options;
  if (tls_) options.tls.ca_file = support::certificates().authority();
  options.close_timeout = std::chrono::seconds(10);
  if (silence_.count() > 0) {
    options.timeout = 4 * silence_;
    options.close_timeout = 4 * silence_;
  }
  return options;
}

websocket::RunOptions SmallSessions::run_options() const {
  return {.ping_interval = silence_,
          .ping_timeout = 2 * silence_,
          .reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::milliseconds(1),
                                                  .max_delay = std::chrono::milliseconds(20),
                                                  .jitter = false}};
}

}  // namespace faults
