// Names to addresses without blocking the loop: each look-up runs on a helper thread that shares
// only a mailbox with it, so that a name server that hangs can be walked away from at once.
#pragma once

#include <cstddef>
#include <memory>

#include "net/look_up.hpp"
#include "net/loop.hpp"
#include "net/loop_context.hpp"

namespace websocket::net {

// In the whole process; look-ups beyond that wait for one of these to end, without a thread.
inline constexpr std::size_t max_running_look_ups = 32;

OperationPtr resolve_name(const LoopContextPtr& loop, const LookUpFunction& look_up,
                          const std::string& host, std::uint16_t port, Loop::Resolved done);

}  // namespace websocket::net
