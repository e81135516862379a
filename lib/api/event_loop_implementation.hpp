// What an EventLoop is inside; apps that were given one hold the host.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <websocket/event_loop.hpp>

#include "api/home_process.hpp"
#include "api/loop_host.hpp"

namespace websocket {

class EventLoop::Implementation {
 public:
  Implementation() : host_(std::make_shared<api::LoopHost>()) {}
  ~Implementation();

  const std::shared_ptr<api::LoopHost>& host() const { return host_; }
  // False in a child process: see home_process.hpp. What follows is for the home process alone.
  bool is_at_home() const noexcept { return home_.is_here(); }

  void start();
  void run();
  std::size_t poll();
  void stop();

 private:
  class Running;

  void require_home() const;
  void end_thread(std::thread thread);

  const api::HomeProcess home_;
  const std::shared_ptr<api::LoopHost> host_;
  std::mutex mutex_;
  std::thread thread_;
  std::atomic<bool> thread_has_ended_{false};
};

}  // namespace websocket
