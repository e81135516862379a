#include "base/buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace websocket::base {

template <class Memory>
void BasicBuffer<Memory>::make_room(std::size_t count, std::size_t enough) {
  if (begin_ > 0) {  // what was consumed may be room enough
    std::memmove(memory_.data(), memory_.data() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    if (room() >= count && capacity() / 2 >= end_) return;
  }
  const std::size_t least = end_ + count;
  std::size_t wanted = std::max(least, enough > 0 ? enough : capacity() * 2);
  while (!grows(wanted)) {
    if (wanted == least) throw std::bad_alloc();
    // As much more as can be had, but no more than half of what must be: lest it move with every append.
    wanted = least + std::min(wanted - least, least) / 2;
  }
}

// False: there is no memory for that.
template <class Memory>
bool BasicBuffer<Memory>::grows(std::size_t size) {
  try {
    memory_.grow(size, end_);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

template void Buffer::make_room(std::size_t count, std::size_t enough);
template void StringBuffer::make_room(std::size_t count, std::size_t enough);

}  // namespace websocket::base
