// How much gathers in a TCP socket before it is ready to read: a byte, or many where many are
// awaited. Where a peer sends much, to be woken for every few packets costs more than to read them.
#pragma once

#include <cstdint>

#include "net/loop.hpp"
#include "net/socket.hpp"

namespace websocket::net {

class LowWater {
 public:
  explicit LowWater(const Socket& socket) : socket_(socket) {}  // which outlives it

  // Whether so many are many, and the system can let them gather.
  static bool is_high_for(std::uint64_t bytes);
  // Before a wait; fewer bytes than that are of no use.
  void set_for(std::uint64_t bytes);

 private:
  enum class Mark : std::uint8_t {
    low,
    high,
    given_up  // low, until fewer bytes are awaited
  };

  void raise();
  void lower(Mark why);
  bool watch();
  void look();
  void set(int bytes) const;

  const Socket& socket_;
  Mark mark_ = Mark::low;
  bool has_moved_ = false;  // since the last look
  OperationPtr watch_;
};

}  // namespace websocket::net
