#include "api/loop_host.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "net/openssl_at_exit.hpp"

namespace websocket::api {

bool LoopHost::admit(std::shared_ptr<Tenant> tenant) {
  if (!home_.is_here()) return false;
  const std::lock_guard lock(mutex_);
  if (gone_) return false;
  tenant->place_ = tenants_.size();
  tenants_.push_back(std::move(tenant));
  return true;
}

void LoopHost::dismiss(Tenant& tenant) {
  std::shared_ptr<Tenant> gone;  // what it holds alive goes when the lock is gone
  const std::lock_guard lock(mutex_);
  const std::size_t place = tenant.place_;
  if (place >= tenants_.size() || tenants_[place].get() != &tenant) return;
  gone = std::exchange(tenants_[place], std::move(tenants_.back()));
  tenants_.pop_back();
  if (place < tenants_.size()) tenants_[place]->place_ = place;
}

void LoopHost::run() {
  for (;;) {
    try {
      return loop.run();
    } catch (const std::bad_alloc&) {
      memory_was_missing();
    }
  }
}

std::size_t LoopHost::poll() {
  try {
    return loop.poll();
  } catch (const std::bad_alloc&) {
    memory_was_missing();
    return 1;
  }
}

// From the last to the first: who goes meanwhile has its place taken by one that has been told already, or has just
// come.
void LoopHost::memory_was_missing() {
  std::unique_lock lock(mutex_);
  for (std::size_t left = tenants_.size(); left > 0; left = std::min(left - 1, tenants_.size())) {
    std::shared_ptr<Tenant> tenant = tenants_[left - 1];
    lock.unlock();
    tenant->memory_was_missing();
    tenant.reset();
    lock.lock();
  }
}

void LoopHost::close_down() {
  std::vector<std::shared_ptr<Tenant>> tenants;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    tenants.swap(tenants_);
  }
  for (const auto& tenant : tenants) tenant->end_now();
  const auto the_rest = [this] {
    net::release_openssl_thread();
    closed_down_ = true;
    ExitGuard::get().look_again();
  };
  try {
    loop.post(the_rest);  // behind what has just been posted to come after the tenants
  } catch (const std::bad_alloc&) {
    the_rest();
  }
}

void LoopHost::end_at_exit() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& tenant : tenants_) tenant->fall_silent();
  }
  if (reached_ == Reached::from_its_own_thread) return;
  // In a handler that calls exit() the loop does not get any further anyway.
  if (!runs_here()) loop.post([this] { close_down(); });
}

}  // namespace websocket::api
