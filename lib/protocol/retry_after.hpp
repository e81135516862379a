// When a server that refuses wants to be asked again: Retry-After, RFC 9110 10.2.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <websocket/headers.hpp>

namespace websocket::protocol {

// In seconds, not less than zero; nothing where the answer does not say or what it says cannot be
// read. A date counts from the answer's own Date, and from `now` (Unix time) where it has none.
std::optional<std::int64_t> retry_after(const Headers& answer, std::int64_t now);

// Unix time of an HTTP-date (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT", and the two
// obsolete forms "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". `now` tells which
// century two digits mean.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now);

}  // namespace websocket::protocol
