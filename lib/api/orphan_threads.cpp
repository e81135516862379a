#include "api/orphan_threads.hpp"

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

namespace websocket::api {
namespace {

using namespace std::chrono_literals;

bool has_ended(const OrphanThread& orphan) {
  return orphan.ended.wait_for(0s) == std::future_status::ready;
}

class Orphanage {
 public:
  ~Orphanage() {
    for (OrphanThread& orphan : orphans_) orphan.hurry();
    const auto deadline = std::chrono::steady_clock::now() + 1s;
    for (OrphanThread& orphan : orphans_) {
      // Only a handler that never returns takes that long; it isn't worth a process that never exits.
      const bool ended = orphan.ended.wait_until(deadline) == std::future_status::ready;
      ended ? orphan.thread.join() : orphan.thread.detach();
    }
  }

  void take_in(OrphanThread orphan) {
    const std::lock_guard lock(mutex_);
    std::erase_if(orphans_, [](OrphanThread& other) {
      if (!has_ended(other)) return false;
      other.thread.join();
      return true;
    });
    orphans_.push_back(std::move(orphan));
  }

 private:
  std::mutex mutex_;
  std::vector<OrphanThread> orphans_;
};

}  // namespace

void adopt(OrphanThread orphan) {
  // Made with the first orphan, so after whatever that thread uses: gone before it at exit.
  static Orphanage orphanage;
  orphanage.take_in(std::move(orphan));
}

}  // namespace websocket::api
