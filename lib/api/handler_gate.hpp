// Through which every handler of an app goes: knows on which thread one is running, and when shut
// lets none in any more. What makes destroying an app safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace websocket::api {

class HandlerGate {
 public:
  // False when shut. Waits while another thread is inside; a thread that is inside may enter again.
  bool enter();
  // The same without waiting: also false while another thread is inside.
  bool try_enter();
  void leave();

  // Leaves in the end, whatever happens.
  class Leaving {
   public:
    explicit Leaving(HandlerGate& gate) : gate_(gate) {}
    ~Leaving() { gate_.leave(); }
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;

   private:
    HandlerGate& gate_;
  };

  // Whether the calling thread is inside. Only itself has written that it is, so it needs no order.
  bool is_inside() const {
    return inside_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  bool is_shut() const noexcept { return (state_.load(std::memory_order_acquire) & shut_bit) != 0; }

  // Nobody enters from now on; waits for another thread that is inside to leave.
  void shut();
  // The process exits: the same without waiting. Whoever leaves too late does not come back.
  void fall_silent();

 private:
  // An app has one of these, so it is small: three bits, and who waits for a change waits for the
  // state itself.
  static constexpr std::uint32_t occupied_bit = 1;
  static constexpr std::uint32_t shut_bit = 2;
  static constexpr std::uint32_t silent_bit = 4;

  bool come_in(std::uint32_t& state);

  std::atomic<std::uint32_t> state_{0};
  std::uint32_t depth_ = 0;                // for who is inside
  std::atomic<std::thread::id> inside_{};  // written by who is inside
};

}  // namespace websocket::api
