// New TCP sockets that no child process of the host program inherits.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <system_error>

namespace websocket::net {

using Socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

// Opens `socket` for addresses of that family (AF_INET, ...), non-blocking.
std::error_code open_socket(Socket& socket, int family);

}  // namespace websocket::net
