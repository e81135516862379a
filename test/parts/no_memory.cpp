#include "parts/no_memory.hpp"

#include <cstddef>
#include <limits>

namespace {

thread_local int times_left = -1;  // without limit
thread_local std::size_t most_bytes = std::numeric_limits<std::size_t>::max();
thread_local int given = 0;

}  // namespace

namespace parts {

NoMemory::NoMemory(int after) { times_left = after; }
NoMemory::~NoMemory() { times_left = -1; }

LittleMemory::LittleMemory(std::size_t most) {
  most_bytes = most;
  given = 0;
}
LittleMemory::~LittleMemory() { most_bytes = std::numeric_limits<std::size_t>::max(); }
int LittleMemory::times_given() { return given; }

}  // namespace parts

// The linker's --wrap=realloc.
extern "C" void* __real_realloc(void* memory, std::size_t size);   // NOLINT
extern "C" void* __wrap_realloc(void* memory, std::size_t size) {  // NOLINT
  if (times_left == 0 || size > most_bytes) return nullptr;
  if (times_left > 0) --times_left;
  ++given;
  return __real_realloc(memory, size);
}
