// A server that reads nothing until it is told to.
#pragma once

#include <cstddef>
#include <utility>

#include "support/event.hpp"
#include "support/raw_server.hpp"

namespace api_test {

/// More than the system takes by itself: what is left of such a message waits for the server. With
/// less than that nothing can be said of what is buffered, however full the buffer just was.
inline constexpr std::size_t much = 80U << 20U;

/// Keeps every frame once it reads, and answers the Close frame.
struct Sluggish {
  support::Event read_on;
  support::Mailbox<support::RawFrame> frames;
  support::RawServer server{[this](support::RawConnection& connection) {
    connection.accept_handshake();
    if (!read_on.wait()) return;
    for (;;) {
      support::RawFrame frame = connection.read_frame();
      const bool is_last = frame.opcode == 8;
      frames.push(std::move(frame));
      if (is_last) break;
    }
    connection.write_close(1000);
  }};
};

}  // namespace api_test
