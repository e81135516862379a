// See endpoint.hpp. IPv6 addresses stand in brackets before a port, as RFC 3986 3.2.2 has them.
#include "net/endpoint.hpp"

#include <algorithm>
#include <array>
#include <asio/ip/tcp.hpp>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace websocket::net {
namespace {

void append_number(std::string& text, std::uint16_t number) {
  std::array<char, 5> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

// As inet_ntop has it, which takes as long as the rest of a connection's bookkeeping together.
void append_ipv4(std::string& text, const asio::ip::address_v4& address) {
  for (const std::uint8_t byte : address.to_bytes()) {
    append_number(text, byte);
    text += '.';
  }
  text.pop_back();
}

}  // namespace

Address to_address(const void* sockaddr, std::size_t size) {
  const auto* const bytes = static_cast<const unsigned char*>(sockaddr);
  Address address{{bytes, bytes + std::min(size, Endpoint().capacity())}, {}};
  address.text = endpoint_text(to_endpoint(address));
  return address;
}

Endpoint to_endpoint(const Address& address) {
  return Endpoint(address.sockaddr.data(), address.sockaddr.size());
}

std::string endpoint_text(const Endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  if (family != asio::ip::tcp::v4().family() && family != asio::ip::tcp::v6().family()) return {};
  asio::ip::tcp::endpoint ip;
  if (endpoint.size() > ip.capacity()) return {};
  std::memcpy(ip.data(), endpoint.data(), endpoint.size());
  ip.resize(endpoint.size());
  std::string text;
  if (ip.address().is_v4()) {
    append_ipv4(text, ip.address().to_v4());
  } else {
    text.append("[").append(ip.address().to_string()).append("]");
  }
  text += ':';
  append_number(text, ip.port());
  return text;
}

}  // namespace websocket::net
