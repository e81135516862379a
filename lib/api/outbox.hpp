// What a program's threads have sent and the loop has not taken yet: whole frames, masked already,
// in one run of bytes. Compressing and framing happen on the sender's thread, so that the loop only
// passes the bytes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <websocket/app.hpp>
#include <websocket/message.hpp>

#include "api/batch_queue.hpp"
#include "api/lazy_condition.hpp"
#include "api/light_mutex.hpp"
#include "base/seldom.hpp"
#include "base/utf8.hpp"
#include "net/loop.hpp"
#include "protocol/deflate.hpp"
#include "protocol/frame.hpp"
#include "protocol/frame_batch.hpp"
#include "protocol/mask_keys.hpp"
#include "protocol/message_deflater.hpp"

namespace websocket::api {

class Outbox {
 public:
  Outbox(const Limits& limits, protocol::MaskKeys::Random random);

  struct alignas(4) Pushed {  // so that it travels as one number, not in pieces
    SendResult result;
    bool wake_loop;           // nobody has promised to look yet: tell the loop
    bool much_waits = false;  // and a batch has just become full: see let_some_leave()
  };
  // ---- any thread
  // A message or a ping. The payload may be sent as it is.
  Pushed push(Opcode opcode, std::string_view payload);
  // The same, and while there is no room it waits for it.
  Pushed push_waiting(Opcode opcode, std::string_view payload, net::Clock::time_point deadline);
  // Waits until less waits, if what is there leaves at all: bytes that are written soon after they were
  // masked are still in the processor's cache, which makes sending much faster. Not for long.
  void let_some_leave(net::Clock::time_point deadline);
  // A piece of a message; the opcode is the message's.
  Pushed push_fragment(Opcode opcode, std::string_view payload, bool fin);
  // There was no memory to wake it with: who sends next does, or who finds no room.
  void loop_was_not_told();
  // For who finds no room, or no memory: whether to wake the loop, since nobody else did. Who is told
  // so does it.
  bool must_be_looked_at();
  // Nobody waits for room any more. What there is room for is still accepted.
  void end_waiting();
  // Nothing more is accepted; what is there still goes out.
  void shut();
  std::size_t size() const;  // what is here and what has not left the loop yet

  // ---- the loop's thread
  // A connection is open, and agreed on that, where it is not null; the loop will look.
  void open(const protocol::DeflateAgreement* deflate);
  // The connection is gone, what is here can't go out; how many messages that is.
  std::size_t discard();
  // The loop will look when its turn ends: no need to wake it.
  void stay_awake() noexcept { loop_will_look_.store(true, std::memory_order_relaxed); }
  // Takes what was sent first, a batch of it, in exchange for one whose memory can be used again;
  // false when there is nothing: wake me from now on. The batch stays empty then, but for memory.
  // So much the loop holds still of what it took before.
  bool take(protocol::FrameBatch& batch, std::size_t still_held);
  // What the loop holds. True when on_drain is due.
  bool set_in_flight(std::size_t size);
  // What take() was told need not be said again: that, and whether on_drain came due by it.
  std::size_t in_flight() const noexcept { return in_flight_; }
  bool drain_came_due() noexcept { return std::exchange(drain_is_to_be_told_, false); }
  // Gives back memory that it can do without for now.
  void rest();

 private:
  // A connection's compressor. Its lock is held while a message is compressed and framed, so that
  // messages go out in the order in which they were compressed. Who sends whole messages does not
  // wait for it, and nobody holds mutex_, which is taken after it, for long.
  struct Compressor {
    explicit Compressor(const protocol::DeflateAgreement& agreement)
        : deflater(agreement.client, agreement) {}
    std::mutex mutex;
    protocol::MessageDeflater deflater;
  };
  using CompressorPtr = std::shared_ptr<Compressor>;

  // A message that is being sent in pieces. What others send meanwhile waits behind it.
  struct FragmentedMessage {
    CompressorPtr compressor;  // where it is compressed
    base::Utf8Validator utf8;
    Opcode opcode = Opcode::text;
    bool begun = false;        // its first piece was queued
    bool end_is_told = false;  // a piece was refused as the connection was closing

