// A thread that waits for room in an outbox.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <utility>

#include "parts/outbox_ground.hpp"
#include "support/event.hpp"

namespace parts {

using websocket::net::Clock;

// Sends one message, and waits for room.
class WaitingSender {
 public:
  WaitingSender(Outbox& outbox, std::string text,
                Clock::time_point deadline = Clock::now() + support::default_deadline)
      : thread_([this, &outbox, text = std::move(text), deadline] {
          done_.push(outbox.push_waiting(Opcode::text, text, deadline).result);
        }) {}
  ~WaitingSender() { thread_.join(); }
  WaitingSender(const WaitingSender&) = delete;
  WaitingSender& operator=(const WaitingSender&) = delete;

  bool is_done() const { return !done_.empty(); }
  SendResult result() { return done_.pop(2 * support::default_deadline).value(); }

 private:
  support::Mailbox<SendResult> done_;
  std::thread thread_;
};

// In an outbox that sees its drain at once, with that much in flight: who is refused makes a drain
// due. Whoever was refused twice looked again and is waiting, since the lock it looks under is gone
// only when it does. Should it not say so the second time, it has had time enough to get there.
inline bool until_somebody_waits(Outbox& outbox, std::size_t in_flight) {
  const support::Deadline deadline(support::default_deadline);
  while (!outbox.set_in_flight(in_flight)) {
    if (deadline.over()) return false;
    std::this_thread::yield();
  }
  for (int i = 0; i < 10'000 && !outbox.set_in_flight(in_flight); ++i) std::this_thread::yield();
  return true;
}

}  // namespace parts
