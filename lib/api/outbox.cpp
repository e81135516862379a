// See outbox.hpp. Messages in pieces: outbox_fragments.cpp.
#include "api/outbox.hpp"

#include <algorithm>
#include <utility>

#include "engine/time_mark.hpp"
#include "protocol/frame.hpp"

namespace websocket::api {

Outbox::Outbox(const Limits& limits, protocol::MaskKeys::Random random)
    : limit_(limits.max_send_buffer),
      high_water_(limits.send_high_water > 0 ? limits.send_high_water : limit_),
      low_water_(limits.send_low_water > 0 ? std::min(limits.send_low_water, high_water_)
                                           : high_water_ / 2),
      keys_(std::move(random)) {}

// ---- any thread

// mutex_ is held.
inline Outbox::Pushed Outbox::append(Opcode opcode, std::string_view payload) {
  if (!has_room_for(payload.size(), unsent_)) return refused();
  if (protocol::is_control(opcode)) return append_ping(payload);
  protocol::FrameBatch& batch = batch_for_messages();
  append_frame(batch, true, opcode, payload);
  ++batch.messages;
  return queued();
}

Outbox::Pushed Outbox::push(Opcode opcode, std::string_view payload) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_to_be_compressed(opcode, payload.size())) return append(opcode, payload);
  }
  return push_compressing(opcode, payload);
}

Outbox::Pushed Outbox::push_compressing(Opcode opcode, std::string_view payload) {
  std::unique_lock lock(mutex_);
  if (!is_to_be_compressed(opcode, payload.size())) return append(opcode, payload);
  const CompressorPtr mine = compressor();
  lock.unlock();
  const std::unique_lock compressing(mine->mutex, std::try_to_lock);
  // While another thread compresses, a message goes out as it is: nobody waits.
  if (compressing) {
    if (const auto pushed = push_compressed(*mine, opcode, payload)) return *pushed;
  }
  lock.lock();
  return append(opcode, payload);
}

Outbox::Pushed Outbox::push_waiting(Opcode opcode, std::string_view payload,
                                    net::Clock::time_point deadline) {
  for (;;) {
    const std::size_t changes = changes_of_room();
    const Pushed pushed = push(opcode, payload);
    if (pushed.result != SendResult::buffer_full) return pushed;
    std::unique_lock lock(mutex_);
    if (never_fits(payload.size())) return pushed;
    // Tried again whenever something has left: how much room it takes is known once it is compressed.
    const bool in_time = room_.wait_until(
        lock, deadline, [&] { return room_changes_ != changes || waiting_is_over_; });
    if (waiting_is_over_) return {SendResult::closed, false};
    if (!in_time) return pushed;
  }
}

void Outbox::let_some_leave(net::Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  room_.wait_until(lock, deadline, [&] { return leaving() <= much_waits / 2; });
}

// mutex_ is held. False also for what will be refused. What waits behind a message in pieces goes out
// as it is: it would be compressed before the pieces that go out before it.
bool Outbox::is_to_be_compressed(Opcode opcode, std::size_t size) const {
  if (!deflate_ || size < deflate_->threshold) return false;
  if (fragments_ || protocol::is_control(opcode)) return false;
  return open_ && size <= limit_ && unsent_ < limit_;
}

// mutex_ is held, and deflate was agreed on.
const Outbox::CompressorPtr& Outbox::compressor() {
  if (!compressor_) compressor_ = std::make_shared<Compressor>(*deflate_);
  return compressor_;
}

// Its compressor's lock is held. Nothing where a message in pieces has begun meanwhile.
std::optional<Outbox::Pushed> Outbox::push_compressed(Compressor& compressor, Opcode opcode,
                                                      std::string_view payload) {
  {
    const std::lock_guard lock(mutex_);
    if (fragments_) return std::nullopt;
  }
  base::Buffer scratch;
  const auto frame = compressor.deflater.deflate(opcode, payload, true, scratch);
  const std::lock_guard lock(mutex_);
  // While it was compressed the connection may have gone, and another one come.
  if (compressor_.get() != &compressor) return Pushed{SendResult::closed, false};
  if (!has_room_for(frame.payload.size(), unsent_)) return refused();
  // A message in pieces that began meanwhile is not compressed: that takes the lock we hold.
  protocol::FrameBatch& batch = batch_for_messages();
  append_frame(batch, true, opcode, frame.payload, frame.reserved);
  ++batch.messages;
  compressor.deflater.sent();
  return queued();
}

