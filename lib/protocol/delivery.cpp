#include "protocol/delivery.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/frame.hpp"

namespace websocket::protocol {
namespace {

// A peer that answers none of more pings than that will not answer the oldest any more.
constexpr std::size_t most_pings = 8;

// One of our own frames, which can always be read.
struct OwnFrame {
  std::uint64_t size;  // with its header
  bool ends_message;
};

OwnFrame frame_at(std::string_view output, std::uint64_t at) noexcept {
  const std::string_view frame = output.substr(static_cast<std::size_t>(at));
  if (const auto size = short_frame_size(frame)) return {*size, ends_message(frame.front())};
  const FrameHeader header = decode_header(frame).value_or(FrameHeader{});
  return {header.size + header.length, ends_message(frame.front())};
}

}  // namespace

void Delivery::ping_queued(std::string_view payload, TimeMark now) {
  remember({std::string(payload), queued_, now});
}

// Of a batch that comes behind what was queued.
void Delivery::pings_queued(std::vector<PingMark>& pings) {
  for (PingMark& ping : pings) {
    ping.messages_before += queued_;
    remember(std::move(ping));
  }
}

void Delivery::remember(PingMark ping) {
  std::vector<PingMark>& pings = pings_.get();
  if (pings.size() == most_pings) {
    // A pong is taken for the answer to the oldest ping of its payload. Were that one forgotten, it
    // would be taken for a later one's, and confirm too much.
    const auto same = [&](const PingMark& other) { return other.payload == ping.payload; };
    if (std::any_of(pings.begin(), pings.end(), same)) return;
    pings.erase(pings.begin());
  }
  pings.push_back(std::move(ping));
}

void Delivery::find_cut(std::string_view output, std::size_t size) noexcept {
  std::uint64_t at = left_of_cut_frame_;  // where the next frame begins
  while (at < size) {
    const OwnFrame frame = frame_at(output, at);
    cut_frame_ends_message_ = frame.ends_message;
    at += frame.size;
  }
  left_of_cut_frame_ = at - size;
}

// RFC 6455 5.5.3: an endpoint "MAY elect to send a Pong frame for only the most recently processed
// Ping frame": what was sent before that one is answered with it.
std::optional<TimeMark> Delivery::pong_received(std::string_view payload) {
  if (!pings_) return std::nullopt;
  std::vector<PingMark>& pings = *pings_;
  const auto answered = std::find_if(pings.begin(), pings.end(),
                                     [&](const PingMark& ping) { return ping.payload == payload; });
  if (answered == pings.end()) return std::nullopt;
  read_ = std::max(read_, answered->messages_before);
  const TimeMark sent = answered->sent;
  pings.erase(pings.begin(), std::next(answered));
  return sent;
}

std::size_t Delivery::unsent(std::string_view output) const noexcept {
  std::size_t count = left_of_cut_frame_ > 0 && cut_frame_ends_message_ ? 1 : 0;
  for (std::uint64_t at = left_of_cut_frame_; at < output.size();) {
    const OwnFrame frame = frame_at(output, at);
    if (frame.ends_message) ++count;
    at += frame.size;
  }
  return count;
}

std::size_t Delivery::unconfirmed(std::string_view output) const noexcept {
  const std::size_t sent = queued_ - unsent(output);
  return sent - std::min(sent, read_);
}

}  // namespace websocket::protocol
