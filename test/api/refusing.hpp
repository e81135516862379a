// Apps and servers for tests that refuse a run, one after the other, each thing that it asks memory for.
#pragma once

#include <atomic>
#include <string_view>
#include <websocket/websocket.hpp>

#include "support/raw_server.hpp"

namespace api_test {

/// Does not fit into a string's own bytes.
inline constexpr std::string_view long_reason =
    "a reason that is longer than what fits into a string itself";

/// Says "Hello", compressed where the client offers that, and answers its Close.
void say_hello(support::RawConnection& connection);
/// Says "Hello", and nothing any more.
void say_hello_and_wait(support::RawConnection& connection);

/// The loop's thread, when it asks for headers for the first time, begins to count to what it is refused.
websocket::ConnectOptions refusing(int which);

/// How often the app said that a run is over. It outlives that.
class Ends {
 public:
  explicit Ends(websocket::WebSocketApp& app) {
    app.on_close = [this](websocket::WebSocketApp&, const websocket::CloseInfo& info) {
      if (!info.will_reconnect) ++count_;
    };
  }
  int count() const { return count_; }

 private:
  std::atomic<int> count_{0};
};

}  // namespace api_test
