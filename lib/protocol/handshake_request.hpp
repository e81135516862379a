// The client's half of the opening handshake, as bytes: RFC 6455 4.1, RFC 9112 3, RFC 7617 (Basic).
// Every string of the program is checked here, before anything is made of it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include <websocket/headers.hpp>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "protocol/url.hpp"

namespace websocket::protocol {

struct HandshakeRequest {
  std::string bytes;
  // What the server's answer is held against.
  std::string key;
  std::vector<std::string> subprotocols;
  std::optional<CompressionOptions> compression = {};  // permessage-deflate was offered like this
};

// Errc::invalid_header, invalid_subprotocol or invalid_option where the program asks for what must
// not be sent.
// `from_factory` is what options.header_factory gave for this attempt.
base::Outcome<HandshakeRequest> make_handshake_request(const Url& url,
                                                       const ConnectOptions& options,
                                                       const Headers& from_factory,
                                                       std::span<const std::byte, 16> nonce);

}  // namespace websocket::protocol
