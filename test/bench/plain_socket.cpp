#include "plain_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

PlainSocket::PlainSocket(int descriptor) : descriptor_(descriptor) {
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

PlainSocket::PlainSocket(PlainSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

PlainSocket::~PlainSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

PlainSocket PlainSocket::connect(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("the benchmark's server cannot be reached");
  }
  return PlainSocket(descriptor);
}

std::size_t PlainSocket::read(char* into, std::size_t size) {
  const ssize_t got = ::recv(descriptor_, into, size, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool PlainSocket::read_all(char* into, std::size_t size) {
  while (size > 0) {
    const std::size_t got = read(into, size);
    if (got == 0) return false;
    into += got;
    size -= got;
  }
  return true;
}

bool PlainSocket::discard(std::size_t size) {
  static thread_local std::vector<char> block(std::size_t{128} << 10U);
  while (size > 0) {
    const std::size_t got = read(block.data(), std::min(block.size(), size));
    if (got == 0) return false;
    size -= got;
  }
  return true;
}

bool PlainSocket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace bench
