// See helper_thread.hpp. Signals belong to the host program: one that landed on a thread it doesn't
// know of would interrupt nothing it waits in. The new thread inherits its mask, so there is no
// gap.
#include "net/helper_thread.hpp"

#include <new>
#include <thread>
#include <utility>

#include "net/signals_blocked.hpp"

namespace websocket::net {

std::error_code start_helper_thread(std::function<void()> work) {
  try {
    const SignalsBlocked blocked;
    std::thread(std::move(work)).detach();
    return {};
  } catch (const std::system_error& error) {
    return error.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

}  // namespace websocket::net
