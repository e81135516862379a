#include "vigil.hpp"

#include <poll.h>
#include <time.h>

#include <atomic>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;

std::chrono::microseconds longest{0};
std::atomic<Nanoseconds::rep> in_vain{0};

// Without the socket's lock: what the system does for an arriving packet is not kept waiting.
bool has_input(int socket) {
  pollfd asked{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&asked, 1, 0) != 0;
}

// What this thread has had of its processor, which others may use meanwhile.
Nanoseconds used_by_this_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

}  // namespace

void keep_awake(std::chrono::microseconds how_long) { longest = how_long; }

bool keeps_awake() { return longest.count() > 0; }

void watch_for_input(int socket) {
  if (!keeps_awake() || has_input(socket)) return;
  const Nanoseconds before = used_by_this_thread();
  const auto end = Clock::now() + longest;
  while (Clock::now() < end && !has_input(socket)) {
  }
  in_vain += (used_by_this_thread() - before).count();
}

std::chrono::nanoseconds watched_in_vain() { return Nanoseconds(in_vain.load()); }

}  // namespace bench
