#include "engine/keepalive.hpp"

#include <algorithm>

namespace websocket::engine {

Keepalive::Keepalive(net::Loop& loop, Link& link, Duration interval, Duration timeout)
    : loop_(loop), link_(link), interval_(interval), timeout_(timeout) {}

void Keepalive::start() {
  if (interval_ <= Duration::zero()) return;
  next_ping_ = net::later(loop_.now(), interval_);
  arm();
}

void Keepalive::arm() {
  TimePoint when = next_ping_;
  if (unanswered_since_ && timeout_ > Duration::zero()) {
    when = std::min(when, net::later(*unanswered_since_, timeout_));
  }
  timer_ = loop_.at(when, [this] { tick(); });
}

void Keepalive::tick() {
  // What has arrived while a handler was slow is looked at before the link is called dead.
  const std::optional<std::uint64_t> received = link_.look_for_life();
  if (timer_ == nullptr) return;  // the link ended meanwhile
  const TimePoint now = loop_.now();
  if (!received || *received != received_) unanswered_since_.reset();
  received_ = received.value_or(received_);

  const bool is_dead =
      unanswered_since_ && timeout_ > Duration::zero() && now >= net::later(*unanswered_since_, timeout_);
  if (is_dead) {
    timer_.reset();
    link_.link_is_dead();
    return;
  }
  if (now >= next_ping_) ping(now);
  arm();
}

void Keepalive::ping(TimePoint now) {
  next_ping_ = net::later(now, interval_);
  if (unanswered_since_ && timeout_ > Duration::zero())
    return;  // one that waits for its answer will do
  link_.send_keepalive_ping();
  unanswered_since_ = now;
}

}  // namespace websocket::engine
