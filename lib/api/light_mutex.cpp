#include "api/light_mutex.hpp"

namespace websocket::api {

// Who has waited does not know whether others still do, and says that they may.
void LightMutex::wait_for_it() noexcept {
  while (state_.exchange(wanted, std::memory_order_acquire) != free) {
    state_.wait(wanted, std::memory_order_relaxed);
  }
}

void LightMutex::wake_one() noexcept { state_.notify_one(); }

}  // namespace websocket::api
