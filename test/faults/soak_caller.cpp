#include "soak_caller.hpp"

#include <utility>

namespace faults {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t window = 8;      // messages on their way at the same time
constexpr std::size_t ping_each = 10;  // messages
constexpr std::size_t big_message = 60'000;
constexpr milliseconds stall(3500);  // longer than an app waits

std::size_t random(std::mt19937& engine, std::size_t from, std::size_t to) {
  return std::uniform_int_distribution<std::size_t>(from, to)(engine);
}

// Half of all connections are left alone.
Fault random_fault(std::mt19937& engine) {
  static constexpr Fault faults[] = {Fault::cut,        Fault::cut,   Fault::reset, Fault::reset,
                                     Fault::half_close, Fault::stall, Fault::delay, Fault::dribble};
  const std::size_t number = random(engine, 0, 2 * std::size(faults) - 1);
  return number < std::size(faults) ? faults[number] : Fault::none;
}

std::string words_of(std::size_t number, std::size_t most) {
  const std::size_t size = number % 5 == 4 ? most : number * 97 % 300;
  return std::string(size, static_cast<char>('a' + number % 26));
}

}  // namespace

SoakCaller::SoakCaller(std::size_t number, std::uint32_t seed, websocket::EventLoop* loop,
                       FaultProxy& proxy, FaultCounts& counts, support::Mailbox<Told>& told)
    : number_(number),
      is_big_(number % 20 == 7),
      plans_(seed + 2 * static_cast<std::uint32_t>(number)),
      sessions_(seed + 2 * static_cast<std::uint32_t>(number) + 1) {
  const std::uint16_t port =
      proxy.listen({.plan = [this] { return next_plan(); },
                    .over =
                        [&counts](const Plan& plan, const Traffic& traffic) {
                          if (!traffic.fault_came) return;
                          const bool is_there = plan.to_server.fault != Fault::none;
                          const Fault fault =
                              is_there ? plan.to_server.fault : plan.to_client.fault;
                          ++counts[static_cast<std::size_t>(fault)];
                        },
                    .receive_buffer_size = is_big_ ? 16384 : 0});
  websocket::ConnectOptions options;
  options.timeout = milliseconds(3000);
  options.close_timeout = milliseconds(1500);
  options.compression.enabled = number % 2 == 0 && !is_big_;
  if (is_big_) options.socket.send_buffer_size = 16384;
  caller_ = std::make_unique<Caller>(loop, "ws://127.0.0.1:" + std::to_string(port) + "/", options,
                                     std::to_string(number), script(told));
}

void SoakCaller::start() {
  caller_->start({.ping_interval = milliseconds(500),
                  .ping_timeout = milliseconds(1500),
                  .reconnect = websocket::ReconnectPolicy{.initial_delay = milliseconds(1),
                                                          .max_delay = milliseconds(100)}});
}

// ---- what happens to its connections

Plan SoakCaller::next_plan() {
  Plan plan;
  Way& way = random(plans_, 0, 1) == 0 ? plan.to_server : plan.to_client;
  way = random_way();
  return plan;
}

Way SoakCaller::random_way() {
  Way way;
  way.fault = random_fault(plans_);
  // Many within the handshake and the first messages.
  const std::size_t most = random(plans_, 0, 2) == 0 ? 600 : is_big_ ? 400'000 : 15'000;
  way.after = random(plans_, 0, most);
  way.hold = way.fault == Fault::stall ? stall : milliseconds(random(plans_, 1, 200));
  return way;
}

// ---- what it says

Caller::Script SoakCaller::script(support::Mailbox<Told>& told) {
  return {
      .opened = [this](Caller& caller) { begin_session(caller); },
      .echoed = [this](Caller& caller, std::size_t count) { go_on(caller, count); },
      .told =
          [this, &told](Attempt&& attempt, bool over) {
            told.push({number_, std::move(attempt), over});
          },
      .words = [most = is_big_ ? big_message : std::size_t{1500}](
                   std::size_t number) { return words_of(number, most); },
  };
}

void SoakCaller::begin_session(Caller& caller) {
  messages_ = random(sessions_, 1, 60);
  for (std::size_t i = 0; i < window && i < messages_; ++i) caller.say();
}

void SoakCaller::go_on(Caller& caller, std::size_t echoed) {
  if (caller.attempt().queued < messages_) caller.say();
  if (echoed % ping_each == 0) caller.ask();
  if (echoed == messages_) caller.say_bye();
}

}  // namespace faults
