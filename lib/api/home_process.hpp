// What a process does with the apps and connections that it inherited by fork(): it leaves them to
// its parent. To close them would close the parent's session (a Close frame, TLS's close_notify, an
// entry in the reactor that both share), and a lock may be held by a thread that is not here.
#pragma once

#include <cstdint>
#include <memory>

#include "net/fork.hpp"

namespace websocket::api {

class HomeProcess {
 public:
  HomeProcess() {
    net::count_forks();
    forks_ = net::fork_count();
  }
  // False in a child that was forked off later.
  bool is_here() const noexcept { return forks_ == net::fork_count(); }

 private:
  std::uint32_t forks_;
};

// Keeps it, untouched, until the process ends: what was inherited, or what a thread that does not
// come back stands on.
void leave_as_it_is(std::shared_ptr<void> inherited);

}  // namespace websocket::api
