// See system_socket.hpp.
#include "net/system_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace websocket::net::system_socket {
namespace {

std::error_code last_error() { return {errno, std::system_category()}; }

std::error_code error_of(int result) { return result < 0 ? last_error() : std::error_code(); }

// A signal that the program handles interrupts none of them for good.
template <class Call>
std::size_t uninterrupted(Call call, std::error_code& error) {
  ssize_t size = call();
  while (size < 0 && errno == EINTR) size = call();
  if (size >= 0) return static_cast<std::size_t>(size);
  error = last_error();
  return 0;
}

template <class Call>
Endpoint endpoint_of(Call call, Descriptor socket, std::error_code& error) {
  Endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  error = error_of(call(socket, endpoint.data(), &size));
  if (error) return {};
  endpoint.resize(size);
  return endpoint;
}

#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
// In one step: between two, another thread of the program might start a child.
Descriptor open_uninherited(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}
#else
Descriptor open_uninherited(int family) {
  const Descriptor socket = ::socket(family, SOCK_STREAM, 0);
  if (socket == none) return none;
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags >= 0 && ::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 &&
      ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0)
    return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return none;
}
#endif

#if defined(MSG_DONTWAIT)
constexpr int without_waiting = MSG_DONTWAIT;
#else
constexpr int without_waiting = 0;
#endif

#if defined(MSG_NOSIGNAL)
constexpr int without_signal = MSG_NOSIGNAL;
void raise_no_signal(Descriptor) {}
#else
constexpr int without_signal = 0;
void raise_no_signal(Descriptor socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
}
#endif

}  // namespace

const Option no_delay{IPPROTO_TCP, TCP_NODELAY};
const Option keep_alive{SOL_SOCKET, SO_KEEPALIVE};
const Option send_buffer_size{SOL_SOCKET, SO_SNDBUF};
const Option receive_buffer_size{SOL_SOCKET, SO_RCVBUF};

Descriptor open(int family, std::error_code& error) {
  const Descriptor socket = open_uninherited(family);
  if (socket == none) {
    error = last_error();
  } else {
    raise_no_signal(socket);
  }
  return socket;
}

void close(Descriptor socket) noexcept { ::close(socket); }

std::error_code set(Descriptor socket, const Option& option, int value) {
  return error_of(::setsockopt(socket, option.level, option.name, &value, sizeof value));
}

std::error_code bind(Descriptor socket, const Endpoint& local) {
  return error_of(::bind(socket, local.data(), static_cast<socklen_t>(local.size())));
}

std::error_code connect(Descriptor socket, const Endpoint& remote) {
  return error_of(::connect(socket, remote.data(), static_cast<socklen_t>(remote.size())));
}

// An interrupted one goes on by itself.
bool is_under_way(std::error_code error) {
  return error == std::errc::operation_in_progress || error == std::errc::interrupted;
}

std::error_code take_error(Descriptor socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return last_error();
  return {error, std::system_category()};
}

Endpoint local_endpoint(Descriptor socket, std::error_code& error) {
  return endpoint_of(::getsockname, socket, error);
}

Endpoint remote_endpoint(Descriptor socket, std::error_code& error) {
  return endpoint_of(::getpeername, socket, error);
}

bool is_not_connected(std::error_code error) { return error == std::errc::not_connected; }

std::size_t read(Descriptor socket, std::span<char> into, std::error_code& error) {
  return uninterrupted([&] { return ::recv(socket, into.data(), into.size(), without_waiting); },
                       error);
}

#ifdef __linux__
bool let_wait(Descriptor socket) {
  const timeval longest{0, std::chrono::microseconds(longest_read_wait).count()};
  int no = 0;
  return ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0 &&
         ::ioctl(socket, FIONBIO, &no) == 0;
}
#else
bool let_wait(Descriptor) { return false; }
#endif

// Interrupted it is not begun anew, with all of its time: signals that come again and again would
// make it wait for ever.
std::size_t wait_and_read(Descriptor socket, std::span<char> into, std::error_code& error) {
  const ssize_t size = ::recv(socket, into.data(), into.size(), 0);
  if (size >= 0) return static_cast<std::size_t>(size);
  error = errno == EINTR ? std::error_code(EAGAIN, std::system_category()) : last_error();
  return 0;
}

std::size_t write(Descriptor socket, std::span<const char> from, std::error_code& error) {
  return uninterrupted(
      [&] { return ::send(socket, from.data(), from.size(), without_signal | without_waiting); },
      error);
}

bool is_would_block(std::error_code error) {
  return error.category() == std::system_category() &&
         (error.value() == EAGAIN || error.value() == EWOULDBLOCK);
}

std::error_code shut_down_sending(Descriptor socket) {
  return error_of(::shutdown(socket, SHUT_WR));
}

}  // namespace websocket::net::system_socket
