#include "api/batch_queue.hpp"

#include <algorithm>

namespace websocket::api {

void BatchQueue::begin_another() {
  More& more = more_.get();
  protocol::FrameBatch next;
  if (!more.spare.empty()) {
    next = std::move(more.spare.back());
    more.spare.pop_back();
  }
  next.frames.prepare(full_size + full_size / 4);  // so that it need not grow
  more.size += last_.frames.size();
  more.full.push_back(std::exchange(last_, std::move(next)));
}

void BatchQueue::append(protocol::FrameBatch batch) {
  if (last_.frames.size() + batch.frames.size() <= full_size) {
    last_.append(batch);  // one batch leaves with one system call
  } else {
    if (!last_.frames.empty()) begin_another();
    last_ = std::move(batch);
  }
  appended();
}

std::size_t BatchQueue::messages() const noexcept {
  std::size_t count = last_.messages;
  if (!more_) return count;
  for (const protocol::FrameBatch& batch : more_->full) count += batch.messages;
  return count;
}

void BatchQueue::take_full(protocol::FrameBatch& batch) {
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
