// Stops a thread where it compresses: this program is linked so that zlib's deflate is called
// through it.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "support/event.hpp"

namespace parts {

// What the calling thread does next time before it compresses; once.
void before_compressing(std::function<void()> hook);

// A thread that does something and stands still in its first compressing until it may go on.
class Compressing {
 public:
  explicit Compressing(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          before_compressing([this] {
            began_.set();
            (void)may_go_on_.wait();
          });
          work();
        }) {}
  ~Compressing() { finish(); }
  Compressing(const Compressing&) = delete;
  Compressing& operator=(const Compressing&) = delete;

  [[nodiscard]] bool has_begun() { return began_.wait(); }
  void finish() {
    may_go_on_.set();
    if (thread_.joinable()) thread_.join();
  }

 private:
  support::Event began_;
  support::Event may_go_on_;
  std::thread thread_;
};

}  // namespace parts
