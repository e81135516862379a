#include "net/tcp_connect.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <string>

#include "net/look_up.hpp"
#include "run_loop.hpp"
#include "tcp_peer.hpp"

using namespace net_test;

namespace {

base::Failure failure_of(const net::Address& to, const SocketOptions& options = {}) {
  net::AsioLoop loop;
  ToldStream told;
  const auto operation = loop.connect(to, options, told.handler());
  CHECK_FALSE(told);  // never before connect has returned
  REQUIRE(run_until(loop, [&] { return bool{told}; }));
  REQUIRE(told.has_failed());
  return told.failure();
}

std::string port_of(const std::string& address) { return address.substr(address.rfind(':') + 1); }

// The descriptor of this process that is bound to that port of 127.0.0.1, as connect made it.
int descriptor_with_port(const std::string& port) {
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (address.sin_family == AF_INET && std::to_string(ntohs(address.sin_port)) == port) return fd;
  }
  return -1;
}

int socket_option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

// Does something when it is told.
struct Doing : Listening {
  std::function<void()> when_told;
  void ready_to_read() override { when_told(); }
};

// Listens, but has more who wait already than it wants: who comes then gets no answer.
class SilentPeer {
 public:
  SilentPeer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), generic, size) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (auto& client : waiting_) {
      client =
          support::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(client.get(), generic, size);
    }
  }
  std::uint16_t port() const { return port_; }

 private:
  support::Descriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::array<support::Descriptor, 3> waiting_;
  std::uint16_t port_ = 0;
};

}  // namespace

TEST_SUITE_BEGIN("TCP connect");

TEST_CASE("the remote address is the one that was reached") {
  net::AsioLoop loop;
  TcpPeer peer;
  ToldStream told;
  const auto operation =
      loop.connect(*net::numeric_address("0.0.0.0", peer.port()), {}, told.handler());
  REQUIRE(run_until(loop, [&] { return told.times() == 1; }));
  CHECK(told.value()->remote_address() == "127.0.0.1:" + std::to_string(peer.port()));
}

TEST_CASE("a connection knows both its addresses") {
  net::AsioLoop loop;
  TcpPeer peer;
  const auto stream = connect(loop, peer);
  CHECK(stream->remote_address() == "127.0.0.1:" + std::to_string(peer.port()));
  CHECK(stream->local_address().starts_with("127.0.0.1:"));
  CHECK(stream->local_address() != stream->remote_address());
}

TEST_CASE("a port nobody listens on refuses the connection, and the sentence names it") {
  TcpPeer peer;
  const net::Address address = peer.address();
  peer.stop_listening();
  const base::Failure failure = failure_of(address);
  CHECK(failure.code == Errc::connection_refused);
  CHECK(failure.message == address.text + " refused the connection");
  CHECK(failure.cause == std::errc::connection_refused);
}

TEST_CASE("a network there is no way to is unreachable") {
  // TCP has no way to a multicast group.
  const base::Failure failure = failure_of(*net::numeric_address("224.0.0.1", 80));
  CHECK(failure.code == Errc::network_unreachable);
  CHECK(failure.message.starts_with("224.0.0.1:80 cannot be reached: "));
}

TEST_CASE("any other failure has the system's words") {
  // A link-local address without a zone.
  const base::Failure failure = failure_of(*net::numeric_address("fe80::1", 80));
  const bool no_ipv6_here = failure.code == Errc::network_unreachable;
  CHECK((failure.code == Errc::connect_failed || no_ipv6_here));
  CHECK(failure.cause);
  CHECK(failure.message.find(failure.cause.message()) != std::string::npos);
}

TEST_CASE("a local address that cannot be used is an invalid option") {
  TcpPeer peer;
  SocketOptions options;
  options.local_address = "eth0";
  base::Failure failure = failure_of(peer.address(), options);
  CHECK(failure.code == Errc::invalid_option);
  CHECK(failure.message == "the local address 'eth0' is not a numeric IP address");

  options.local_address = "192.0.2.1";  // no machine has it (RFC 5737)
  failure = failure_of(peer.address(), options);
  CHECK(failure.code == Errc::invalid_option);
  CHECK(failure.message.starts_with("the local address '192.0.2.1' cannot be used: "));

  options.local_address = "::1";
  failure = failure_of(peer.address(), options);
  CHECK(failure.code == Errc::network_unreachable);
}

