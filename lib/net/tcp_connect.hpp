// Opening a TCP connection to one address.
#pragma once

#include "net/loop.hpp"
#include "net/loop_context.hpp"

namespace websocket::net {

OperationPtr connect_tcp(const LoopContextPtr& loop, const Address& to,
                         const SocketOptions& options, Loop::Connected done);

}  // namespace websocket::net
