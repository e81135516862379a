// An app of the soak: talks, is disturbed at random, and connects again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <websocket/websocket.hpp>

#include "caller.hpp"
#include "fault_proxy.hpp"
#include "support/event.hpp"

namespace faults {

/// What came of an attempt of one of the apps.
struct Told {
  std::size_t app = 0;
  Attempt attempt;
  bool run_is_over = false;
};

/// How often which fault came, by its number.
using FaultCounts = std::array<std::atomic<std::size_t>, std::size(all_faults)>;

class SoakCaller {
 public:
  /// Everything random follows from the seed and the number. Null: a thread of its own.
  SoakCaller(std::size_t number, std::uint32_t seed, websocket::EventLoop* loop, FaultProxy& proxy,
             FaultCounts& counts, support::Mailbox<Told>& told);

  void start();
  /// As websocket::State has it.
  int state() const { return static_cast<int>(caller_->app().state()); }
  void close() { caller_->app().close(); }
  /// Destroys the app. What the proxy asks for stays until the proxy has ended.
  void end() { caller_.reset(); }

 private:
  Plan next_plan();
  Way random_way();
  Caller::Script script(support::Mailbox<Told>& told);
  void begin_session(Caller& caller);
  void go_on(Caller& caller, std::size_t echoed);

  const std::size_t number_;
  const bool is_big_;
  std::mt19937 plans_;     // the proxy's thread
  std::mt19937 sessions_;  // the app's thread
  std::size_t messages_ = 0;
  std::unique_ptr<Caller> caller_;
};

}  // namespace faults
