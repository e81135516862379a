// What the tests of the public API share: an app's handlers written down in order, a guard against
// hanging, and both faces asked for the way in which a connection failed.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <websocket/websocket.hpp>

#include "support/descriptor.hpp"
#include "support/event.hpp"
#include "support/raw_server.hpp"

namespace api_test {

/// Writes down what an app tells. It outlives the app.
class Probe {
 public:
  /// Assigns every handler but on_data and on_cont_message.
  void attach(websocket::WebSocketApp& app);

  /// "open", "reconnect", "message hello", "ping x", "pong x", "drain", "error closed",
  /// "error refused again", "close 1000", "close 1006 again"; "again" is will_reconnect.
  std::vector<std::string> events() const;
  std::size_t count(std::string_view beginning) const;
  void add(std::string event);
  /// "error timeout" and so on, as `attach` writes it.
  static std::string words(const websocket::Error& error);
  static std::string words(const websocket::CloseInfo& info);

  support::Event opened;
  support::Event ended;  ///< the last on_close
  support::Mailbox<websocket::ReceivedMessage> messages;
  support::Mailbox<websocket::Error> errors;
  support::Mailbox<websocket::CloseInfo> closes;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> events_;
};

/// Ends the test program with a sentence when it is not gone in time: what hangs can't be undone.
class Watchdog {
 public:
  explicit Watchdog(std::string what);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  support::Event over_;
  std::thread thread_;
};

/// Gives the processor away until it is so; false when it is not so in time.
[[nodiscard]] bool comes_true(const std::function<bool()>& condition);

/// How a connection failed, or that it did not.
struct Outcome {
  std::vector<websocket::Error> errors;
  websocket::CloseInfo info;         ///< the last on_close's, or the exception's where it has one
  std::string exception{};           ///< the class that the synchronous face threw
  std::vector<std::string> texts{};  ///< what was received before
  bool returned = false;             ///< what run_forever returned
};

enum class Face { app, client };
inline constexpr Face both_faces[] = {Face::app, Face::client};
const char* name_of(Face face);

/// Connects and receives until it has ended.
Outcome talk(Face face, const std::string& url, const websocket::ConnectOptions& options);

/// A port of 127.0.0.1 that refuses connections: taken, and nobody listens.
class RefusingPort {
 public:
  RefusingPort();
  std::uint16_t port() const { return port_; }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }
  /// From now on connections wait in a queue that is full: they are neither refused nor answered.
  void stay_silent();

 private:
  support::Descriptor socket_;
  std::vector<support::Descriptor> queue_;
  std::uint16_t port_ = 0;
};

/// Options with a small close_timeout.
websocket::ConnectOptions quick();

}  // namespace api_test

/// So that a failing comparison shows what was told.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static doctest::String convert(const std::vector<std::string>& texts) {
    std::string shown;
    for (const std::string& text : texts) shown += (shown.empty() ? "" : " | ") + text;
    return shown.c_str();
  }
};
