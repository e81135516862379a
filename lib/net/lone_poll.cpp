#include "net/lone_poll.hpp"

#ifdef __linux__
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace websocket::net {
namespace {

// Where the program had no descriptor left for being woken, it looks that often instead.
constexpr std::chrono::milliseconds longest_without_wake{20};

int new_wake() { return ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

timespec time_left(Clock::time_point until) {
  if (until == Clock::time_point::min()) return {};
  const auto left = std::max(until - Clock::now(), Clock::duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
}

short events_for(LonePoll::Directions directions) {
  return static_cast<short>((directions.read ? POLLIN : 0) | (directions.write ? POLLOUT : 0));
}

LonePoll::Directions directions_of(short events) {
  const bool is_broken = (events & ~(POLLIN | POLLOUT)) != 0;
  return {is_broken || (events & POLLIN) != 0, is_broken || (events & POLLOUT) != 0};
}

}  // namespace

bool LonePoll::is_possible() noexcept { return true; }

LonePoll::~LonePoll() {
  if (const int wake = wake_.load(); wake >= 0) ::close(wake);
}

void LonePoll::expect_no_more_wakes() {
  if (--expecting_wakes_ > 0) return;
  if (const int wake = wake_.exchange(-1); wake >= 0) ::close(wake);
}

LonePoll::Directions LonePoll::wait(const Socket& socket, Clock::time_point until) {
  int wake = wake_.load(std::memory_order_relaxed);
  if (wake < 0 && expecting_wakes_ > 0) {
    wake = new_wake();
    wake_.store(wake);
    // Whoever came before it is seen after this; and so is everybody where there is none.
    until =
        wake >= 0 ? Clock::time_point::min() : std::min(until, Clock::now() + longest_without_wake);
  }
  std::array<pollfd, 2> descriptors{
      {{socket.descriptor, events_for(socket.directions), 0}, {wake, POLLIN, 0}}};
  const nfds_t watched = wake >= 0 ? 2 : 1;
  const bool for_ever = until == Clock::time_point::max();
  const timespec left = for_ever ? timespec{} : time_left(until);
  const int count = ::ppoll(descriptors.data(), watched, for_ever ? nullptr : &left, nullptr);
  if (count <= 0) return {};
  if (descriptors[1].revents != 0) {
    std::uint64_t times = 0;
    static_cast<void>(::read(wake, &times, sizeof times));
  }
  return directions_of(descriptors[0].revents);
}

void LonePoll::wake() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(::write(wake_.load(), &once, sizeof once));
}

}  // namespace websocket::net
#else
namespace websocket::net {

bool LonePoll::is_possible() noexcept { return false; }
LonePoll::~LonePoll() = default;
void LonePoll::expect_no_more_wakes() {}
LonePoll::Directions LonePoll::wait(const Socket&, Clock::time_point) { return {}; }
void LonePoll::wake() noexcept {}

}  // namespace websocket::net
#endif
