#include "net/fork.hpp"

#ifndef _WIN32
#include <pthread.h>
#endif

namespace websocket::net {

constinit std::atomic<std::uint32_t> detail::forks{0};

#ifdef _WIN32
void count_forks() {}
#else
void count_forks() {
  static const int done = ::pthread_atfork(
      nullptr, nullptr, [] { detail::forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(done);
}
#endif

}  // namespace websocket::net
