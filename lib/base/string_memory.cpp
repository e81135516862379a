// Compiled as C++23 where the compiler knows enough of that, see meson.build: C++20 fills what a string
// grows by, which takes about as long as copying it.
#include <algorithm>
#include <cstring>
#include <version>

#include "base/memory.hpp"

namespace websocket::base {
namespace {

// So long at least: a string keeps fewer bytes within itself, and a buffer's must stay in their place
// when it is moved.
constexpr std::size_t shortest = 64;

std::string unfilled(std::size_t size) {
  std::string bytes;
#ifdef __cpp_lib_string_resize_and_overwrite
  bytes.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
#else
  bytes.resize(size);
#endif
  return bytes;
}

}  // namespace

void StringMemory::grow(std::size_t size, std::size_t kept) {
  std::string grown = unfilled(std::max(size, shortest));
  std::memcpy(grown.data(), bytes_.data(), kept);
  bytes_ = std::move(grown);
}

}  // namespace websocket::base
