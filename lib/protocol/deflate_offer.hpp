// Agreeing on permessage-deflate in the opening handshake: RFC 7692 5 and 7.1, the client's side.
// Compressing is deflate's business.
#pragma once

#include <optional>
#include <string>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "protocol/deflate.hpp"
#include "protocol/extension_list.hpp"

namespace websocket::protocol {

// Errc::invalid_option where a value is out of its range.
std::optional<base::Failure> check_compression(const CompressionOptions& options);

// What Sec-WebSocket-Extensions says to offer it.
std::string offer_deflate(const CompressionOptions& options);

// Holds what the server chose against that offer. Errc::unexpected_extension where it does not fit.
base::Outcome<DeflateAgreement> agree_on_deflate(const Extension& chosen,
                                                 const CompressionOptions& offered);

}  // namespace websocket::protocol
