// Whether what an app told makes sense: the order of handlers and the count of ends that api.md and
// app.hpp promise.
#pragma once

#include <string>
#include <vector>

namespace life {

/// What is wrong with the events of a Probe, in words; "" when nothing is. `runs`: how many runs have
/// begun and ended.
std::string what_is_wrong_with(const std::vector<std::string>& events, std::size_t runs);

/// The same where the app was destroyed: its last run may not have told its end, and with a dispatcher
/// those whose handlers were still waiting there.
std::string what_is_wrong_with_destroyed(const std::vector<std::string>& events, std::size_t runs,
                                         bool with_dispatcher);

}  // namespace life
