#include "life/story.hpp"

#include <string_view>

namespace life {
namespace {

// Reads the events one by one.
class Reader {
 public:
  std::string read(const std::vector<std::string>& events) {
    for (const std::string& event : events) {
      const char* const problem = next(event);
      if (*problem != '\0') return event + ": " + problem;
    }
    return {};
  }
  std::size_t ended() const { return ended_; }

 private:
  const char* next(std::string_view event) {
    const bool again = event.ends_with(" again");
    if (event.starts_with("open") || event.starts_with("reconnect")) return opens();
    if (event.starts_with("error callback_threw")) return "";
    if (event.starts_with("error")) return fails(again);
    if (event.starts_with("close")) return closes(again);
    return open_ ? "" : "came while no connection was open";
  }

  const char* opens() {
    if (open_) return "two connections at once";
    if (failed_) return "a connection after an error that none follows";
    open_ = true;
    return "";
  }
  // A connection that was open has its on_close behind it.
  const char* fails(bool again) {
    if (failed_) return "another error after the last one";
    failed_ = !again;
    return "";
  }
  const char* closes(bool again) {
    if (again && !open_) return "on_close for a connection that never opened";
    if (again && failed_) return "the error said that no attempt follows";
    open_ = failed_ = false;
    ended_ += again ? 0 : 1;
    return "";
  }

  bool open_ = false;
  bool failed_ = false;  // for good
  std::size_t ended_ = 0;
};

std::string counted(std::size_t ended, std::size_t runs) {
  return std::to_string(runs) + " runs began, and " + std::to_string(ended) + " told their end";
}

}  // namespace

std::string what_is_wrong_with(const std::vector<std::string>& events, std::size_t runs) {
  Reader reader;
  if (std::string problem = reader.read(events); !problem.empty()) return problem;
  return reader.ended() == runs ? "" : counted(reader.ended(), runs);
}

std::string what_is_wrong_with_destroyed(const std::vector<std::string>& events, std::size_t runs,
                                         bool with_dispatcher) {
  Reader reader;
  if (std::string problem = reader.read(events); !problem.empty()) return problem;
  const std::size_t fewest = with_dispatcher || runs == 0 ? 0 : runs - 1;
  const bool right = fewest <= reader.ended() && reader.ended() <= runs;
  return right ? "" : counted(reader.ended(), runs);
}

}  // namespace life
