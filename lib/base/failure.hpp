// Why something did not work, as the layers tell one another: a code and the inner half of a
// sentence. The engine adds the stage and what it was doing ("TLS handshake with example.com:443
// failed: ...").
#pragma once

#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <websocket/error.hpp>

namespace websocket::base {

struct Failure {
  Errc code;
  std::string message;         // lower case, no full stop: "the certificate expired on 2026-01-31"
  std::error_code cause = {};  // what the system said, where it said something
};

// What an operation gives: the value, or why there is none.
template <class Value>
using Outcome = std::variant<Value, Failure>;

}  // namespace websocket::base
