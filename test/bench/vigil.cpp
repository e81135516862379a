#include "vigil.hpp"

#include <poll.h>

#include <atomic>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::microseconds longest{0};
std::atomic<Clock::rep> in_vain{0};

// Without the socket's lock: what the system does for an arriving packet is not kept waiting.
bool has_input(int socket) {
  pollfd asked{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&asked, 1, 0) != 0;
}

}  // namespace

void keep_awake(std::chrono::microseconds how_long) { longest = how_long; }

void watch_for_input(int socket) {
  if (longest.count() == 0 || has_input(socket)) return;
  const auto begin = Clock::now();
  auto now = begin;
  while (now - begin < longest && !has_input(socket)) now = Clock::now();
  in_vain += (now - begin).count();
}

std::chrono::nanoseconds watched_in_vain() { return Clock::duration(in_vain.load()); }

}  // namespace bench
