#include "net/reactor_access.hpp"

#if defined(ASIO_HAS_EPOLL) && defined(ASIO_HAS_TIMERFD)
#include <asio/detail/epoll_reactor.hpp>

namespace websocket::net {
namespace {

using Reactor = asio::detail::epoll_reactor;

// Asio waits with epoll, for its timers too, and an epoll descriptor can itself be waited for. It
// just doesn't tell which ones they are: the members are private. An explicit instantiation may name
// them (C++20 [temp.spec]/6: the usual access checking rules do not apply to names in it).
ReactorDescriptors descriptors_of(Reactor& reactor);
template <int Reactor::*all, int Reactor::*timers>
struct Descriptors {
  friend ReactorDescriptors descriptors_of(Reactor& reactor) {
    return {reactor.*all, reactor.*timers};
  }
};
template struct Descriptors<&Reactor::epoll_fd_, &Reactor::timer_fd_>;

}  // namespace

ReactorDescriptors reactor_descriptors(asio::io_context& context) {
  Reactor& reactor = asio::use_service<Reactor>(context);
  reactor.init_task();
  return descriptors_of(reactor);
}

void interrupt_reactor(asio::io_context& context) {
  asio::use_service<Reactor>(context).interrupt();
}

}  // namespace websocket::net
#else
namespace websocket::net {

ReactorDescriptors reactor_descriptors(asio::io_context&) { return {}; }
void interrupt_reactor(asio::io_context&) {}

}  // namespace websocket::net
#endif
