// Who holds a session in the tests: pulls its events and keeps them as words; and a trace that is
// looked at.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/trace_sink.hpp"
#include "engine/session.hpp"
#include "protocol/connected.hpp"

namespace engine_test {

using namespace websocket;
using protocol_test::because;
using protocol_test::Events;
using protocol_test::joined;
using protocol_test::shown;

class Lines final : public base::TraceSink {
 public:
  bool on = false;
  std::vector<std::string> lines;

  bool enabled() const noexcept override { return on; }
  void line(std::string_view text) override {
    CHECK(on);
    lines.emplace_back(text);
  }
  bool has(std::string_view part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
};

inline std::string end_word(const engine::Session::Result& result) {
  return protocol_test::close_word(result.info) +
         (result.error ? ": " + result.error->code.message() : "");
}

class User final : public engine::Session::Owner {
 public:
  explicit User(net::Loop& loop, std::string url = "ws://example.com/", ConnectOptions given = {})
      : options(std::move(given)), loop_(loop), url_(std::move(url)) {}
  ~User() {
    if (session) session->abandon();
  }

  ConnectOptions options;
  Duration ping_interval{0};
  Duration ping_timeout{0};
  protocol::MaskKeys keys = protocol_test::different_keys();
  Lines trace;

  bool lazy = false;  // pulls when the test says so
  bool abandoned = false;
  std::function<void(const std::string&)> on_event;
  std::function<void()> on_room;
  std::function<void(std::size_t)> on_left;

  std::shared_ptr<engine::Session> session;
  Events told;
  int ends = 0;
  int rests = 0;

  void start() {
    engine::Session::Owner& owner = *this;
    session =
        std::make_shared<engine::Session>(loop_,
                                          engine::SessionSettings{.url = url_,
                                                                  .options = options,
                                                                  .ping_interval = ping_interval,
                                                                  .ping_timeout = ping_timeout,
                                                                  .ping_payload = "life?",
                                                                  .keys = keys,
                                                                  .trace = trace},
                                          owner);
    session->start();
  }
  std::optional<protocol::Event> next() {
    protocol::MessageReceived message{};
    if (session->next_plain_message(message)) return message;
    return session->next_event();
  }
  bool pull_one() {
    const auto event = next();
    if (!event) return false;
    const bool is_end = std::holds_alternative<protocol::Closed>(*event);
    std::string word = is_end ? end_word(session->result()) : protocol_test::event_word(*event);
    ends += is_end ? 1 : 0;
    told.push_back(word);
    if (on_event) on_event(word);
    return true;
  }
  void pull() {
    while (!abandoned && pull_one()) {
    }
  }
  void abandon() {
    abandoned = true;
    session->abandon();
  }
  void send(std::string_view text) {
    CHECK(session->send(Opcode::text, text));
    session->flush();
  }
  Events take_told() { return std::exchange(told, {}); }
  bool ended() const { return ends > 0; }
  const Error& error() const {
    REQUIRE(session->result().error);
    return *session->result().error;
  }

  void session_has_events() override {
    if (!lazy) pull();
  }
  void session_has_room() override {
    if (on_room) on_room();
  }
  void session_has_left(std::size_t unsent) override {
    if (on_left) on_left(unsent);
  }
  void session_rests() override { ++rests; }

 private:
  net::Loop& loop_;
  const std::string url_;
};

}  // namespace engine_test
