// An app that talks with the recording server, and writes down what it was told of each attempt to
// connect.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/websocket.hpp>

namespace faults {

/// One attempt to connect, and the connection if it opened.
struct Attempt {
  std::string name;  ///< what the server's record calls it
  int opened = 0;    ///< how often on_open or on_reconnect, on_error and on_close came
  int errors = 0;
  int closes = 0;
  bool ends_the_run = false;  ///< an on_close without will_reconnect came
  bool out_of_order = false;  ///< something came where it must not
  bool hung_up = false;       ///< close() was called
  bool error_reconnects = false;
  websocket::CloseInfo info;  ///< the first on_close's

  std::size_t queued = 0;         ///< messages that send() took
  std::size_t echoed = 0;         ///< and that came back, the first ones
  std::size_t surely_read = 0;    ///< those before a ping whose pong came
  std::size_t wrong_echoes = 0;   ///< a gap, a repetition, or other words
  std::vector<std::string> told;  ///< in words, for the reader of a failure
};

/// Handlers run on the thread of the app's loop, and so do the script's functions.
class Caller {
 public:
  struct Script {
    std::function<void(Caller&)> opened;
    /// As many messages as that have come back.
    std::function<void(Caller&, std::size_t)> echoed;
    std::function<void(Caller&)> ponged{};
    /// Nothing more will be told of that attempt; `over`: nor of the run.
    std::function<void(Attempt&&, bool over)> told;
    std::function<std::string(std::size_t)> words;  ///< of message number so-and-so
  };

  /// Null: a thread of its own. Attempts are called `<name>.1`, `<name>.2`, ...
  Caller(websocket::EventLoop* loop, const std::string& url, websocket::ConnectOptions options,
         std::string name, Script script);
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  websocket::WebSocketApp& app() { return *app_; }
  void start(websocket::RunOptions options) { app_->start(std::move(options)); }

  // For the script:
  int attempt_number() const { return number_; }
  const Attempt& attempt() const { return attempt_; }
  /// Queues the next message, every other one as binary; false when it was not taken.
  bool say();
  /// The same in three pieces.
  bool say_in_pieces();
  /// Asks the server to close.
  bool say_bye();
  /// Queues a ping; its pong tells that what was said before has been read.
  void ask();
  void hang_up();

 private:
  websocket::Headers begin_attempt();
  void attach();
  void opened();
  void message(const websocket::Message& message);
  void pong(std::string_view payload);
  void error(const websocket::Error& error);
  void closed(const websocket::CloseInfo& info);
  bool say(std::string_view words);
  websocket::SendResult send_piece(std::string_view piece, bool fin);

  const std::string name_;
  Script script_;
  int number_ = 0;
  Attempt attempt_;
  std::optional<websocket::WebSocketApp> app_;
};

/// The sentences that say what is wrong with what was told of an attempt, given what the server
/// got (nullopt where the connection did not open); none where all is as it must be.
std::vector<std::string> judge(const Attempt& attempt, std::optional<std::size_t> got);
/// "open | message 0 | error ..." and the figures.
std::string describe(const Attempt& attempt);

}  // namespace faults
