// What Asio's reactor keeps to itself, where the platform has such a reactor.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/io_context.hpp>

namespace websocket::net {

// -1: none.
struct ReactorDescriptors {
  int all = -1;     // readable when the reactor has something to tell
  int timers = -1;  // readable when a timer is due
};
ReactorDescriptors reactor_descriptors(asio::io_context& context);
// Makes the first of them readable. From any thread.
void interrupt_reactor(asio::io_context& context);

}  // namespace websocket::net
