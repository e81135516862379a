// What a Sec-WebSocket-Extensions field says: RFC 6455 9.1. Which extensions there are, and what
// their parameters mean, is left to who asks.
#pragma once

#include <optional>
#include <string>
#include <vector>
#include <websocket/headers.hpp>

#include "base/failure.hpp"

namespace websocket::protocol {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  // as it is without quotes
};

struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;
};

// All fields of that name as one list, in their order; empty where there is none. Fails with
// Errc::unexpected_extension where the grammar is not kept.
base::Outcome<std::vector<Extension>> read_extensions(const Headers& headers);

}  // namespace websocket::protocol
