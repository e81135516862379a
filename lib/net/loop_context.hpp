// What lib/net's own files share of a loop: Asio's context, which can end before the last object
// that was made on it. For lib/net alone; other layers know AsioLoop.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <functional>
#include <memory>

namespace websocket::net {

class LoopContext : public asio::io_context {
 public:
  // One thread runs it at a time and touches its sockets, which spares Asio some wake-ups and locks;
  // posting stays safe from any thread.
  LoopContext()
      : asio::io_context(ASIO_CONCURRENCY_HINT_UNSAFE_IO), work_(asio::make_work_guard(*this)) {}

  // Destroys every waiting handler uncalled. Sockets and timers of this context stay valid objects.
  void end() {
    work_.reset();
    shutdown();
  }

  // Runs it on the thread that runs this, later; from any thread.
  void post(std::function<void()> work);
  // A descriptor that is readable when there is something to run; -1 where the platform has none.
  int wait_handle();

 private:
  // "Nothing to do" is no reason to stop: only stop() is.
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::atomic<bool> wait_handle_is_used_{false};
};

// Operations and streams hold one, so that they may outlive the loop that made them.
using LoopContextPtr = std::shared_ptr<LoopContext>;

}  // namespace websocket::net
