#include "support/refused_memory.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace support {

thread_local bool memory_is_gone = false;
thread_local std::size_t most_at_once = no_limit;
thread_local int until_one_is_refused = 0;
thread_local bool refusing_goes_on = false;
thread_local int megabytes_taken = 0;
std::atomic<int> times_refused{0};
std::atomic<int> big_blocks{0};

}  // namespace support

using namespace support;

namespace {

bool is_big(void* memory) {
  const std::size_t size = ::malloc_usable_size(memory);
  return size >= 10'000 && size < 200'000;
}

bool is_refused(std::size_t size) {
  const bool is_its_turn = until_one_is_refused > 0 && --until_one_is_refused == 0;
  if (is_its_turn) ++times_refused;
  if (is_its_turn && refusing_goes_on) memory_is_gone = true;
  return memory_is_gone || is_its_turn || size > most_at_once;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = is_refused(size) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  if (size >= 1'000'000) ++megabytes_taken;
  if (is_big(memory)) ++big_blocks;
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr && is_big(memory)) --big_blocks;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
// Sanitizers have their own of these.
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& none) noexcept {
  return operator new(size, none);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

// What Asio's operations lie in.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  void* memory = nullptr;
  if (is_refused(size) || ::posix_memalign(&memory, alignment, size) != 0) return nullptr;
  return memory;
}
