// A loop with what the connections on it share, which apps have a run on it, and who runs it now.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "net/asio_loop.hpp"
#include "protocol/mask_keys.hpp"

namespace websocket::api {

class LoopHost {
 public:
  net::AsioLoop loop;
  // For frames the loop's connections make by themselves.
  protocol::MaskKeys keys{[this](std::span<std::byte> into) { loop.random(into); }};

  // Who runs the loop says so; false when somebody does already.
  bool begin_running() {
    std::thread::id nobody;
    return runner_.compare_exchange_strong(nobody, std::this_thread::get_id());
  }
  void end_running() { runner_ = std::thread::id(); }
  bool is_running() const { return runner_.load() != std::thread::id(); }
  bool runs_here() const { return runner_ == std::this_thread::get_id(); }

  // A run on a shared loop, which it holds alive by `end_now`. False: the loop is gone.
  bool admit(const void* run, std::function<void()> end_now) {
    const std::lock_guard lock(mutex_);
    if (gone_) return false;
    runs_.emplace(run, std::move(end_now));
    return true;
  }
  void dismiss(const void* run) {
    std::function<void()> gone;  // what it holds alive goes when the lock is gone
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(run);
    if (found == runs_.end()) return;
    gone = std::move(found->second);
    runs_.erase(found);
  }
  // No more runs are admitted; gives those that there are.
  std::map<const void*, std::function<void()>> close_down() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    return std::exchange(runs_, {});
  }

 private:
  std::atomic<std::thread::id> runner_{};
  std::mutex mutex_;
  std::map<const void*, std::function<void()>> runs_;
  bool gone_ = false;
};

}  // namespace websocket::api
