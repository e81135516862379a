// Whole frames that were put together outside of a connection, ready to be sent, and what is to be
// known of them when they have left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.hpp"

namespace websocket::protocol {

// When something was sent, by a clock of whoever sends; only handed back here.
using TimeMark = std::int64_t;

struct PingMark {
  std::string payload;
  std::size_t messages_before;  // in the batch or on the connection
  TimeMark sent;
};

struct FrameBatch {
  base::Buffer frames;
  std::size_t messages = 0;  // whose last frame is among them
  std::vector<PingMark> pings;

  void append(const FrameBatch& other) {
    frames.append(other.frames.view());
    for (PingMark ping : other.pings) {
      ping.messages_before += messages;
      pings.push_back(std::move(ping));
    }
    messages += other.messages;
  }
  void swap(FrameBatch& other) noexcept {
    frames.swap(other.frames);
    std::swap(messages, other.messages);
    pings.swap(other.pings);
  }
  // Keeps its memory for the next ones.
  void clear() noexcept {
    frames.clear();
    messages = 0;
    pings.clear();
  }
};

}  // namespace websocket::protocol
