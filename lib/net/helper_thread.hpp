// A thread nobody waits for.
#pragma once

#include <functional>
#include <system_error>

namespace websocket::net {

// Runs `work`, which must not throw, on a detached thread that no signal is delivered to.
std::error_code start_helper_thread(std::function<void()> work);

}  // namespace websocket::net
