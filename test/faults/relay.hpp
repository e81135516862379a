// A connection through the fault proxy: two sockets, and the two ways between them.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>

#include "plan.hpp"
#include "support/descriptor.hpp"

namespace faults {

using Clock = std::chrono::steady_clock;

/// One direction. Sockets are not blocking and belong to the Relay.
class Lane {
 public:
  Lane(int from, int to, const Way& way) : from_(from), to_(to), way_(way) {}

  /// What the relay has to do about it.
  enum class Outcome : std::uint8_t { goes_on, cut, reset };

  short events_of_source() const;
  short events_of_sink() const { return pending_.empty() ? short{0} : short{POLLOUT}; }
  Outcome advance(short source_events);
  /// From now on everything is dropped, and the receiver has been told that the stream ended.
  void discard();
  /// The source has ended, and the receiver knows.
  bool ended() const { return mode_ == Mode::ended; }

  std::size_t passed() const { return passed_; }
  bool fault_came() const { return fault_came_; }
  std::optional<Clock::time_point> held_until() const;

 private:
  enum class Mode : std::uint8_t { passing, dribbling, held, stalled, discarding, ended };

  std::size_t most_to_read() const;
  bool read();
  bool write();
  Outcome begin_fault();

  int from_;
  int to_;
  Way way_;
  Mode mode_ = Mode::passing;
  bool fault_came_ = false;
  bool source_ended_ = false;
  Clock::time_point held_until_{};
  std::string pending_;     // read and not yet written
  std::size_t taken_ = 0;   // read
  std::size_t passed_ = 0;  // written
};

/// Used by the proxy's thread alone.
class Relay {
 public:
  Relay(support::Descriptor client, support::Descriptor server, const Plan& plan);

  pollfd client_entry() const;
  pollfd server_entry() const;
  void advance(short client_events, short server_events);
  bool over() const { return over_; }
  std::optional<Clock::time_point> held_until() const;
  Traffic traffic() const;

 private:
  void obey(Lane::Outcome outcome);

  support::Descriptor client_;
  support::Descriptor server_;
  Lane to_server_;
  Lane to_client_;
  bool over_ = false;
};

}  // namespace faults
