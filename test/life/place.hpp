// The handlers of an app as places to do something in, and the servers that bring it there.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "api/probe.hpp"
#include "life/ground.hpp"
#include "support/raw_server.hpp"

namespace life {

using Act = std::function<void(websocket::WebSocketApp&)>;

/// What happens to the app before and after.
enum class Course : std::uint8_t {
  eventful,  ///< every kind of frame; the connection is lost; again, and the server closes
  draining,  ///< more is sent than fits, then the server reads
  talks_on,  ///< the app closes, and the server has something to say before it answers
  violated   ///< the server breaks the rules; no other attempt follows
};

struct Place {
  const char* name;
  websocket::State state;  ///< what state() says there, without a dispatcher
  Course course;
  void (*set)(websocket::WebSocketApp&, const Act&);  ///< keeps the handler that is there
};
/// on_open, on_message, ... and those that come in more than one state.
std::span<const Place> places();

/// An app whose handler at that place does something, once.
class Visit {
 public:
  Visit(const Place& place, Ground ground, Act act);
  ~Visit();
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void start();
  /// Whether it was done.
  [[nodiscard]] bool done() { return done_.wait(); }
  /// Whether that many runs have told their end.
  [[nodiscard]] bool ends(std::size_t runs);
  websocket::WebSocketApp& app() { return *app_; }
  /// Also in the handler.
  void destroy_app() { app_.reset(); }
  websocket::RunOptions run_options() const;
  /// Another app, on the same EventLoop where there is one.
  std::unique_ptr<websocket::WebSocketApp> make_neighbour(const std::string& url) {
    return runner_.make_app(url, {});
  }

  api_test::Probe probe;

 private:
  const Place place_;
  Act act_;
  support::Event done_;
  std::atomic<bool> begun_{false};
  support::RawServer server_;
  Runner runner_;
  std::unique_ptr<websocket::WebSocketApp> app_;
};

}  // namespace life
