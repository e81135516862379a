// Pings a link at intervals and tells when it is dead: RFC 6455 5.5.2. Anything received since the
// ping counts as life.
#pragma once

#include <cstdint>
#include <optional>
#include <websocket/options.hpp>

#include "net/loop.hpp"

namespace websocket::engine {

class Keepalive {
 public:
  class Link {
   public:
    virtual void send_keepalive_ping() = 0;
    // Reads what has arrived; then how often anything was received. Nothing: it is not being read
    // now, so that silence says nothing about the peer. The link may end meanwhile and stop us.
    virtual std::optional<std::uint64_t> look_for_life() = 0;
    virtual void link_is_dead() = 0;

   protected:
    ~Link() = default;
  };

  Keepalive(net::Loop& loop, Link& link, Duration interval, Duration timeout);

  // The link is open.
  void start();
  void stop() noexcept { timer_.reset(); }

 private:
  using TimePoint = net::Clock::time_point;

  void tick();
  void ping(TimePoint now);
  void arm();

  net::Loop& loop_;
  Link& link_;
  const Duration interval_;
  const Duration timeout_;
  std::uint64_t received_ = 0;
  TimePoint next_ping_;
  std::optional<TimePoint> unanswered_since_;
  net::OperationPtr timer_;
};

}  // namespace websocket::engine