TEST_CASE("a buffer size below zero is an invalid option") {
  TcpPeer peer;
  SocketOptions options;
  options.receive_buffer_size = -1;
  CHECK(failure_of(peer.address(), options).code == Errc::invalid_option);
}

TEST_CASE("the local address is where the connection comes from") {
  net::AsioLoop loop;
  TcpPeer peer;
  SocketOptions options;
  options.local_address = "127.0.0.2";
  const auto stream = connect(loop, peer, options);
  CHECK(stream->local_address().starts_with("127.0.0.2:"));
}

TEST_CASE("the options reach the socket, and no child process inherits it") {
  net::AsioLoop loop;
  TcpPeer peer;
  SocketOptions options;
  options.send_buffer_size = 20'000;
  const auto stream = connect(loop, peer, options);
  const int fd = descriptor_with_port(port_of(stream->local_address()));
  REQUIRE(fd >= 0);
  CHECK(socket_option(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(socket_option(fd, SOL_SOCKET, SO_SNDBUF) == 2 * 20'000);  // Linux doubles it for itself
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);

  options.tcp_nodelay = false;
  options.tcp_keepalive = false;
  const auto plain = connect(loop, peer, options);
  const int plain_fd = descriptor_with_port(port_of(plain->local_address()));
  CHECK(socket_option(plain_fd, IPPROTO_TCP, TCP_NODELAY) == 0);
  CHECK(socket_option(plain_fd, SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("an abandoned connection is not told, and its handler is gone at once") {
  net::AsioLoop loop;
  TcpPeer peer;
  const auto held = std::make_shared<int>(0);
  bool called = false;
  auto operation = loop.connect(peer.address(), {}, [held, &called](auto) { called = true; });
  operation.reset();
  CHECK(held.use_count() == 1);
  run_ready(loop);
  CHECK_FALSE(called);
}

TEST_CASE("a connection abandoned when it is made already, but not told yet, is closed") {
  net::AsioLoop loop;
  TcpPeer peer;
  net::OperationPtr first;
  net::OperationPtr second;
  int told = 0;
  first = loop.connect(peer.address(), {}, [&](auto) {
    ++told;
    second.reset();
  });
  second = loop.connect(peer.address(), {}, [&](auto) {
    ++told;
    first.reset();
  });
  peer.accept();  // both are established now
  REQUIRE(run_until(loop, [&] { return told > 0; }));
  run_ready(loop);
  CHECK(told == 1);
}

TEST_CASE("what another one waited for, which has gone, is not taken for being connected") {
  net::AsioLoop loop;
  TcpPeer peers[2];
  Doing doing;
  Listening listener;
  const auto stays = connect(loop, peers[0]);
  auto goes = connect(loop, peers[1]);
  stays->set_listener(&doing);
  goes->set_listener(&listener);
  stays->wait_to_read();
  goes->wait_to_read();  // two that wait: at the reactor
  const SilentPeer silent;
  ToldStream told;
  net::OperationPtr connecting;
  doing.when_told = [&] {
    goes.reset();
    connecting = loop.connect(loopback(silent.port()), {}, told.handler());
  };
  peers[0].write("x");
  goes->wait_to_write();  // both are ready now, so that the reactor has both in its hands
  run_ready(loop);
  REQUIRE(connecting != nullptr);
  CHECK(told.times() == 0);
}

TEST_CASE("the operation may be destroyed from within its handler") {
  net::AsioLoop loop;
  TcpPeer peer;
  net::OperationPtr operation;
  std::unique_ptr<net::Stream> stream;
  operation = loop.connect(peer.address(), {}, [&](auto outcome) {
    operation.reset();
    stream = std::move(std::get<0>(outcome));
  });
  REQUIRE(run_until(loop, [&] { return stream != nullptr; }));
  peer.accept();
  peer.write("hello");
  std::array<char, 8> into{};
  Listening listener;
  stream->set_listener(&listener);
  stream->wait_to_read();
  REQUIRE(run_until(loop, [&] { return listener.reads == 1; }));
  CHECK(stream->read(into).size == 5);
}

TEST_SUITE_END();
