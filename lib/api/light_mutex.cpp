// See light_mutex.hpp.
#include "api/light_mutex.hpp"

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace websocket::api {
namespace {

#ifdef __linux__
// std::atomic's wait() gives the processor away some times before it sleeps: the scheduler takes that
// for a wish to be late, and of two threads on a processor one then wakes the other for every message.
void sleep_while(std::atomic<std::uint32_t>& state, std::uint32_t value) noexcept {
  ::syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void wake_one_of(std::atomic<std::uint32_t>& state) noexcept {
  ::syscall(SYS_futex, &state, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}
#else
void sleep_while(std::atomic<std::uint32_t>& state, std::uint32_t value) noexcept {
  state.wait(value, std::memory_order_relaxed);
}
void wake_one_of(std::atomic<std::uint32_t>& state) noexcept { state.notify_one(); }
#endif

}  // namespace

// Who has waited does not know whether others still do, and says that they may.
void LightMutex::wait_for_it() noexcept {
  while (state_.exchange(wanted, std::memory_order_acquire) != free) sleep_while(state_, wanted);
}

void LightMutex::wake_one() noexcept { wake_one_of(state_); }

}  // namespace websocket::api
