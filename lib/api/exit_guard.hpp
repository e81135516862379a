// What a process that exits while apps are running does about them. Their threads go on while
// static objects are destroyed, OpenSSL's among them: before that happens no handler begins any
// more, and the connections end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <unordered_set>

namespace websocket::api {

class LoopHost;

// Any thread. Never destroyed, so that it may be asked at any time; a child process has its own.
class ExitGuard {
 public:
  static ExitGuard& get();

  void watch(LoopHost& host);
  // A host that is being destroyed: waited for from begin() to the destructor.
  class Departure {
   public:
    Departure() = default;
    Departure(const Departure&) = delete;
    Departure& operator=(const Departure&) = delete;
    ~Departure();
    void begin(LoopHost& host);

   private:
    bool begun_ = false;
  };

  // A host may be at rest now.
  void look_again();
  // A handler returned that the exiting process has waited for in vain: its thread stays here, for
  // what it would need has been destroyed.
  void stay_if_too_late();
  // Such a thread can't be waited for.
  bool is_too_late() const noexcept { return too_late_.load(); }

 private:
  class AtExit;
  void process_exits();
  bool all_at_rest() const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<LoopHost*> hosts_;
  std::size_t departing_ = 0;
  std::atomic<bool> exiting_{false};
  std::atomic<bool> too_late_{false};
};

}  // namespace websocket::api
