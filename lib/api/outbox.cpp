#include "api/outbox.hpp"

#include <utility>

#include "protocol/frame.hpp"

namespace websocket::api {

Outbox::Pushed Outbox::push(Opcode opcode, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  if (!open_) return {SendResult::closed, false};
  const std::size_t unsent = frames_.size() + in_flight_;
  const std::size_t size = protocol::frame_size(payload.size(), true);
  if (size > limit_ || unsent > limit_ - size) {
    refused_ = true;
    return {SendResult::buffer_full, false};
  }
  protocol::append_frame(frames_, true, opcode, payload, &keys_);
  return {SendResult::queued, !std::exchange(loop_will_look_, true)};
}

void Outbox::shut() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

std::size_t Outbox::size() const {
  const std::lock_guard lock(mutex_);
  return frames_.size() + in_flight_;
}

void Outbox::open() {
  const std::lock_guard lock(mutex_);
  frames_.clear();
  in_flight_ = 0;
  refused_ = false;
  open_ = true;
  loop_will_look_ = true;
}

void Outbox::discard() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  frames_.release();
  in_flight_ = 0;
}

void Outbox::stay_awake() {
  const std::lock_guard lock(mutex_);
  loop_will_look_ = true;
}

bool Outbox::take(base::Buffer& frames) {
  const std::lock_guard lock(mutex_);
  if (frames_.empty()) {
    loop_will_look_ = false;
    return false;
  }
  in_flight_ += frames_.size();
  frames_.swap(frames);
  return true;
}

bool Outbox::set_in_flight(std::size_t size) {
  const std::lock_guard lock(mutex_);
  in_flight_ = size;
  if (!refused_ || frames_.size() + in_flight_ > limit_ / 2) return false;
  refused_ = false;
  return true;
}

}  // namespace websocket::api
