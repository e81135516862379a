// Whole frames that were put together outside of a connection, ready to be sent, and what is to be
// known of them when they have left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.hpp"
#include "base/seldom.hpp"

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
  base::Seldom<std::vector<PingMark>> pings;

  void append(const FrameBatch& other) {
    frames.append(other.frames.view());
    if (other.pings) append_pings(*other.pings);
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
    pings.reset();
  }

 private:
  void append_pings(const std::vector<PingMark>& others) {
    for (PingMark ping : others) {
      ping.messages_before += messages;
      pings.get().push_back(std::move(ping));
    }
  }
};

}  // namespace websocket::protocol
