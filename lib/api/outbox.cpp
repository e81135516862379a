#include "api/outbox.hpp"

#include <utility>

#include "protocol/frame.hpp"

namespace websocket::api {

Outbox::Pushed Outbox::push(Opcode opcode, std::string_view payload) {
  std::unique_lock lock(mutex_);
  const auto compressor = compressor_for(opcode, payload.size());
  if (compressor) {
    lock.unlock();
    const std::unique_lock compressing(compressor->mutex, std::try_to_lock);
    // While another thread compresses, a message goes out as it is: nobody waits.
    if (compressing) return push_compressed(*compressor, opcode, payload);
    lock.lock();
  }
  return append(opcode, payload, 0);
}

// mutex_ is held. Null for what goes out as it is, and for what will be refused.
std::shared_ptr<Outbox::Compressor> Outbox::compressor_for(Opcode opcode, std::size_t size) const {
  const bool is_refused = !open_ || size > limit_ || frames_.size() + in_flight_ >= limit_;
  if (!compressor_ || is_refused || protocol::is_control(opcode)) return nullptr;
  return compressor_->deflater.wants(size) ? compressor_ : nullptr;
}

// Its compressor's lock is held.
Outbox::Pushed Outbox::push_compressed(Compressor& compressor, Opcode opcode,
                                       std::string_view payload) {
  base::Buffer scratch;
  const auto frame = compressor.deflater.deflate(opcode, payload, true, scratch);
  const std::lock_guard lock(mutex_);
  // While it was compressed the connection may have gone, and another one come.
  if (compressor_.get() != &compressor) return {SendResult::closed, false};
  const Pushed pushed = append(opcode, frame.payload, frame.reserved);
  if (pushed.result == SendResult::queued) compressor.deflater.sent();
  return pushed;
}

// mutex_ is held.
Outbox::Pushed Outbox::append(Opcode opcode, std::string_view payload, std::uint8_t reserved) {
  if (!open_) return {SendResult::closed, false};
  const std::size_t unsent = frames_.size() + in_flight_;
  const std::size_t size = protocol::frame_size(payload.size(), true);
  if (size > limit_ || unsent > limit_ - size) {
    refused_ = true;
    return {SendResult::buffer_full, false};
  }
  protocol::append_frame(frames_, true, opcode, payload, &keys_, reserved);
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

void Outbox::open(const std::optional<protocol::DeflateAgreement>& deflate) {
  auto compressor = deflate ? std::make_shared<Compressor>(*deflate) : nullptr;
  const std::lock_guard lock(mutex_);
  compressor_.swap(compressor);
  frames_.clear();
  in_flight_ = 0;
  refused_ = false;
  open_ = true;
  loop_will_look_ = true;
}

void Outbox::discard() {
  std::shared_ptr<Compressor> gone;  // with its memory, when the lock is
  const std::lock_guard lock(mutex_);
  compressor_.swap(gone);
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

void Outbox::rest() {
  std::shared_ptr<Compressor> compressor;
  {
    const std::lock_guard lock(mutex_);
    compressor = compressor_;
  }
  if (!compressor) return;
  const std::unique_lock compressing(compressor->mutex, std::try_to_lock);
  if (compressing) compressor->deflater.rest();
}

}  // namespace websocket::api
