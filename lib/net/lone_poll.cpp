#include "net/lone_poll.hpp"

#if defined(ASIO_HAS_EPOLL) && defined(ASIO_HAS_TIMERFD)
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>

#include "net/reactor_access.hpp"

namespace websocket::net {
namespace {

// As poll(2) counts: in milliseconds, and never too early.
int milliseconds_until(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return -1;
  if (deadline == Clock::time_point::min()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

short events_for(LonePoll::Directions directions) {
  return static_cast<short>((directions.read ? POLLIN : 0) | (directions.write ? POLLOUT : 0));
}

LonePoll::Directions directions_of(short events) {
  const bool is_broken = (events & ~(POLLIN | POLLOUT)) != 0;
  return {is_broken || (events & POLLIN) != 0, is_broken || (events & POLLOUT) != 0};
}

}  // namespace

std::unique_ptr<LonePoll> LonePoll::make(asio::io_context& context) {
  const int timers = reactor_descriptors(context).timers;
  if (timers < 0) return nullptr;
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) return nullptr;
  return std::unique_ptr<LonePoll>(new LonePoll(timers, wake));
}

LonePoll::~LonePoll() { ::close(wake_); }

LonePoll::Ready LonePoll::wait(int socket, Directions directions, Clock::time_point deadline) {
  std::array<pollfd, 3> descriptors{
      {{socket, events_for(directions), 0}, {timers_, POLLIN, 0}, {wake_, POLLIN, 0}}};
  const int count = ::poll(descriptors.data(), descriptors.size(), milliseconds_until(deadline));
  Ready ready;
  if (count < 0) {
    ready.failed = errno != EINTR;
    return ready;
  }
  // poll(2) waits for 25 days at most.
  ready.too_late = count == 0 && (deadline == Clock::time_point::min() || Clock::now() >= deadline);
  ready.socket = directions_of(descriptors[0].revents);
  ready.timers = descriptors[1].revents != 0;
  if (descriptors[2].revents != 0) {
    std::uint64_t times = 0;
    static_cast<void>(::read(wake_, &times, sizeof times));
  }
  return ready;
}

void LonePoll::wake() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(::write(wake_, &once, sizeof once));
}

}  // namespace websocket::net
#else
namespace websocket::net {

std::unique_ptr<LonePoll> LonePoll::make(asio::io_context&) { return nullptr; }
LonePoll::~LonePoll() = default;
LonePoll::Ready LonePoll::wait(int, Directions, Clock::time_point) { return {}; }
void LonePoll::wake() noexcept {}

}  // namespace websocket::net
#endif
