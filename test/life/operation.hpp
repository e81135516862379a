// What a program can do with an app at any time, and what it is told when it does.
#pragma once

#include <string>
#include <vector>

#include "life/situation.hpp"

namespace life {

enum class Operation : std::uint8_t {
  send,
  send_invalid_text,
  send_bytes,
  send_too_much,  ///< more than there is room for behind a write that is blocked
  send_wait,
  send_wait_too_much,
  send_fragment,
  ping,
  ping_too_long,
  close,
  close_with_code,
  close_with_bad_code,
  start,
  run_forever,
  wait,  ///< while another thread closes
  wait_for,
  reconnect_now,
  assign_handlers,
  state,
  buffered_amount,
  latency,
  facts,   ///< subprotocol() and the like
  destroy  ///< not while another thread is at it
};
/// "close(4001, \"enough\")", ...
const char* name_of(Operation operation);
/// All of them in their order, `destroy` last.
std::vector<Operation> all_operations();

/// Does it and says what came of it: "queued", "logic_error", "true", "open"; "returned" where there
/// is nothing to tell.
std::string perform(Operation operation, Scene& scene);
/// The same in a handler of the app, where nothing of the scene is needed; `destroy` is the caller's.
std::string perform(Operation operation, websocket::WebSocketApp& app,
                    const websocket::RunOptions& run_options);

const char* name_of(websocket::State state);
const char* name_of(websocket::SendResult result);

}  // namespace life
