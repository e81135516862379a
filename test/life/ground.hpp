// On what an app runs: a thread of its own, the thread of whoever calls run_forever(), an EventLoop; its
// handlers there, or where a dispatcher puts them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <websocket/websocket.hpp>

#include "support/event.hpp"

namespace life {

enum class Ground : std::uint8_t { own_thread, run_forever, event_loop, dispatcher };
/// "run by start()", ...
const char* name_of(Ground ground);
inline constexpr Ground all_grounds[] = {Ground::own_thread, Ground::run_forever,
                                         Ground::event_loop, Ground::dispatcher};

/// A thread that runs what it is given, in order, as a GUI's does.
class DispatcherThread {
 public:
  DispatcherThread();
  ~DispatcherThread();
  DispatcherThread(const DispatcherThread&) = delete;
  DispatcherThread& operator=(const DispatcherThread&) = delete;
  websocket::Dispatcher dispatcher();

 private:
  // Shared with dispatchers, which may outlive the thread.
  std::shared_ptr<support::Mailbox<std::function<void()>>> tasks_;
  std::thread thread_;
};

/// What runs the apps of one cell. It outlives them.
class Runner {
 public:
  explicit Runner(Ground ground);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  std::unique_ptr<websocket::WebSocketApp> make_app(const std::string& url,
                                                    websocket::ConnectOptions options);
  /// Those options with what the ground adds.
  websocket::RunOptions options(websocket::RunOptions options) const;
  /// Starts it; its run may not have begun yet on return.
  void start(websocket::WebSocketApp& app, websocket::RunOptions options);

 private:
  Ground ground_;
  std::optional<websocket::EventLoop> loop_;
  std::unique_ptr<DispatcherThread> dispatcher_;
  std::vector<std::thread> threads_;
};

}  // namespace life
