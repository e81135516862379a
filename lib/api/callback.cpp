// What of websocket/callback.hpp is not inline.
#include <websocket/callback.hpp>

#include <chrono>
#include <thread>

namespace websocket::detail {

void give_way(unsigned times) noexcept {
  constexpr unsigned most_yields = 64;
  if (times < most_yields) {
    std::this_thread::yield();
  } else {  // to a thread of a lower priority, too
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace websocket::detail
