// Tells when nothing has happened for a while; while something does it costs a flag.
#pragma once

#include <functional>
#include <utility>
#include <websocket/options.hpp>

#include "net/loop.hpp"

namespace websocket::engine {

class IdleTimer {
 public:
  // `idle` is called when nothing has happened for `after`, or up to twice as long.
  IdleTimer(net::Loop& loop, Duration after, std::function<void()> idle)
      : loop_(loop), after_(after), idle_(std::move(idle)) {}

  // Something happens.
  void touch() {
    touched_ = true;
    look();
  }
  // There is something to give back, when nothing happens.
  void look() {
    if (!timer_) arm();
  }

 private:
  void arm() {
    touched_ = false;
    timer_ = loop_.at(net::later(loop_.now(), after_), [this] { went_off(); });
  }
  void went_off() {
    if (touched_) return arm();
    timer_.reset();
    idle_();
  }

  net::Loop& loop_;
  const Duration after_;
  const std::function<void()> idle_;
  net::OperationPtr timer_;
  bool touched_ = false;
};

}  // namespace websocket::engine
