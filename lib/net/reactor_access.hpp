// What Asio's reactor keeps to itself, where the platform has such a reactor.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/io_context.hpp>

namespace websocket::net {

// Readable when the reactor has something to tell; -1: there is none.
int reactor_descriptor(asio::io_context& context);
// Makes it readable. From any thread.
void interrupt_reactor(asio::io_context& context);

}  // namespace websocket::net
