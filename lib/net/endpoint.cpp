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

// As inet_ntop has it, which goes through sprintf and takes some ten times as long.
std::string ipv4_text(const asio::ip::address_v4& address, std::uint16_t port) {
  std::array<char, sizeof "255.255.255.255:65535"> text{};
  char* end = text.data();
  for (const std::uint8_t byte : address.to_bytes()) {
    end = std::to_chars(end, end + 3, byte).ptr;
    *end++ = '.';
  }
  end[-1] = ':';
  end = std::to_chars(end, end + 5, port).ptr;
  return {text.data(), end};
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
  if (ip.address().is_v4()) return ipv4_text(ip.address().to_v4(), ip.port());
  return "[" + ip.address().to_string() + "]:" + std::to_string(ip.port());
}

}  // namespace websocket::net
