#include "api/batch_queue.hpp"

#include <algorithm>
#include <new>

namespace websocket::api {

void BatchQueue::More::make_room() {
  if (full.size() == full.capacity()) full.reserve(std::max<std::size_t>(4, 2 * full.size()));
  spare.reserve(full.capacity());
}

// False: there is no memory for it.
bool BatchQueue::begin_another() noexcept {
  try {
    More& more = more_.get();
    more.make_room();
    protocol::FrameBatch next;
    if (!more.spare.empty()) {
      next = std::move(more.spare.back());
      more.spare.pop_back();
    }
    next.frames.prepare(full_size + full_size / 4);  // so that it need not grow
    more.size += last_.frames.size();
    more.full.push_back(std::exchange(last_, std::move(next)));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void BatchQueue::append(protocol::FrameBatch& batch) {
  const bool fits = last_.frames.size() + batch.frames.size() <= full_size;
  if (!fits && (last_.frames.empty() || begin_another())) {
    last_.swap(batch);
  } else {
    last_.append(batch);  // one batch leaves with one system call
  }
  batch.clear();
  appended();
}

std::size_t BatchQueue::messages() const noexcept {
  std::size_t count = last_.messages;
  if (!more_) return count;
  for (const protocol::FrameBatch& batch : more_->full) count += batch.messages;
  return count;
}

void BatchQueue::take_full(protocol::FrameBatch& batch) noexcept {
  more_->full.front().swap(batch);
  more_->size -= batch.frames.size();
  more_->spare.push_back(std::move(more_->full.front()));
  more_->full.erase(more_->full.begin());
}

void BatchQueue::give_back(protocol::FrameBatch& spare) noexcept {
  if (more_) {
    const std::size_t enough = std::min(last_.frames.capacity(), full_size);
    if (spare.frames.capacity() >= enough) last_.swap(spare);
    return;
  }
  if (last_.frames.capacity() > spare.frames.capacity()) last_.swap(spare);
  last_.frames.rest_long();
}

}  // namespace websocket::api
