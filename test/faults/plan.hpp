// What the fault proxy does to a connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace faults {

enum class Fault : std::uint8_t {
  none,
  cut,    ///< both ends are told that the stream ended (FIN), and what they still say is dropped
  reset,  ///< both ends get a reset (RST)
  half_close,  ///< the receiver is told that the stream ended; the other way goes on
  stall,       ///< not a byte more passes this way; the other way goes on. Until the sender has
               ///< gone, or `Way::hold` is over (0: for ever)
  delay,       ///< the next byte waits for `Way::hold`; no harm
  dribble      ///< from here on bytes pass one by one, for `Way::hold` (0: to the end); no harm
};
inline constexpr Fault all_faults[] = {Fault::none,  Fault::cut,   Fault::reset,  Fault::half_close,
                                       Fault::stall, Fault::delay, Fault::dribble};

constexpr const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::cut:
      return "cut";
    case Fault::reset:
      return "reset";
    case Fault::half_close:
      return "half-close";
    case Fault::stall:
      return "stall";
    case Fault::delay:
      return "delay";
    case Fault::dribble:
      return "dribble";
  }
  return "?";
}

/// One direction: that many bytes pass, then the fault comes.
struct Way {
  Fault fault = Fault::none;
  std::size_t after = 0;
  std::chrono::milliseconds hold{0};
};

/// Both directions of a connection.
struct Plan {
  Way to_server;
  Way to_client;
  std::size_t id = 0;  ///< for those who make plans to know one again
};

/// What became of a connection.
struct Traffic {
  std::size_t to_server = 0;  ///< bytes
  std::size_t to_client = 0;
  bool fault_came = false;  ///< one of the plan's two
};

}  // namespace faults
