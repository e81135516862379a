// Who runs a Run in the tests, and keeps all that is told as words.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "engine/run.hpp"
#include "engine/server.hpp"
#include "engine/user.hpp"

namespace engine_test {

inline std::string state_word(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::connecting:
      return "connecting";
    case State::open:
      return "open";
    case State::closing:
      return "closing";
    case State::waiting:
      return "waiting";
    case State::closed:
      return "closed";
  }
  return "?";
}

class Runner final : public engine::Run::Listener {
 public:
  explicit Runner(FakeLoop& loop, RunOptions given = {}, std::string to = "ws://example.com/")
      : url(std::move(to)),
        options(std::move(given)),
        run(loop, keys, trace, url, connect_options, options, *this) {}

  const std::string url;

  ConnectOptions connect_options;
  RunOptions options;
  protocol::MaskKeys keys = protocol_test::different_keys();
  Lines trace;
  // Called for every word, before it is kept.
  std::function<void(const std::string&)> on_word;

  Events told;        // what handlers would see
  Events states;      // in order, without repeats; closing is left to the app to tell
  int last_ends = 0;  // how often will_reconnect was false
  engine::Run run;

  void start() { run.start(); }
  Events take_told() { return std::exchange(told, {}); }

  void state_changed(State state) override {
    const std::string word = state_word(state);
    if (state != State::closing && (states.empty() || states.back() != word))
      states.push_back(word);
    if (on_word) on_word("state " + word);
  }
  void opened(bool first) override { note(first ? "open" : "reconnect"); }
  void received(const protocol::MessageReceived& message) override { note_event(message); }
  void received(const protocol::FragmentReceived& fragment) override { note_event(fragment); }
  void received(const protocol::PingReceived& ping) override { note_event(ping); }
  void received(const protocol::PongReceived& pong) override { note_event(pong); }
  void turn_begins() override {}
  void turn_ends() override {}
  void failed(const Error& error) override {
    note("error " + std::to_string(error.attempt) + (error.will_reconnect ? " again" : "") + ": " +
         error.code.message());
  }
  void closed(CloseInfo info) override {
    if (!info.will_reconnect) {
      ++last_ends;
      CHECK(states.back() == "closed");
      CHECK(run.over());
    }
    note(protocol_test::close_word(info) + (info.will_reconnect ? " again" : ""));
  }
  void has_room() override {
    if (on_word) on_word("room");
  }
  void rests() override {}
  void has_left(std::size_t) override {
    if (on_word) on_word("left");
  }

 private:
  void note_event(const protocol::Event& event) { note(protocol_test::event_word(event)); }
  void note(std::string word) {
    CHECK(last_ends <= 1);
    told.push_back(word);
    if (on_word) on_word(word);
  }
};

inline RunOptions reconnecting(Duration initial = Duration(500), int max_attempts = 0) {
  RunOptions options;
  options.reconnect =
      ReconnectPolicy{.initial_delay = initial, .jitter = false, .max_attempts = max_attempts};
  return options;
}

inline const base::Failure refused_failure{Errc::connection_refused, "refused", {}};
inline std::string error_word(int attempt, bool again, Errc code) {
  return "error " + std::to_string(attempt) + (again ? " again" : "") + because(code);
}

}  // namespace engine_test
