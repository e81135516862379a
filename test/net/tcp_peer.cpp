// See tcp_peer.hpp.
#include "tcp_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdexcept>

#include "net/look_up.hpp"

namespace net_test {
namespace {

void check(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

TcpPeer::TcpPeer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener_.get(), generic, size) == 0, "bind");
  check(::listen(listener_.get(), 8) == 0, "listen");
  check(::getsockname(listener_.get(), generic, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

net::Address TcpPeer::address() const { return loopback(port_); }

void TcpPeer::accept() {
  pollfd waiting{listener_.get(), POLLIN, 0};
  check(::poll(&waiting, 1, support::Deadline(support::default_deadline).left()) == 1, "accept");
  connection_ = support::Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  check(static_cast<bool>(connection_), "accept");
  const timeval limit{support::default_deadline.count() / 1000, 0};
  ::setsockopt(connection_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(connection_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

void TcpPeer::stop_listening() { listener_.close(); }

std::string TcpPeer::read(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more = ::recv(connection_.get(), bytes.data() + got, size - got, 0);
    check(more >= 0, "recv");
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  bytes.resize(got);
  return bytes;
}

void TcpPeer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    check(put > 0, "send");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void TcpPeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(connection_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  connection_.close();
}

net::Address loopback(std::uint16_t port) { return *net::numeric_address("127.0.0.1", port); }

std::unique_ptr<net::Stream> connect(net::AsioLoop& loop, TcpPeer& peer,
                                     const SocketOptions& options) {
  ToldStream told;
  const auto operation = loop.connect(peer.address(), options, told.handler());
  run_until(loop, [&] { return static_cast<bool>(told); });
  peer.accept();
  return std::move(told.value());
}

}  // namespace net_test
