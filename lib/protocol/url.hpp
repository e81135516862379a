// WebSocket URLs: RFC 6455 3 (ws and wss), RFC 3986 (syntax), RFC 6874 (IPv6 zones).
// Names are not looked up here, and not translated: an international one must come as xn--.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.hpp"

namespace websocket::protocol {

struct Url {
  bool secure = false;
  std::string host;  // lower case, IPv6 without brackets, an IPv6 zone behind a '%'
  std::uint16_t port = 80;
  std::string target = "/";              // path and query, ready for the request line
  std::optional<std::string> user_info;  // percent-decoded "user:password", always with the colon

  // For Host and sentences: "example.com", "example.com:8080", "[::1]:9001"; the port only where it
  // is not the scheme's default, an IPv6 zone never: it means nothing to another machine.
  std::string authority() const;
  // Always with the port, and with the zone: which endpoint it is, for sentences.
  std::string host_and_port() const;
  // "http://example.com:8080", "https://example.com"
  std::string origin() const;
  // The URL without what it says of the user: "ws://***@example.com/x".
  std::string display() const;
};

// Errc::invalid_url, unsupported_scheme or url_has_fragment where it is no WebSocket URL.
base::Outcome<Url> parse_url(std::string_view text);

// That text, which may be a URL in any state, with user and password shown as ***.
std::string hide_user_info(std::string_view url);

}  // namespace websocket::protocol
