#include <cstdlib>
#include <new>

#include "base/memory.hpp"

namespace websocket::base {

void HeapMemory::grow(std::size_t size, std::size_t kept) {
  if (kept == 0) HeapMemory().swap(*this);  // there is nothing that would have to be copied
  void* const grown = std::realloc(bytes_, size);
  if (grown == nullptr) throw std::bad_alloc();
  bytes_ = static_cast<char*>(grown);
  size_ = size;
}

}  // namespace websocket::base
