// Where bytes are read to before they are looked at. A loop keeps its buffer while something of it is
// in use; a thousand synchronous connections have a loop each, and only a few of them read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace websocket::net {

inline constexpr std::size_t read_buffer_size = std::size_t{128} << 10U;
using ReadBuffer = std::unique_ptr<char[]>;

// A few buffers that no loop needs just now. From any thread.
class SpareReadBuffers {
 public:
  ReadBuffer take() {
    for (std::atomic<char*>& place : places_) {
      if (place.load(std::memory_order_relaxed) == nullptr) continue;
      if (char* const buffer = place.exchange(nullptr, std::memory_order_acquire)) {
        return ReadBuffer(buffer);
      }
    }
    return std::make_unique_for_overwrite<char[]>(read_buffer_size);
  }
  void give(ReadBuffer buffer) {
    for (std::atomic<char*>& place : places_) {
      char* none = nullptr;
      if (place.compare_exchange_strong(none, buffer.get(), std::memory_order_release)) {
        static_cast<void>(buffer.release());
        return;
      }
    }
  }

 private:
  std::array<std::atomic<char*>, 8> places_{};  // never destroyed
};

// Those of all loops of the process.
inline constinit SpareReadBuffers spare_read_buffers;

}  // namespace websocket::net
