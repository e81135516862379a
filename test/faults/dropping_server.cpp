#include "dropping_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace faults {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

void drop(support::RawConnection& connection) {
  connection.accept_handshake();
  connection.close();
}

void reset(support::RawConnection& connection) {
  connection.accept_handshake();
  connection.reset();
}

void close_in_order(support::RawConnection& connection) {
  connection.accept_handshake();
  connection.write_text("so long");
  connection.write_close(1001, "going away");
  connection.read_frame();  // the client's Close frame; it is for us to end the connection
  connection.close();
}

void drop_within_a_frame(support::RawConnection& connection) {
  connection.accept_handshake();
  connection.write("\x81\x05he");
  connection.close();
}

void refuse(support::RawConnection& connection) {
  connection.read_until("\r\n\r\n");
  connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy");
  connection.close();
}

void say_nothing(support::RawConnection& connection) {
  connection.read_until("\r\n\r\n");
  connection.close();
}

using Manner = void (*)(support::RawConnection&);
constexpr Manner manners[] = {drop,   reset,      close_in_order, drop_within_a_frame,
                              refuse, say_nothing};

}  // namespace

DroppingServer::DroppingServer()
    : listener_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")),
      stop_(checked(::eventfd(0, EFD_CLOEXEC), "eventfd")) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  checked(::bind(listener_.get(), generic, size), "bind");
  checked(::listen(listener_.get(), SOMAXCONN), "listen");
  checked(::getsockname(listener_.get(), generic, &size), "getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

DroppingServer::~DroppingServer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void DroppingServer::run() {
  for (std::size_t count = 0; wait_for_client(); ++count) {
    support::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    support::RawConnection connection(std::move(socket), stop_.get());
    try {
      manners[count % std::size(manners)](connection);
    } catch (const support::RawError&) {
      // The client went first.
    } catch (...) {
      return;  // this server ends
    }
  }
}

// False when the server ends.
bool DroppingServer::wait_for_client() {
  std::array<pollfd, 2> entries{pollfd{listener_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
  for (;;) {
    const int count = ::poll(entries.data(), entries.size(), -1);
    if (count < 0) continue;  // a signal
    return entries[1].revents == 0;
  }
}

}  // namespace faults
