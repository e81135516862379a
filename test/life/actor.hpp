// One place in a random schedule: an app that comes and goes, is used by several threads, and does things
// in its own handlers.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "api/probe.hpp"
#include "life/ground.hpp"

namespace life {

/// Random numbers for several threads.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  /// 0 to sides - 1
  unsigned roll(unsigned sides) {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(engine_() % sides);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

/// An app from its construction to its destruction, and what it told. It outlives the app.
struct Life {
  Life(std::string its_name, bool dispatched)
      : name(std::move(its_name)), with_dispatcher(dispatched) {}
  const std::string name;  ///< the first word of its messages
  const bool with_dispatcher;
  std::atomic<bool> destroyed{false};
  std::atomic<int> too_late{0};  ///< handlers that ran after it
  std::atomic<std::size_t> runs{0};
  std::atomic<std::size_t> queued{0};
  api_test::Probe probe;
};

class Actor {
 public:
  /// The runner is shared or its own.
  Actor(std::string name, std::string url, std::shared_ptr<Runner> runner, Dice& dice);
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Something, from the program's thread: builds an app where there is none.
  void do_something();
  /// Closes and waits; false when that takes too long.
  [[nodiscard]] bool end();
  /// Afterwards: all that there were.
  const std::vector<std::shared_ptr<Life>>& lives() const { return lives_; }

 private:
  void create();
  void destroy();
  void use(websocket::WebSocketApp& app, Life& life);
  void start(websocket::WebSocketApp& app, Life& life);
  void send(websocket::WebSocketApp& app, Life& life);
  void add_mischief(websocket::WebSocketApp& app, const std::shared_ptr<Life>& life);
  void misbehave(websocket::WebSocketApp& app, Life& life);
  void do_mischief(websocket::WebSocketApp& app, Life& life);
  websocket::RunOptions run_options() const;

  const std::string name_;
  const std::string url_;
  const std::shared_ptr<Runner> runner_;
  Dice& dice_;
  std::atomic<bool> calm_{false};  // no more mischief
  std::atomic<int> mischiefs_{0};  // under way
  // Shared while the app is used, alone while it is made and destroyed: nobody may use what is being
  // destroyed.
  std::shared_mutex mutex_;
  std::unique_ptr<websocket::WebSocketApp> app_;
  std::shared_ptr<Life> life_;
  std::vector<std::shared_ptr<Life>> lives_;
};

/// What is wrong with what was told, and between what was queued, what arrived and what on_close said
/// was lost; "" when nothing is.
std::string what_is_wrong_with(Life& life, std::size_t received);

}  // namespace life
