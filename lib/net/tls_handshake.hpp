// The TLS handshake as an Operation: a plain stream goes in, one inside TLS comes out.
#pragma once

#include <memory>
#include <string>

#include "net/loop.hpp"
#include "net/loop_context.hpp"
#include "net/tls_context.hpp"

namespace websocket::net {

OperationPtr start_tls_handshake(const LoopContextPtr& loop, std::unique_ptr<Stream> lower,
                                 std::shared_ptr<const OpenSslContext> context,
                                 const std::string& host, base::TraceSink& trace,
                                 Loop::Connected done);

}  // namespace websocket::net
