#include "net/reactor_access.hpp"

#if defined(ASIO_HAS_EPOLL) && defined(ASIO_HAS_TIMERFD)
#include <asio/detail/epoll_reactor.hpp>

namespace websocket::net {
namespace {

using Reactor = asio::detail::epoll_reactor;

// Asio waits with epoll, for its timers too, and an epoll descriptor can itself be waited for. It
// just doesn't tell which one it is: the member is private. An explicit instantiation may name it
// (C++20 [temp.spec]/6: the usual access checking rules do not apply to names in it).
int descriptor_of(Reactor& reactor);
template <int Reactor::*all>
struct Descriptor {
  friend int descriptor_of(Reactor& reactor) { return reactor.*all; }
};
template struct Descriptor<&Reactor::epoll_fd_>;

}  // namespace

int reactor_descriptor(asio::io_context& context) {
  Reactor& reactor = asio::use_service<Reactor>(context);
  reactor.init_task();
  return descriptor_of(reactor);
}

void interrupt_reactor(asio::io_context& context) {
  asio::use_service<Reactor>(context).interrupt();
}

}  // namespace websocket::net
#else
namespace websocket::net {

int reactor_descriptor(asio::io_context&) { return -1; }
void interrupt_reactor(asio::io_context&) {}

}  // namespace websocket::net
#endif
