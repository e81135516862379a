// Sending a message in pieces: RFC 6455 5.4, "The fragments of one message MUST NOT be interleaved
// between the fragments of another message unless an extension has been negotiated that can
// interpret the interleaving." So what others send meanwhile waits behind the last piece.
#include <utility>

#include "api/outbox.hpp"
#include "protocol/frame.hpp"

namespace websocket::api {

Outbox::Pushed Outbox::push_fragment(Opcode opcode, std::string_view payload, bool fin) {
  std::unique_lock lock(mutex_);
  // Its connection has gone: the rest of a message does not go to the next one.
  if (std::exchange(fragments_were_cut_off_, false)) return {SendResult::closed, false};
  if (open_ && !fragments_) begin_fragments(opcode);
  Pushed pushed{SendResult::closed, false};
  try {
    if (open_) pushed = push_piece(lock, payload, fin);
  } catch (...) {  // no memory: what others send does not wait for a message that has not begun
    if (!lock.owns_lock()) lock.lock();
    if (fragments_ && !fragments_->begun) end_fragments();
    throw;
  }
  if (!fragments_) return pushed;
  if (pushed.result == SendResult::closed) fragments_->end_is_told = true;
  const bool is_over = fin && pushed.result == SendResult::queued;
  if (!is_over && fragments_->begun) return pushed;
  end_fragments();
  // What has waited behind may be all there is, and the loop may have looked meanwhile.
  if (!queue_.empty() && must_wake_loop()) pushed.wake_loop = true;
  return pushed;
}

// mutex_ is held in all that follows.

void Outbox::begin_fragments(Opcode opcode) {
  fragments_ = std::make_unique<FragmentedMessage>();
  fragments_->opcode = opcode;
  if (!deflate_) return;
  // What another thread is compressing now will go out behind, though it was compressed before.
  const std::unique_lock compressing(compressor()->mutex, std::try_to_lock);
  if (compressing) fragments_->compressor = compressor_;
}

Outbox::Pushed Outbox::push_piece(std::unique_lock<LightMutex>& lock, std::string_view payload,
                                  bool fin) {
  base::Utf8Validator utf8 = fragments_->utf8;
  const bool is_text = fragments_->opcode == Opcode::text;
  if (is_text && !(utf8.feed(payload) && (!fin || utf8.complete()))) {
    return {SendResult::invalid, false};
  }
  if (!has_room_for_piece(payload.size())) return refused();
  const Pushed pushed = fragments_->compressor ? push_compressed_piece(lock, payload, fin)
                                               : append_piece(payload, fin, 0);
  if (pushed.result == SendResult::queued) fragments_->utf8 = utf8;
  return pushed;
}

Outbox::Pushed Outbox::push_compressed_piece(std::unique_lock<LightMutex>& lock,
                                             std::string_view payload, bool fin) {
  const CompressorPtr compressor = fragments_->compressor;
  const Opcode opcode = fragments_->next_opcode();
  lock.unlock();  // which is taken after the compressor's
  const std::lock_guard compressing(compressor->mutex);
  base::Buffer scratch;
  const auto frame = compressor->deflater.deflate(opcode, payload, fin, scratch);
  lock.lock();
  if (!fragments_ || fragments_->compressor != compressor) {  // the connection has gone meanwhile
    fragments_were_cut_off_ = false;
    return {SendResult::closed, false};
  }
  if (!has_room_for_piece(frame.payload.size())) return refused();
  const Pushed pushed = append_piece(frame.payload, fin, frame.reserved);
  compressor->deflater.sent();
  return pushed;
}

Outbox::Pushed Outbox::append_piece(std::string_view payload, bool fin, std::uint8_t reserved) {
  protocol::FrameBatch& batch = queue_.last();
  // Where there is no memory for what has waited behind, the last piece does not go out either.
  if (fin) batch.frames.prepare(protocol::frame_size(payload.size(), true) + waiting_behind());
  append_frame(batch, fin, fragments_->next_opcode(), payload, reserved);
  if (fin) ++batch.messages;
  fragments_->begun = true;
  return queued();
}

// What waits behind does not count: it would lock out what it waits for.
bool Outbox::has_room_for_piece(std::size_t payload_size) const {
  return has_room_for(payload_size, leaving());
}

// The last piece is queued, or there was no first one.
void Outbox::end_fragments() {
  queue_.append(fragments_->behind);
  fragments_.reset();
}

}  // namespace websocket::api
