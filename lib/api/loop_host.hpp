// A loop with what the connections on it share, which runs of apps live on it, and who runs it now.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "api/exit_guard.hpp"
#include "api/handler_cache.hpp"
#include "api/home_process.hpp"
#include "api/shared_options.hpp"
#include "net/asio_loop.hpp"
#include "protocol/frame_batch.hpp"
#include "protocol/mask_keys.hpp"

namespace websocket::api {

// A run of an app, as the loop that it lives on knows it.
class Tenant {
 public:
  // The loop goes. On its thread.
  virtual void end_now() noexcept = 0;
  // The process exits: no handler begins any more. From any thread.
  virtual void fall_silent() = 0;
  // There was no memory for something that the loop did, and nobody knows for whom it did it. On its thread, from no
  // callback.
  virtual void memory_was_missing() noexcept = 0;

 protected:
  ~Tenant() = default;

 private:
  friend class LoopHost;
  std::size_t place_ = 0;
};

class LoopHost {
  ExitGuard::Departure departure_;  // the last to be destroyed

 public:
  using Reached = net::AsioLoop::Reached;

  explicit LoopHost(Reached reached = Reached::from_any_thread) : loop(reached), reached_(reached) {
    ExitGuard::get().watch(*this);
  }
  ~LoopHost() { departure_.begin(*this); }
  LoopHost(const LoopHost&) = delete;
  LoopHost& operator=(const LoopHost&) = delete;

  net::AsioLoop loop;
  // For frames the loop's connections make by themselves.
  protocol::MaskKeys keys{[this](std::span<std::byte> into) { loop.random(into); }};

  OptionsInUse options;
  // For whichever connection has its turn.
  std::unique_ptr<HandlerCaches> spare_caches;
  protocol::FrameBatch batch;

  // Who runs the loop says so; false when somebody does already.
  bool begin_running() {
    std::thread::id nobody;
    return runner_.compare_exchange_strong(nobody, std::this_thread::get_id());
  }
  void end_running() {
    runner_ = std::thread::id();
    ExitGuard::get().look_again();
  }
  bool is_running() const { return runner_.load() != std::thread::id(); }
  bool runs_here() const { return runner_ == std::this_thread::get_id(); }

  // Until it is stopped, and what is ready now. Where there is no memory for something the connections fail, and it
  // goes on: none is left that waits for what was not done.
  void run();
  std::size_t poll();

  // Holds the tenant alive until it is dismissed. False: the loop is gone, or another process's.
  bool admit(std::shared_ptr<Tenant> tenant);
  void dismiss(Tenant& tenant);
  // No more tenants are admitted; those that there are end. The loop's thread.
  void close_down();

  // The process exits: no handler begins any more, and whoever runs the loop ends what is here.
  void end_at_exit();
  // Whether there is nothing left that an exiting process has to wait for.
  bool is_at_rest() const { return closed_down_ || !is_running() || runs_here(); }

 private:
  void memory_was_missing();

  const Reached reached_;
  const HomeProcess home_;
  std::atomic<std::thread::id> runner_{};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Tenant>> tenants_;  // each knows its place
  bool gone_ = false;                             // admits nobody
  std::atomic<bool> closed_down_{false};
};

}  // namespace websocket::api
