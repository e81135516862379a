#include "base/buffer.hpp"

#include <algorithm>
#include <cstring>

namespace websocket::base {

template <class Memory>
void BasicBuffer<Memory>::make_room(std::size_t count, std::size_t enough) {
  if (begin_ > 0) {  // what was consumed may be room enough
    std::memmove(memory_.data(), memory_.data() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    if (capacity() - end_ >= count && capacity() / 2 >= end_) return;
  }
  memory_.grow(std::max(end_ + count, enough > 0 ? enough : capacity() * 2), end_);
}

template class BasicBuffer<HeapMemory>;
template class BasicBuffer<StringMemory>;

}  // namespace websocket::base
