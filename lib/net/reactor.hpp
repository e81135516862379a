// Asio's reactor, which waits for many sockets at once, with one timer.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "net/one_block.hpp"

namespace websocket::net {

// (The block goes after the context, in which the handler may still wait.)
class Reactor : private OneBlock, public asio::io_context {
 public:
  // One thread runs it at a time and touches its sockets, which spares Asio some wake-ups and locks;
  // posting stays safe from any thread. Descriptors are taken when the first socket or the timer
  // comes.
  Reactor()
      : asio::io_context(ASIO_CONCURRENCY_HINT_UNSAFE_IO), work_(asio::make_work_guard(*this)) {}

  // Fails where no descriptor is left for it.
  std::error_code make_timer() {
    try {
      if (!timer_) timer_.emplace(*this);
      return {};
    } catch (const std::system_error& error) {
      return error.code();
    }
  }
  // Once it is made.
  asio::steady_timer& timer() { return *timer_; }
  bool runs_here() { return get_executor().running_in_this_thread(); }
  // As asio::post, and takes no memory. From any thread, but not again before it has been called.
  template <class Work>
  void post_the_one(Work work) {
    asio::post(*this, Handler<Work>(*this, std::move(work)));
  }
  // Destroys every waiting handler uncalled; its sockets stay valid objects.
  void end() {
    work_.reset();
    shutdown();
  }

 private:
  // "Nothing to do" is no reason for Asio to stop.
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::optional<asio::steady_timer> timer_;
};

}  // namespace websocket::net
