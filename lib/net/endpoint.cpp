// See endpoint.hpp. IPv6 addresses stand in brackets before a port, as RFC 3986 3.2.2 has them.
#include "net/endpoint.hpp"

#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <cstring>

namespace websocket::net {

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
  const std::string host = ip.address().to_string();
  return (ip.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(ip.port());
}

}  // namespace websocket::net
