// Sending, from whatever thread: into the outbox, and whoever sends the first message of a batch wakes the loop.
#include <algorithm>
#include <chrono>
#include <new>

#include "api/app_core.hpp"

namespace websocket {
namespace {

// Of who may wait, while much is unsent already.
constexpr Duration longest_pause = std::chrono::milliseconds(2);

}  // namespace

SendResult WebSocketApp::Implementation::send(Opcode opcode, std::string_view payload) {
  if (!is_at_home()) return SendResult::closed;
  return wake_if_need_be(outbox_.push(opcode, payload));
}

SendResult WebSocketApp::Implementation::send_wait(Opcode opcode, std::string_view payload,
                                                   Duration timeout) {
  if (!is_at_home()) return SendResult::closed;
  const api::Outbox::Pushed pushed = outbox_.push(opcode, payload);
  const bool is_refused = pushed.result == SendResult::buffer_full;
  if (is_refused || pushed.much_waits) return wait_for_room(pushed, opcode, payload, timeout);
  return wake_if_need_be(pushed);
}

SendResult WebSocketApp::Implementation::wait_for_room(api::Outbox::Pushed pushed, Opcode opcode,
                                                       std::string_view payload, Duration timeout) {
  if (runs_here()) return wake_if_need_be(pushed);  // we are the ones who make room
  const auto self = shared_from_this();             // the app may go while this waits
  const auto now = net::Clock::now();
  if (pushed.result == SendResult::buffer_full) {
    wake_if_need_be(pushed);
    return wake_if_need_be(outbox_.push_waiting(opcode, payload, net::later(now, timeout)));
  }
  wake_if_need_be(pushed);
  outbox_.let_some_leave(net::later(now, std::min(timeout, longest_pause)));
  return pushed.result;
}

SendResult WebSocketApp::Implementation::send_fragment(Opcode opcode, std::string_view payload,
                                                       bool fin) {
  if (!is_at_home()) return SendResult::closed;
  try {
    return wake_if_need_be(outbox_.push_fragment(opcode, payload, fin));
  } catch (const std::bad_alloc&) {
    if (outbox_.must_be_looked_at()) wake_loop();  // what others have sent need not wait for it
    throw;
  }
}

SendResult WebSocketApp::Implementation::wake_if_need_be(api::Outbox::Pushed pushed) {
  const bool finds_no_room = pushed.result == SendResult::buffer_full;
  if (pushed.wake_loop || (finds_no_room && outbox_.must_be_looked_at())) wake_loop();
  return pushed.result;
}

bool WebSocketApp::Implementation::runs_here() const {
  const std::lock_guard lock(life_mutex_);
  return current_ && current_->host && current_->host->runs_here();
}

void WebSocketApp::Implementation::wake_loop() {
  const std::lock_guard lock(life_mutex_);
  if (!current_ || current_->over) return;
  try {
    on_loop(current_, [](const ExecutionPtr& execution) {
      if (execution->run && execution->run->session() != nullptr) {
        execution->run->session()->flush();
      }
    });
  } catch (const std::bad_alloc&) {
    outbox_.loop_was_not_told();
  }
}

}  // namespace websocket
