// A handler that may be assigned at any time, from any thread, also by itself while it runs.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <websocket/export.hpp>

namespace websocket {

namespace detail {
/// For Callback alone, which is inline: another thread is copying or swapping a pointer, which takes
/// moments, and this one gives way to it; `times` is how often it did so before. (Not by the wait and
/// notify of std::atomic: what they know of each other is each shared object's own, and the thread
/// that waits may run the library's code while the one that wakes it runs the program's.)
WEBSOCKET_API void give_way(unsigned times) noexcept;
}  // namespace detail

template <class Signature>
class Callback;

/// A place for a handler: assign anything callable with these arguments; `nullptr` or `{}` empties
/// it, and an empty one means "not wanted".
///
/// Assigning is safe from every thread at every time, also from within the handler itself: a
/// handler that is running finishes, the next event goes to the new one. The former handler, with
/// whatever it captured, is destroyed once no call to it is in progress (for handlers that are
/// called in a row for messages that arrived together: once that row has ended).
template <class... Arguments>
class Callback<void(Arguments...)> {
 public:
  using Function = std::function<void(Arguments...)>;

  Callback() = default;
  Callback(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  template <class Handler>
  requires(!std::same_as<std::remove_cvref_t<Handler>, Callback> &&
           std::is_invocable_v<std::decay_t<Handler>&, Arguments...>)
      Callback(Handler&& handler) {  // NOLINT(google-explicit-constructor)
    assign(std::forward<Handler>(handler));
  }
  Callback(const Callback& other) { replace(other.current()); }
  ~Callback() = default;

  Callback& operator=(const Callback& other) {
    if (this != &other) replace(other.current());
    return *this;
  }
  Callback& operator=(std::nullptr_t) {
    replace(nullptr);
    return *this;
  }
  template <class Handler>
  requires(!std::same_as<std::remove_cvref_t<Handler>, Callback> &&
           std::is_invocable_v<std::decay_t<Handler>&, Arguments...>) Callback&
  operator=(Handler&& handler) {
    assign(std::forward<Handler>(handler));
    return *this;
  }

  /// Whether a handler is assigned.
  explicit operator bool() const { return current() != nullptr; }

  /// The handler as it is now, null where there is none. It stays callable as long as it is held.
  std::shared_ptr<const Function> current() const {
    if (state_.load(std::memory_order_acquire) == 0) return nullptr;  // never assigned
    const Lock lock(state_);
    return function_;
  }

  /// Counts the assignments, so that whoever holds `current()` learns cheaply that it is out of
  /// date.
  std::uint32_t version() const noexcept {
    return state_.load(std::memory_order_acquire) / assignment;
  }

 private:
  template <class Handler>
  void assign(Handler&& handler) {
    using Kept = std::decay_t<Handler>;
    if constexpr (std::is_copy_constructible_v<Kept>) {
      Function function(std::forward<Handler>(handler));
      // An empty std::function (or null function pointer) is "not wanted", as nullptr is.
      replace(function ? std::make_shared<const Function>(std::move(function)) : nullptr);
    } else {  // std::function wants to copy what it holds; it may copy a pointer to it
      auto kept = std::make_shared<Kept>(std::forward<Handler>(handler));
      assign([kept](Arguments... arguments) { (*kept)(std::forward<Arguments>(arguments)...); });
    }
  }
  void replace(std::shared_ptr<const Function> function) {
    // The former handler is destroyed by `function`'s destructor, after the lock is gone: what it
    // captured may do anything on its way out, assign this very callback included.
    const Lock lock(state_);
    function_.swap(function);
    state_.fetch_add(assignment, std::memory_order_release);
  }

  // The lowest bit of the state is a lock, held for as long as it takes to copy or swap a pointer;
  // the others count the assignments. An app has ten of these, a program perhaps thousands of apps:
  // a mutex in each would be more than half of it.
  static constexpr std::uint32_t locked = 1;
  static constexpr std::uint32_t assignment = 2;

  class Lock {
   public:
    explicit Lock(std::atomic<std::uint32_t>& state) : state_(state) {
      for (unsigned times = 0;; ++times) {
        std::uint32_t free = state_.load(std::memory_order_relaxed) & ~locked;
        if (state_.compare_exchange_weak(free, free | locked, std::memory_order_acquire)) return;
        detail::give_way(times);
      }
    }
    ~Lock() { state_.fetch_sub(locked, std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic<std::uint32_t>& state_;
  };

  std::shared_ptr<const Function> function_;
  mutable std::atomic<std::uint32_t> state_{0};
};

}  // namespace websocket
