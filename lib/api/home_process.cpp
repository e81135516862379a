#include "api/home_process.hpp"

#include <atomic>
#include <utility>

namespace websocket::api {
namespace {

struct Inherited {
  std::shared_ptr<void> what;
  Inherited* next;
};
constinit std::atomic<Inherited*> all_inherited{nullptr};

}  // namespace

// Without a lock: one could have been inherited in any state.
void leave_as_it_is(std::shared_ptr<void> inherited) {
  auto* const kept = new Inherited{std::move(inherited), all_inherited.load()};
  while (!all_inherited.compare_exchange_weak(kept->next, kept)) {
  }
}

}  // namespace websocket::api
