// Handlers on their way to the program's dispatcher: in order, one at a time, counted, so that
// reading stops when the program lags. What is still here when the run's app goes away does
// nothing. What the dispatcher refuses, by throwing, stays here to be offered again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <websocket/options.hpp>

namespace websocket::api {

class DispatchQueue : public std::enable_shared_from_this<DispatchQueue> {
 public:
  // `caught_up` is called, on whichever thread runs the handlers, when the queue lags no more. It throws
  // nothing, and who is told may have missed it: is_behind() says the same.
  explicit DispatchQueue(std::function<void()> caught_up);

  // From now on; what was scheduled with the former one stays there. From any thread.
  void use(Dispatcher dispatcher);
  // The loop's thread. `size` is the weight of what the handler is given, in bytes. True: is_behind().
  bool push(std::size_t size, std::function<void()> handler);
  // The program lags: more than 64 handlers or 1 MiB waited, and more than half of that still does; or the
  // dispatcher has refused what waits, and does so again. The loop's thread, to be asked until it is false.
  bool is_behind();
  // From any thread: forgets what waits.
  void close();

 private:
  struct Item {
    std::size_t size;
    std::function<void()> handler;
  };

  bool is_over_the_mark() const { return items_.size() > most_handlers || bytes_ > most_bytes; }
  bool has_caught_up() const {
    return items_.size() <= most_handlers / 2 && bytes_ <= most_bytes / 2;
  }
  bool schedule();
  bool takes_back(std::uint64_t offer);
  bool has_more();
  void run_some();
  bool run_one();

  static constexpr std::size_t most_handlers = 64;
  static constexpr std::size_t most_bytes = std::size_t{1} << 20U;
  static constexpr int handlers_per_turn = 16;

  std::mutex mutex_;
  std::shared_ptr<const Dispatcher> dispatcher_;
  std::shared_ptr<const std::function<void()>> caught_up_;
  std::deque<Item> items_;
  std::size_t bytes_ = 0;
  bool scheduled_ = false;   // the dispatcher has a function of ours, or it runs
  std::uint64_t offer_ = 0;  // the latest function's number, until it runs
  bool lagging_ = false;
  bool closed_ = false;
};

}  // namespace websocket::api
