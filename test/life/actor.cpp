#include "life/actor.hpp"

#include <stdexcept>
#include <utility>

#include "life/story.hpp"

namespace life {

using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::SendResult;
using websocket::WebSocketApp;

Actor::Actor(std::string name, std::string url, std::shared_ptr<Runner> runner, Dice& dice)
    : name_(std::move(name)), url_(std::move(url)), runner_(std::move(runner)), dice_(dice) {}

Actor::~Actor() { app_.reset(); }

websocket::RunOptions Actor::run_options() const {
  return runner_->options(
      {.ping_interval = std::chrono::milliseconds(20),
       .reconnect = websocket::ReconnectPolicy{.initial_delay = std::chrono::milliseconds(1),
                                               .max_delay = std::chrono::milliseconds(50)}});
}

// ---- the program's threads

void Actor::do_something() {
  const unsigned choice = dice_.roll(100);
  if (choice < 1) return destroy();
  {
    const std::shared_lock lock(mutex_);
    if (app_) return use(*app_, *life_);
  }
  create();
}

void Actor::create() {
  const std::unique_lock lock(mutex_);
  if (app_) return;
  const auto life = std::make_shared<Life>(name_ + '.' + std::to_string(lives_.size()),
                                           runner_->options({}).dispatcher != nullptr);
  lives_.push_back(life);
  life_ = life;
  app_ = runner_->make_app(
      url_, {.timeout = std::chrono::seconds(1), .close_timeout = std::chrono::milliseconds(50)});
  life->probe.attach(*app_);
  add_mischief(*app_, life);
}

void Actor::destroy() {
  const std::unique_lock lock(mutex_);
  if (!app_) return;
  app_.reset();
  life_->destroyed = true;
}

void Actor::use(WebSocketApp& app, Life& life) {
  constexpr std::chrono::milliseconds a_moment(1);
  switch (dice_.roll(30)) {
    case 0:
      return app.close();
    case 1:
      return app.close(4001, "enough");
    case 2:
    case 24:
    case 25:
    case 26:
    case 27:
      static_cast<void>(app.wait_for(a_moment));  // so that something can happen meanwhile
      return;
    case 3:
      static_cast<void>(app.ping(life.name));
      return;
    case 4:
      return app.reconnect_now();
    case 5:
      app.on_drain = [](WebSocketApp&) {};
      app.on_data = nullptr;
      return;
    case 6:
      static_cast<void>(app.response().headers.size() + app.buffered_amount());
      static_cast<void>(app.remote_address() + app.extensions() + app.subprotocol());
      static_cast<void>(app.latency());
      static_cast<void>(app.state());
      return;
    case 7:
      if (app.send_bytes_wait(life.name + std::string(100'000, ' '), a_moment) ==
          SendResult::queued) {
        ++life.queued;
      }
      return;
    case 8:
    case 9:
    case 10:
    case 11:
      return start(app, life);
    default:
      return send(app, life);
  }
}

void Actor::start(WebSocketApp& app, Life& life) {
  try {
    app.start(run_options());
    ++life.runs;
  } catch (const std::logic_error&) {
    // It is running.
  }
}

void Actor::send(WebSocketApp& app, Life& life) {
  if (app.send(life.name + " x") == SendResult::queued) ++life.queued;
}

// ---- the app's handlers

void Actor::add_mischief(WebSocketApp& app, const std::shared_ptr<Life>& life) {
  const auto mischief = [this, life](WebSocketApp& self) {
    if (life->destroyed) ++life->too_late;
    misbehave(self, *life);
  };
  app.on_open = [mischief, before = app.on_open.current()](WebSocketApp& self) {
    (*before)(self);
    mischief(self);
  };
  app.on_message = [mischief, before = app.on_message.current()](WebSocketApp& self,
                                                                 const Message& message) {
    (*before)(self, message);
    mischief(self);
  };
  app.on_error = [mischief, before = app.on_error.current()](WebSocketApp& self,
                                                             const Error& error) {
    (*before)(self, error);
    mischief(self);
  };
  app.on_close = [mischief, before = app.on_close.current()](WebSocketApp& self,
                                                             const CloseInfo& info) {
    (*before)(self, info);
    mischief(self);
  };
}

void Actor::misbehave(WebSocketApp& app, Life& life) {
  struct UnderWay {
    std::atomic<int>& count;
    explicit UnderWay(std::atomic<int>& counted) : count(counted) { ++count; }
    ~UnderWay() { --count; }
  };
  const UnderWay under_way(mischiefs_);
  if (!calm_) do_mischief(app, life);
}

void Actor::do_mischief(WebSocketApp& app, Life& life) {
  switch (dice_.roll(40)) {
    case 0:
      return app.close();
    case 1:
      return start(app, life);
    case 2: {
      // Another thread may be at work with it.
      const std::unique_lock lock(mutex_, std::try_to_lock);
      if (!lock || app_.get() != &app) return;
      app_.reset();
      life.destroyed = true;
      return;
    }
    case 3:
      throw std::runtime_error("mischief");
    case 4:
      throw 42;
    case 5:
      static_cast<void>(app.wait_for(std::chrono::hours(1)));
      return;
    case 6:
      return app.reconnect_now();
    case 7:
    case 8:
    case 9:
    case 10:
      return send(app, life);
    default:
      return;
  }
}

// ---- the end

bool Actor::end() {
  calm_ = true;
  if (!api_test::comes_true([this] { return mischiefs_ == 0; })) return false;
  if (!app_) return true;
  app_->close();
  const auto told = [this] {
    std::size_t last = 0;
    for (const std::string& event : life_->probe.events()) {
      last += event.starts_with("close") && !event.ends_with("again") ? 1 : 0;
    }
    return last >= life_->runs;
  };
  return app_->wait_for(support::default_deadline) && api_test::comes_true(told);
}

std::string what_is_wrong_with(Life& life, std::size_t received) {
  if (life.too_late > 0) return "a handler ran after the destructor";
  const auto events = life.probe.events();
  const std::string story =
      life.destroyed ? what_is_wrong_with_destroyed(events, life.runs, life.with_dispatcher)
                     : what_is_wrong_with(events, life.runs);
  if (!story.empty()) return story;
  std::size_t unsent = 0;
  std::size_t unconfirmed = 0;
  while (!life.probe.closes.empty()) {
    const auto info = life.probe.closes.pop();
    unsent += info->unsent_messages;
    unconfirmed += info->unconfirmed_messages;
  }
  const std::string counts = std::to_string(life.queued) + " queued, " + std::to_string(received) +
                             " received, " + std::to_string(unsent) + " unsent, " +
                             std::to_string(unconfirmed) + " unconfirmed";
  if (received + unsent > life.queued) return "more than there were: " + counts;
  // What a destroyed app had on its way is told to nobody.
  if (life.destroyed || received + unsent + unconfirmed >= life.queued) return {};
  return "lost silently: " + counts;
}

}  // namespace life
