// See low_water.hpp.
#include "net/low_water.hpp"

#include <chrono>
#include <new>
#include <utility>

#include "net/timer.hpp"

namespace websocket::net {
namespace {

constexpr int many = 256 << 10;

// What comes more slowly than that is told as it comes: it wakes nobody often, and who looks for
// signs of life wants to see it. Nor does a socket wait for longer whatever the system makes of it.
constexpr auto patience = std::chrono::milliseconds(100);

}  // namespace

bool LowWater::is_high_for(std::uint64_t bytes) {
  return std::cmp_greater_equal(bytes, many) && system_socket::receive_low_water;
}

void LowWater::set_for(std::uint64_t bytes) {
  has_moved_ = true;
  if (is_high_for(bytes)) {
    if (mark_ == Mark::low) raise();
  } else {
    lower(Mark::low);
  }
}

void LowWater::raise() {
  if (!watch_ && !watch()) return;
  mark_ = Mark::high;
  set(many);
}

void LowWater::lower(Mark why) {
  if (std::exchange(mark_, why) == Mark::high) set(1);
}

// It goes on from message to message, so that a wait costs a flag. Without memory for that there is
// no high mark.
bool LowWater::watch() {
  has_moved_ = false;
  try {
    watch_ = run_at(socket_.loop(), Clock::now() + patience, [this] { look(); });
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void LowWater::look() {
  if (mark_ == Mark::high && has_moved_ && watch()) return;
  if (mark_ == Mark::high) lower(Mark::given_up);
  watch_.reset();
}

void LowWater::set(int bytes) const {
  // Where that fails, it is as it was.
  static_cast<void>(
      system_socket::set(socket_.descriptor(), *system_socket::receive_low_water, bytes));
}

}  // namespace websocket::net
