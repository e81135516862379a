#include "parts/no_memory.hpp"

#include <cstddef>

namespace {

thread_local int times_left = -1;  // without limit

}  // namespace

namespace parts {

NoMemory::NoMemory(int after) { times_left = after; }
NoMemory::~NoMemory() { times_left = -1; }

}  // namespace parts

// The linker's --wrap=realloc.
extern "C" void* __real_realloc(void* memory, std::size_t size);   // NOLINT
extern "C" void* __wrap_realloc(void* memory, std::size_t size) {  // NOLINT
  if (times_left == 0) return nullptr;
  if (times_left > 0) --times_left;
  return __real_realloc(memory, size);
}
