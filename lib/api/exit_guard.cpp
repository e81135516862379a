#include "api/exit_guard.hpp"

#include <algorithm>
#include <chrono>

#include "api/loop_host.hpp"
#include "net/fork.hpp"
#include "net/openssl_at_exit.hpp"

namespace websocket::api {

using namespace std::chrono_literals;

// Destroyed when the process exits: before whatever was there when the first loop was made.
class ExitGuard::AtExit {
 public:
  AtExit() { net::prepare_openssl(); }  // libcrypto cleans up in its turn: after us
  ~AtExit() { get().process_exits(); }
};

ExitGuard& ExitGuard::get() { return net::one_per_process<ExitGuard>(); }

void ExitGuard::watch(LoopHost& host) {
  static const AtExit at_exit;
  const std::lock_guard lock(mutex_);
  hosts_.insert(&host);
}

void ExitGuard::Departure::begin(LoopHost& host) {
  ExitGuard& guard = get();
  const std::lock_guard lock(guard.mutex_);
  guard.hosts_.erase(&host);
  ++guard.departing_;
  begun_ = true;
}

ExitGuard::Departure::~Departure() {
  if (!begun_) return;
  ExitGuard& guard = get();
  // The thread that ran the loop ends soon, perhaps beside OpenSSL's own end.
  if (guard.exiting_.load()) net::release_openssl_thread();
  const std::lock_guard lock(guard.mutex_);
  --guard.departing_;
  guard.changed_.notify_all();
}

void ExitGuard::look_again() {
  if (!exiting_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

// mutex_ is held.
bool ExitGuard::all_at_rest() const {
  return departing_ == 0 && std::all_of(hosts_.begin(), hosts_.end(),
                                        [](const LoopHost* host) { return host->is_at_rest(); });
}

void ExitGuard::process_exits() {
  std::unique_lock lock(mutex_);
  exiting_.store(true);
  for (LoopHost* const host : hosts_) host->end_at_exit();
  // Only a handler that does not return takes that long; it isn't worth a process that never exits.
  too_late_ = !changed_.wait_for(lock, 1s, [this] { return all_at_rest(); });
}

void ExitGuard::stay_if_too_late() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !too_late_; });
}

}  // namespace websocket::api
