// An outbox and the loop's side of it, for tests: what was taken is told as words, a frame each.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/outbox.hpp"
#include "base/seldom.hpp"
#include "protocol/wire.hpp"

namespace parts {

using websocket::Limits;
using websocket::Opcode;
using websocket::SendResult;
using websocket::api::Outbox;
using websocket::protocol::DeflateAgreement;
using websocket::protocol::FrameBatch;
using Words = std::vector<std::string>;

// Of a masked frame of fewer than 126 bytes.
inline constexpr std::size_t header = 6;

inline Limits room_for(std::size_t bytes, std::size_t high_water = 0, std::size_t low_water = 0) {
  Limits limits;
  limits.max_send_buffer = bytes;
  limits.send_high_water = high_water;
  limits.send_low_water = low_water;
  return limits;
}

// Keys that differ from byte to byte, so that a payload masked with the wrong one shows.
inline void count_up(std::span<std::byte> into) {
  unsigned value = 1;
  for (std::byte& byte : into) byte = static_cast<std::byte>(++value);
}

struct Ground {
  explicit Ground(const Limits& limits = {}) : outbox(limits, count_up) { reopen(); }
  explicit Ground(const DeflateAgreement& deflate, const Limits& limits = {})
      : agreement(deflate), outbox(limits, count_up) {
    reopen();
  }

  websocket::base::Seldom<DeflateAgreement> agreement;
  Outbox outbox;

  SendResult send(std::string_view text) { return outbox.push(Opcode::text, text).result; }
  SendResult ping(std::string_view payload) { return outbox.push(Opcode::ping, payload).result; }
  SendResult piece(std::string_view text, bool fin) {
    return outbox.push_fragment(Opcode::text, text, fin).result;
  }

  // The connection is gone; how many messages went with it.
  std::size_t lose() { return outbox.discard(); }
  void reopen() { outbox.open(agreement.or_null()); }

  // Everything that can be taken now, which stays in flight.
  FrameBatch take() {
    FrameBatch batch;
    if (!outbox.take(batch, outbox.in_flight())) batch.clear();
    return batch;
  }
  // The same as bytes that have left.
  std::string leave() {
    const FrameBatch batch = take();
    outbox.set_in_flight(0);
    return std::string(batch.frames.view());
  }
  Words words() { return wire::describe(leave()); }
};

}  // namespace parts
