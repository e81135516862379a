// See loop_context.hpp. What a platform's wait handle is, is known here alone.
#include "net/loop_context.hpp"

#include <asio/post.hpp>
#include <utility>

#if defined(ASIO_HAS_EPOLL) && defined(ASIO_HAS_TIMERFD)
#include <asio/detail/epoll_reactor.hpp>
#endif

namespace websocket::net {

#if defined(ASIO_HAS_EPOLL) && defined(ASIO_HAS_TIMERFD)
namespace {

using Reactor = asio::detail::epoll_reactor;

// Asio waits with epoll, for its timers too, and an epoll descriptor can itself be waited for. It
// just doesn't tell which one it is: the member is private. An explicit instantiation may name it
// (C++20 [temp.spec]/6: the usual access checking rules do not apply to names in it).
int descriptor_of(Reactor& reactor);
template <int Reactor::*member>
struct Descriptor {
  friend int descriptor_of(Reactor& reactor) { return reactor.*member; }
};
template struct Descriptor<&Reactor::epoll_fd_>;

}  // namespace

int LoopContext::wait_handle() {
  Reactor& reactor = asio::use_service<Reactor>(*this);
  reactor.init_task();
  wait_handle_is_used_ = true;
  return descriptor_of(reactor);
}

// What is posted while nobody is inside is in no reactor yet.
void LoopContext::post(std::function<void()> work) {
  asio::post(*this, std::move(work));
  if (wait_handle_is_used_.load()) asio::use_service<Reactor>(*this).interrupt();
}
#else
int LoopContext::wait_handle() { return -1; }

void LoopContext::post(std::function<void()> work) { asio::post(*this, std::move(work)); }
#endif

}  // namespace websocket::net