// mutex_ is held. A ping may go out between a message's pieces.
Outbox::Pushed Outbox::append_ping(std::string_view payload) {
  protocol::FrameBatch& batch = queue_.last();
  append_frame(batch, true, Opcode::ping, payload);
  batch.pings.get().push_back(
      {std::string(payload), batch.messages, engine::time_mark(net::Clock::now())});
  return queued();
}

// mutex_ is held. Who finds no room hears of it when there is some.
Outbox::Pushed Outbox::refused() {
  if (!open_) return {SendResult::closed, false};
  drain_is_due_ = true;
  return {SendResult::buffer_full, false};
}

// mutex_ is held. What may be compressed may become smaller.
bool Outbox::never_fits(std::size_t size) const {
  return size > limit_ || (!deflate_ && protocol::frame_size(size, true) > limit_);
}

std::size_t Outbox::changes_of_room() const {
  const std::lock_guard lock(mutex_);
  return room_changes_;
}

// mutex_ is held.
void Outbox::room_has_changed() {
  ++room_changes_;
  room_.notify_all();
}

void Outbox::loop_was_not_told() {
  const std::lock_guard lock(mutex_);
  loop_will_look_.store(false, std::memory_order_relaxed);
}

bool Outbox::must_be_looked_at() {
  const std::lock_guard lock(mutex_);
  return !queue_.empty() && must_wake_loop();
}

void Outbox::end_waiting() {
  const std::lock_guard lock(mutex_);
  waiting_is_over_ = true;
  room_has_changed();
}

void Outbox::shut() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  room_has_changed();
}

std::size_t Outbox::size() const {
  const std::lock_guard lock(mutex_);
  return unsent_;
}

// ---- the loop's thread

void Outbox::open(const protocol::DeflateAgreement* deflate) {
  base::Seldom<protocol::DeflateAgreement> agreed;
  if (deflate != nullptr) agreed = *deflate;
  const std::lock_guard lock(mutex_);
  deflate_.swap(agreed);
  queue_.clear();
  in_flight_ = 0;
  unsent_ = waiting_behind();
  drain_is_due_ = drain_is_to_be_told_ = false;
  open_ = true;
  stay_awake();
}

std::size_t Outbox::discard() {
  CompressorPtr gone;  // with its memory, when the lock is
  const std::lock_guard lock(mutex_);
  compressor_.swap(gone);
  open_ = false;
  std::size_t lost = queue_.messages();
  if (fragments_) {
    lost += fragments_->behind.messages;
    fragments_were_cut_off_ = fragments_->begun && !fragments_->end_is_told;
    fragments_.reset();
  }
  queue_.clear();
  unsent_ = in_flight_ = 0;
  room_has_changed();
  return lost;
}

// mutex_ is held.
inline bool Outbox::take_first(protocol::FrameBatch& batch) {
  if (queue_.empty()) {
    // Whoever gets the lock after us finds this, and wakes.
    loop_will_look_.store(false, std::memory_order_relaxed);
    queue_.rest(batch);
    return false;
  }
  queue_.take(batch);
  in_flight_ += batch.frames.size();
  return true;
}

bool Outbox::take(protocol::FrameBatch& batch, std::size_t still_held) {
  std::unique_lock lock(mutex_);
  const LazyCondition::Waiters waiters = set_what_is_in_flight(still_held);
  const bool took = take_first(batch);
  lock.unlock();
  waiters.notify_all();
  return took;
}

bool Outbox::set_in_flight(std::size_t size) {
  std::unique_lock lock(mutex_);
  const LazyCondition::Waiters waiters = set_what_is_in_flight(size);
  lock.unlock();
  waiters.notify_all();
  return drain_came_due();
}

// mutex_ is held. Since the last time there has only come more. Who is to be told once it is free.
LazyCondition::Waiters Outbox::set_what_is_in_flight(std::size_t size) {
  if (unsent_ > high_water_) drain_is_due_ = true;
  const bool changes_room = size != in_flight_;
  if (changes_room) {
    ++room_changes_;
    unsent_ += size - in_flight_;
    in_flight_ = size;
  }
  // What waits behind a message in pieces leaves after it, so that it may not hold it up.
  if (drain_is_due_ && leaving() <= low_water_) {
    drain_is_due_ = false;
    drain_is_to_be_told_ = true;
  }
  return changes_room ? room_.waiters() : LazyCondition::Waiters();
}

void Outbox::rest() {
  CompressorPtr compressor;
  {
    const std::lock_guard lock(mutex_);
    compressor = compressor_;
    queue_.rest_long();
  }
  if (!compressor) return;
  const std::unique_lock compressing(compressor->mutex, std::try_to_lock);
  if (compressing) compressor->deflater.rest();
}

}  // namespace websocket::api
