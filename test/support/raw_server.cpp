// Sockets and threads of the scripted server; raw_frames.cpp has what it knows of WebSocket.
#include "support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace support {
namespace {

// The server ends while a script waits. No problem of the script's.
struct Stopped {};

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// Whether the socket is ready; false when the time is over.
bool wait_for_socket(int socket, int stop, short events, const Deadline& deadline) {
  for (;;) {
    std::array<pollfd, 2> entries{pollfd{socket, events, 0}, pollfd{stop, POLLIN, 0}};
    const int count = ::poll(entries.data(), entries.size(), deadline.left());
    if (count < 0 && errno != EINTR) throw RawError("poll failed");
    if (count == 0) return false;
    if (entries[1].revents != 0) throw Stopped();
    if (entries[0].revents != 0) return true;
  }
}

}  // namespace

void RawConnection::wait_for(short events, const Deadline& deadline, const char* what) {
  if (!wait_for_socket(socket_.get(), stop_, events, deadline)) {
    throw RawError(std::string("the client did not come in time for ") + what);
  }
}

std::string RawConnection::read_some(Milliseconds deadline) {
  if (!unread_.empty()) return std::exchange(unread_, {});
  wait_for(POLLIN, Deadline(deadline), "a read");
  std::array<char, 65536> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) throw RawError("the client reset the connection");
  return {buffer.data(), static_cast<std::size_t>(count)};
}

std::string RawConnection::read_until(std::string_view delimiter, Milliseconds deadline) {
  const Deadline until(deadline);
  std::string bytes;
  for (;;) {
    const auto found = bytes.find(delimiter);
    if (found != std::string::npos) {
      unread_ = bytes.substr(found + delimiter.size());
      bytes.resize(found + delimiter.size());
      return bytes;
    }
    const std::string more = read_some(Milliseconds(until.left()));
    if (more.empty()) throw RawError("the client closed the connection after: " + bytes);
    bytes += more;
  }
}

std::string RawConnection::read_exactly(std::size_t size, Milliseconds deadline) {
  if (size == 0) return {};  // what was read already stays unread
  const Deadline until(deadline);
  std::string bytes;
  while (bytes.size() < size) {
    const std::string more = read_some(Milliseconds(until.left()));
    if (more.empty()) throw RawError("the client closed the connection within a frame");
    bytes += more;
  }
  unread_ = bytes.substr(size);
  bytes.resize(size);
  return bytes;
}

void RawConnection::wait_for_end(Milliseconds deadline) {
  const Deadline until(deadline);
  std::array<char, 4096> buffer;
  do {
    wait_for(POLLIN, until, "its end");
  } while (::recv(socket_.get(), buffer.data(), buffer.size(), 0) > 0);
}

void RawConnection::write(std::string_view bytes, Milliseconds deadline) {
  const Deadline until(deadline);
  while (!bytes.empty()) {
    wait_for(POLLOUT, until, "a write");
    const ssize_t count =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) throw RawError("the client closed the connection before a write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawConnection::shutdown() { ::shutdown(socket_.get(), SHUT_WR); }

void RawConnection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.close();
}

RawServer::RawServer(Script script)
    : script_(std::move(script)),
      listener_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")),
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
  acceptor_ = std::thread([this] { accept_connections(); });
}

RawServer::~RawServer() {
  ::eventfd_write(stop_.get(), 1);
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
}

std::string RawServer::url(std::string_view path) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::vector<std::string> RawServer::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void RawServer::accept_connections() {
  try {
    for (;;) {
      if (!wait_for_socket(listener_.get(), stop_.get(), POLLIN, Deadline(default_deadline))) {
        continue;
      }
      Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) continue;
      ++accepted_;
      connections_.emplace_back(
          [this, accepted = std::move(socket)]() mutable { serve(std::move(accepted)); });
    }
  } catch (const Stopped&) {
    listener_.close();
  }
}

void RawServer::serve(Descriptor socket) {
  RawConnection connection(std::move(socket), stop_.get());
  try {
    script_(connection);
  } catch (const Stopped&) {
    // The test is over.
  } catch (const std::exception& problem) {
    const std::lock_guard lock(mutex_);
    problems_.emplace_back(problem.what());
  }
}

}  // namespace support
