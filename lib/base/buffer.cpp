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
  const std::size_t wanted = std::max(least, enough > 0 ? enough : capacity() * 2);
  try {
    memory_.grow(wanted, end_);
  } catch (const std::bad_alloc&) {
    if (wanted == least) throw;
    memory_.grow(least, end_);
  }
}

template void Buffer::make_room(std::size_t count, std::size_t enough);
template void StringBuffer::make_room(std::size_t count, std::size_t enough);

}  // namespace websocket::base
