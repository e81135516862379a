// A growable run of bytes that never fills what is about to be overwritten, and forgets from its
// front.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/memory.hpp"

namespace websocket::base {

template <class Memory>
class BasicBuffer {
 public:
  BasicBuffer() = default;
  BasicBuffer(BasicBuffer&& other) noexcept { swap(other); }
  BasicBuffer& operator=(BasicBuffer&& other) noexcept {
    BasicBuffer(std::move(other)).swap(*this);
    return *this;
  }
  BasicBuffer(const BasicBuffer&) = delete;
  BasicBuffer& operator=(const BasicBuffer&) = delete;
  ~BasicBuffer() = default;

  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t capacity() const noexcept { return memory_.size(); }
  // Behind the last byte, without growing.
  std::size_t room() const noexcept { return capacity() - end_; }
  bool empty() const noexcept { return begin_ == end_; }
  char* data() noexcept { return memory_.data() + begin_; }
  std::string_view view() const noexcept { return {memory_.data() + begin_, size()}; }

  // Room for `count` bytes behind the last one; commit() says how many of them were written. Where it
  // has to grow for that it grows to `enough` bytes in all, or where nothing is known of them doubles;
  // not so far where there is no memory for more.
  char* prepare(std::size_t count, std::size_t enough = 0) {
    if (room() < count) make_room(count, enough);
    return memory_.data() + end_;
  }
  void commit(std::size_t count) noexcept { end_ += count; }
  void append(std::string_view bytes, std::size_t enough = 0) {
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
  void release() noexcept { BasicBuffer().swap(*this); }
  // All of it as a string, without copying where not much room would be left over.
  std::string take() requires std::same_as<Memory, StringMemory> {
    if (begin_ > 0 || room() > end_ / 4) {
      std::string copy(view());
      clear();
      return copy;
    }
    return memory_.take(std::exchange(end_, 0));
  }

  // ---- what is kept while it is empty
  // A little always. Much of it until nothing has happened for a while, since the system takes its
  // time to give it again, page by page; but not any amount. What lies between is soon had again.
  static constexpr std::size_t little = std::size_t{2} << 10U;
  static constexpr std::size_t much = std::size_t{64} << 10U;
  static constexpr std::size_t most = (std::size_t{1} << 20U) + much;
  bool holds_much() const noexcept { return capacity() > much; }
  bool keeps_much() const noexcept { return holds_much() && capacity() <= most; }
  // It is used up for now,
  void rest() noexcept {
    if (!keeps_much()) rest_long();
  }
  // and nothing has happened for a while.
  void rest_long() noexcept {
    if (empty() && capacity() > little) release();
  }

  void swap(BasicBuffer& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void make_room(std::size_t count, std::size_t enough);
  bool grows(std::size_t size);

  Memory memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// What goes out; and what comes in, which may be wanted as a string.
using Buffer = BasicBuffer<HeapMemory>;
using StringBuffer = BasicBuffer<StringMemory>;

extern template void Buffer::make_room(std::size_t count, std::size_t enough);
extern template void StringBuffer::make_room(std::size_t count, std::size_t enough);

}  // namespace websocket::base
