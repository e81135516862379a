// A growable run of bytes that never fills what is about to be overwritten, and forgets from its
// front.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace websocket::base {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(memory_); }

  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return begin_ == end_; }
  char* data() noexcept { return memory_ + begin_; }
  std::string_view view() const noexcept { return {memory_ + begin_, size()}; }

  // Room for `count` bytes behind the last one; commit() says how many of them were written. It grows
  // by doubling, but not past `enough` bytes in all, unless `count` takes it there.
  static constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
  char* prepare(std::size_t count, std::size_t enough = any) {
    if (capacity_ - end_ < count) make_room(count, enough);
    return memory_ + end_;
  }
  void commit(std::size_t count) noexcept { end_ += count; }
  void append(std::string_view bytes, std::size_t enough = any) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size(), enough), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  // Forgets the first `count` bytes.
  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Forgets the last `count` bytes.
  void shorten(std::size_t count) noexcept { end_ -= count; }
  void clear() noexcept { begin_ = end_ = 0; }
  // Gives the memory back as well.
  void release() noexcept { Buffer().swap(*this); }

  // ---- what is kept while it is empty
  // A little always. Much of it until nothing has happened for a while, since the system takes its
  // time to give it again, page by page; but not any amount. What lies between is soon had again.
  static constexpr std::size_t little = std::size_t{2} << 10U;
  static constexpr std::size_t much = std::size_t{64} << 10U;
  static constexpr std::size_t most = (std::size_t{1} << 20U) + much;
  bool holds_much() const noexcept { return capacity_ > much; }
  bool keeps_much() const noexcept { return holds_much() && capacity_ <= most; }
  // It is used up for now,
  void rest() noexcept {
    if (!keeps_much()) rest_long();
  }
  // and nothing has happened for a while.
  void rest_long() noexcept {
    if (empty() && capacity_ > little) release();
  }

  void swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void make_room(std::size_t count, std::size_t enough);

  char* memory_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace websocket::base
