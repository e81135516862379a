// What became of the messages of one side: how many have left whole, and of how many it is known
// that the peer has read them. A pong says so of all that went before its ping: RFC 6455 5.5.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/seldom.hpp"
#include "protocol/frame_batch.hpp"

namespace websocket::protocol {

class Delivery {
 public:
  // ---- what joins the output
  void message_queued() noexcept { ++queued_; }
  void ping_queued(std::string_view payload, TimeMark now);
  void batch_queued(FrameBatch& batch) {
    if (batch.pings) pings_queued(*batch.pings);
    queued_ += batch.messages;
  }

  // ---- what leaves it: the first `size` bytes of `output`, which ends with a whole frame
  void leaves(std::string_view output, std::size_t size) noexcept {
    if (size == output.size()) {
      left_of_cut_frame_ = 0;
    } else {
      find_cut(output, size);
    }
  }

  // ---- what comes back
  // When the ping that this pong answers was sent; nothing for a pong nobody asked for.
  std::optional<TimeMark> pong_received(std::string_view payload);
  void all_was_read() noexcept { read_ = queued_; }

  // ---- how it stands, while that is the output
  std::size_t unsent(std::string_view output) const noexcept;
  std::size_t unconfirmed(std::string_view output) const noexcept;

 private:
  void pings_queued(std::vector<PingMark>& pings);
  void remember(PingMark ping);
  void find_cut(std::string_view output, std::size_t size) noexcept;

  std::size_t queued_ = 0;
  std::size_t read_ = 0;  // by the peer
  std::uint64_t left_of_cut_frame_ =
      0;  // bytes at the output's front: of a frame that left in part
  bool cut_frame_ends_message_ = false;
  base::Seldom<std::vector<PingMark>> pings_;  // not answered yet
};

}  // namespace websocket::protocol
