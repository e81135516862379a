// Between Asio's endpoints and our Address, and how an address reads.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/generic/stream_protocol.hpp>
#include <string>

#include "net/loop.hpp"

namespace websocket::net {

using Endpoint = asio::generic::stream_protocol::endpoint;

Address to_address(const void* sockaddr, std::size_t size);
// The address must not be longer than the system's longest; to_address makes none that is.
Endpoint to_endpoint(const Address& address);

std::string endpoint_text(const Endpoint& endpoint);  // "127.0.0.1:80", "[::1]:80"

}  // namespace websocket::net
