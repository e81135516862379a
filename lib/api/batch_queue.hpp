// Frames that wait for the loop, in batches of some size: one buffer for all of them would be copied
// and paged in again and again while it grows, and leave the processor's cache before it is written.
// What carries little has one small batch and nothing else.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/seldom.hpp"
#include "protocol/frame_batch.hpp"

namespace websocket::api {

class BatchQueue {
 public:
  // Where the next frame is to be appended; then appended().
  protocol::FrameBatch& last() noexcept { return last_; }
  // Whether another batch has begun with it. Where there is no memory for one this one grows.
  bool appended() noexcept { return last_.frames.size() >= full_size && begin_another(); }
  // All of it behind what is there; it is left without.
  void append(protocol::FrameBatch& batch);

  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept { return last_.frames.size() + (more_ ? more_->size : 0); }
  std::size_t messages() const noexcept;

  // The first batch, in exchange for one whose memory can be used again.
  void take(protocol::FrameBatch& batch) noexcept {
    batch.clear();
    if (more_ && !more_->full.empty()) return take_full(batch);
    last_.swap(batch);
  }
  // Nothing is left for now: who sends little keeps a little, and what it got by take() goes back; who
  // sends much takes what the loop has used last,
  void rest(protocol::FrameBatch& spare) noexcept {
    const std::size_t kept = last_.frames.capacity();
    if (kept > base::Buffer::little || kept > spare.frames.capacity()) give_back(spare);
  }
  // and nothing has happened for a while.
  void rest_long() noexcept {
    if (!empty()) return;
    more_.reset();
    last_.frames.rest_long();
  }
  void clear() noexcept { *this = {}; }

 private:
  static constexpr std::size_t full_size = std::size_t{256} << 10U;

  bool begin_another() noexcept;
  void take_full(protocol::FrameBatch& batch) noexcept;
  void give_back(protocol::FrameBatch& spare) noexcept;

  struct More {
    // Room for one more in `full`, and for all of them in `spare`: what is taken goes from here to there.
    void make_room();

    std::vector<protocol::FrameBatch> full;   // the first one is the next to be taken
    std::vector<protocol::FrameBatch> spare;  // empty, with memory
    std::size_t size = 0;                     // of the full ones
  };
  base::Seldom<More> more_;
  protocol::FrameBatch last_;
};

}  // namespace websocket::api
