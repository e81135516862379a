// The table of the matrix: what each operation says in each situation, and how the run ends then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "life/operation.hpp"

namespace life {

/// What the operation says there, on a thread of the program's own.
std::string said_in(Operation operation, Situation situation);
/// What it may say there while another thread does `other`: that, or what it says where that leads.
std::vector<std::string> said_beside(Operation operation, Operation other, Situation situation);

/// How a run that was in that situation is told to end.
struct End {
  std::vector<std::string> events;  ///< the last on_close alone: "close 1000 bye, clean, by peer"
  std::optional<int> close_code;    ///< of the Close frame that reaches the server from here on
};
/// After close(), close(4001, "enough") or destruction. Nothing where the run is over or never began.
End end_after(Operation operation, Situation situation);

/// Whether it makes a run end: one of the closes, waiting for a close, and destroying.
bool ends_the_run(Operation operation);
/// Whether it begins a run there, which the server closes at once.
bool begins_a_run(Operation operation, Situation situation);

/// "close 1000 bye, clean, by peer"
std::string words(const websocket::CloseInfo& info);

}  // namespace life