    Opcode next_opcode() const { return begun ? Opcode::continuation : opcode; }
    protocol::FrameBatch behind;
  };

  bool is_to_be_compressed(Opcode opcode, std::size_t size) const;
  const CompressorPtr& compressor();
  Pushed push_compressing(Opcode opcode, std::string_view payload);
  std::optional<Pushed> push_compressed(Compressor& compressor, Opcode opcode,
                                        std::string_view payload);
  Pushed append(Opcode opcode, std::string_view payload);
  Pushed append_ping(std::string_view payload);
  bool has_room_for(std::size_t payload_size, std::size_t held) const;
  bool has_room_for_piece(std::size_t payload_size) const;
  Pushed refused();
  protocol::FrameBatch& batch_for_messages() {
    return fragments_ ? fragments_->behind : queue_.last();
  }
  void append_frame(protocol::FrameBatch& batch, bool fin, Opcode opcode, std::string_view payload,
                    std::uint8_t reserved = 0);
  Pushed queued();
  bool must_wake_loop();
  bool never_fits(std::size_t size) const;
  std::size_t changes_of_room() const;
  void room_has_changed();
  bool take_first(protocol::FrameBatch& batch);
  LazyCondition::Waiters set_what_is_in_flight(std::size_t size);
  std::size_t leaving() const { return unsent_ - waiting_behind(); }
  std::size_t waiting_behind() const { return fragments_ ? fragments_->behind.frames.size() : 0; }

  // outbox_fragments.cpp
  void begin_fragments(Opcode opcode);
  Pushed push_piece(std::unique_lock<LightMutex>& lock, std::string_view payload, bool fin);
  Pushed append_piece(std::string_view payload, bool fin, std::uint8_t reserved);
  Pushed push_compressed_piece(std::unique_lock<LightMutex>& lock, std::string_view payload,
                               bool fin);
  void end_fragments();

  static constexpr std::size_t much_waits = std::size_t{512} << 10U;

  const std::size_t limit_;
  const std::size_t high_water_;
  const std::size_t low_water_;

  mutable LightMutex mutex_;
  protocol::MaskKeys keys_;
  base::Seldom<protocol::DeflateAgreement> deflate_;  // of the open connection
  CompressorPtr compressor_;                          // made for its first message
  BatchQueue queue_;
  std::unique_ptr<FragmentedMessage> fragments_;  // while one is under way
  std::size_t unsent_ = 0;                        // all that is here or in flight
  std::size_t in_flight_ = 0;  // changed by the loop's thread alone, with the lock
  bool open_ = false;
  bool fragments_were_cut_off_ = false;  // the next piece belongs to a message that is no more
  bool drain_is_due_ = false;            // once there is room again
  bool drain_is_to_be_told_ = false;     // there is; the loop's thread alone
  // The loop sets it without the lock, and takes it back with the lock.
  std::atomic<bool> loop_will_look_{false};
  std::size_t room_changes_ = 0;
  bool waiting_is_over_ = false;
  LazyCondition room_;
};

// ---- on the way of every message; it pays to have them within push()

// mutex_ is held. All that is summed up lies in memory, so the sum does not overflow.
inline bool Outbox::has_room_for(std::size_t payload_size, std::size_t held) const {
  return open_ && held + protocol::frame_size(payload_size, true) <= limit_;
}

// mutex_ is held. Meanwhile only stay_awake() may change it: at worst the loop is woken for nothing.
inline bool Outbox::must_wake_loop() {
  if (loop_will_look_.load(std::memory_order_relaxed)) return false;
  loop_will_look_.store(true, std::memory_order_relaxed);
  return true;
}

// mutex_ is held. There is room.
inline void Outbox::append_frame(protocol::FrameBatch& batch, bool fin, Opcode opcode,
                                 std::string_view payload, std::uint8_t reserved) {
  unsent_ += protocol::append_frame(batch.frames, fin, opcode, payload, &keys_, reserved);
}

// mutex_ is held. A frame was appended.
inline Outbox::Pushed Outbox::queued() {
  const bool batch_is_full = queue_.appended();
  return {SendResult::queued, must_wake_loop(), batch_is_full && leaving() > much_waits};
}

}  // namespace websocket::api
