// Compiled as C++23 where the compiler knows enough of that, see meson.build: C++20 fills what a string
// grows by, which takes about as long as copying it.
#include <algorithm>
#include <cstring>
#include <new>
#include <version>

#include "base/memory.hpp"

namespace websocket::base {
namespace {

// So long at least: a string keeps fewer bytes within itself, and a buffer's must stay in their place
// when it is moved.
constexpr std::size_t shortest = 64;

// The standard wants each byte written that is said to be there. Ours are before anybody reads them,
// if only later; the libraries do nothing but take the size.
#ifdef __cpp_lib_string_resize_and_overwrite
constexpr bool leaves_unfilled = true;
void resize(std::string& bytes, std::size_t size) {
  bytes.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
}
#else
constexpr bool leaves_unfilled = false;
void resize(std::string& bytes, std::size_t size) { bytes.resize(size); }
#endif

}  // namespace

const bool StringMemory::grows_unfilled = leaves_unfilled;

void StringMemory::grow(std::size_t size, std::size_t kept) {
  std::string grown;
  if (size > grown.max_size()) throw std::bad_alloc();
  resize(grown, std::max(size, shortest));
  std::memcpy(grown.data(), bytes_.data(), kept);
  bytes_ = std::move(grown);
}

}  // namespace websocket::base
