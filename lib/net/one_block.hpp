// Memory for a handler of Asio's of which there is one at a time: what waits in it can always be posted.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace websocket::net {

class OneBlock {
 public:
  // For Asio, which asks a handler how its memory is allocated. What is bigger, as Asio may one day be, is allocated
  // as usual.
  template <class T>
  class Allocator {
   public:
    using value_type = T;

    explicit Allocator(OneBlock& block) noexcept : block_(&block) {}
    template <class Other>
    Allocator(const Allocator<Other>& other) noexcept : block_(other.block_) {}  // NOLINT

    T* allocate(std::size_t count) {
      if (!fits(count)) return std::allocator<T>().allocate(count);
      return reinterpret_cast<T*>(block_->bytes_);
    }
    void deallocate(T* given, std::size_t count) noexcept {
      if (!fits(count)) std::allocator<T>().deallocate(given, count);
    }
    template <class Other>
    bool operator==(const Allocator<Other>& other) const noexcept {
      return block_ == other.block_;
    }

   private:
    template <class Other>
    friend class Allocator;

    static bool fits(std::size_t count) noexcept {
      return count <= size / sizeof(T) && alignof(T) <= alignof(std::max_align_t);
    }

    OneBlock* block_;
  };

  // The work, as a handler that lies in the block while it waits.
  template <class Work>
  class Handler {
   public:
    using allocator_type = Allocator<std::byte>;

    Handler(OneBlock& block, Work work) : block_(&block), work_(std::move(work)) {}
    allocator_type get_allocator() const noexcept { return allocator_type(*block_); }
    void operator()() { work_(); }

   private:
    OneBlock* block_;
    Work work_;
  };

 private:
  static constexpr std::size_t size = 128;
  alignas(std::max_align_t) std::byte bytes_[size];
};

}  // namespace websocket::net
