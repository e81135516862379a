// Time for the protocol core, which has no clock and hands back what it was given.
#pragma once

#include <chrono>

#include "net/loop.hpp"
#include "protocol/frame_batch.hpp"

namespace websocket::engine {

// In microseconds.
inline protocol::TimeMark time_mark(net::Clock::time_point when) {
  return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

}  // namespace websocket::engine
