#include "base/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace websocket::base {

void Buffer::make_room(std::size_t count, std::size_t enough) {
  if (begin_ > 0) {  // what was consumed may be room enough
    std::memmove(memory_, memory_ + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    if (capacity_ - end_ >= count && capacity_ / 2 >= end_) return;
  }
  const std::size_t wanted = std::max(end_ + count, std::min(capacity_ * 2, enough));
  if (empty()) release();  // there is nothing that would have to be copied
  void* grown = std::realloc(memory_, wanted);
  if (grown == nullptr) throw std::bad_alloc();
  memory_ = static_cast<char*>(grown);
  capacity_ = wanted;
}

}  // namespace websocket::base
