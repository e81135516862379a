// Where a buffer has its bytes. What it grows by is not filled: it is about to be overwritten.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

namespace websocket::base {

// From the heap; what grows may stay where it is.
class HeapMemory {
 public:
  HeapMemory() = default;
  ~HeapMemory() { std::free(bytes_); }
  HeapMemory(const HeapMemory&) = delete;
  HeapMemory& operator=(const HeapMemory&) = delete;

  char* data() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }
  // The first `kept` bytes are what they were.
  void grow(std::size_t size, std::size_t kept);
  void swap(HeapMemory& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
  }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

// A string's, which may be given away as one. Where the compiler knows no better, it does fill what it
// grows by.
class StringMemory {
 public:
  static const bool grows_unfilled;

  char* data() noexcept { return bytes_.data(); }
  const char* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  void grow(std::size_t size, std::size_t kept);
  void swap(StringMemory& other) noexcept { bytes_.swap(other.bytes_); }
  // Its first `size` bytes; nothing is left here.
  std::string take(std::size_t size) {
    bytes_.resize(size);
    return std::exchange(bytes_, {});
  }

 private:
  std::string bytes_;
};

}  // namespace websocket::base
