// See socket_open.hpp. Asio doesn't ask for close-on-exec itself.
#include "net/socket_open.hpp"

#include <cerrno>

#include "net/system_error.hpp"
#ifndef _WIN32
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace websocket::net {
namespace {

#if defined(SOCK_CLOEXEC)
// In one step: between two, another thread of the program might start a child.
std::error_code open_uninherited(Socket& socket, const asio::generic::stream_protocol& protocol) {
  const int descriptor = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return {errno, std::system_category()};
  std::error_code error;
  socket.assign(protocol, descriptor, error);
  if (error) ::close(descriptor);
  return as_system_error(error);
}
#elif defined(FD_CLOEXEC)
std::error_code open_uninherited(Socket& socket, const asio::generic::stream_protocol& protocol) {
  std::error_code error;
  socket.open(protocol, error);
  if (error) return as_system_error(error);
  if (::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) < 0)
    return {errno, std::system_category()};
  return {};
}
#else
// Windows: children inherit handles only where their parent asks for it.
std::error_code open_uninherited(Socket& socket, const asio::generic::stream_protocol& protocol) {
  std::error_code error;
  socket.open(protocol, error);
  return as_system_error(error);
}
#endif

}  // namespace

std::error_code open_socket(Socket& socket, int family) {
  std::error_code error = open_uninherited(socket, asio::generic::stream_protocol(family, 0));
  if (error) return as_system_error(error);
  socket.non_blocking(true, error);
  return as_system_error(error);
}

}  // namespace websocket::net
