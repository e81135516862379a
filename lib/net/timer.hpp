// Work for later on a loop, as an Operation: at a time, or as soon as the loop gets to it.
#pragma once

#include <functional>

#include "net/loop.hpp"
#include "net/loop_context.hpp"

namespace websocket::net {

OperationPtr run_at(const LoopContextPtr& loop, Clock::time_point when, std::function<void()> work);
OperationPtr run_soon(const LoopContextPtr& loop, std::function<void()> work);

}  // namespace websocket::net
