// Many apps on one EventLoop that runs on a background thread, and the server's process they talk
// to. Through the public headers alone.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "support/certificates.hpp"
#include "support/process.hpp"

namespace crowd {

/// A server process. What it says is awaited with generous deadlines, and throws where it does not
/// come.
class ServerProcess {
 public:
  explicit ServerProcess(const support::Certificates* certificates);  // null: without TLS
  const std::string& url() const { return url_; }

  /// To be said before the messages are sent.
  void count(std::size_t messages) { process_.write_line("count " + std::to_string(messages)); }
  void wait_until_counted();
  void wait_until_ended(std::size_t connections);
  void forget();
  /// Sends everybody a message; returns to how many.
  std::size_t say(std::size_t size);
  struct Told {
    std::size_t open, messages, closed, lost;
    double cpu_seconds;
  };
  Told tell();

 private:
  std::string answer(const std::string& order, const std::string& prefix);

  support::Process process_;
  std::string url_;
};

class Crowd {
 public:
  Crowd(std::string url, websocket::ConnectOptions options);

  /// Opens more until there are that many, at most `window` connecting at once; returns when all
  /// are open. Throws when one failed.
  void grow(std::size_t count, std::size_t window);
  std::size_t size() const { return apps_.size(); }
  const std::vector<std::unique_ptr<websocket::WebSocketApp>>& apps() const { return apps_; }

  /// The first so many, with 1000; waits until all of them were told.
  void close(std::size_t count);
  void destroy_apps() { apps_.clear(); }
  void destroy_loop() { loop_.reset(); }

  void wait_for_messages(std::size_t count);  // in all, since the beginning

  struct Tally {
    std::size_t opened = 0;
    std::size_t messages = 0;
    std::size_t closed = 0;
    std::size_t closed_in_order = 0;    // clean, with 1000, and the run was over
    std::size_t closed_abnormally = 0;  // with 1006, and the run was over
    std::size_t errors = 0;
    std::string first_error{};
  };
  Tally tally() const;

 private:
  void add();
  template <class Change>
  void note(Change change);
  template <class Ready>
  void wait_until(const char* what, Ready ready);

  std::string url_;
  websocket::ConnectOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Tally tally_;
  std::unique_ptr<websocket::EventLoop> loop_ = std::make_unique<websocket::EventLoop>();
  std::vector<std::unique_ptr<websocket::WebSocketApp>> apps_;
};

}  // namespace crowd
