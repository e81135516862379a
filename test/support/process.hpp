// A child process whose standard output is read line by line, and which never outlives the test.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/deadline.hpp"
#include "support/descriptor.hpp"

namespace support {

/// What to start. The first argument is the program, looked for in PATH when it has no slash.
struct Command {
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to the test's own
  std::string directory{};                                         ///< empty: the test's own
};

/// Used by one thread at a time.
class Process {
 public:
  /// Throws std::system_error when it cannot be started (ENOENT: there is no such program).
  explicit Process(Command command);
  /// Closes the child's input, ends it by its pid if it is still there, and reaps it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }

  /// The next line of its output without the line feed; nullopt at the output's end or when none
  /// came in time.
  [[nodiscard]] std::optional<std::string> read_line(Milliseconds deadline = default_deadline);
  /// The next line that begins so; the lines before it are dropped.
  [[nodiscard]] std::optional<std::string> read_line_beginning(
      std::string_view prefix, Milliseconds deadline = default_deadline);
  /// Writes a line to its input; nothing happens when it no longer reads.
  void write_line(std::string_view line);
  void close_input() { input_.close(); }

  /// Its exit status, or 128 + the signal that ended it; nullopt when it still runs by then.
  [[nodiscard]] std::optional<int> wait(Milliseconds deadline = default_deadline);
  /// SIGTERM, and SIGKILL to one that is still there a little later. Then it is gone.
  void end();
  /// SIGKILL: no time for a farewell.
  void kill();

  /// What it wrote to standard error so far.
  std::string errors() const;

 private:
  bool read_more(const Deadline& deadline);
  void signal_and_wait(int signal, Milliseconds deadline);

  std::string name_;
  pid_t pid_ = -1;
  Descriptor exit_;   // readable once the child has ended
  Descriptor input_;  // a socket rather than a pipe, so that a write to a dead child raises no
                      // signal
  Descriptor output_;
  Descriptor errors_;
  std::string unread_;
  std::optional<int> status_;

  friend void show_errors_of_processes();
};

/// Prints what children wrote to standard error: those that run, and those that ended since the
/// test case began. Called when a case failed.
void show_errors_of_processes();
/// Called when a test case begins.
void forget_errors_of_ended_processes();

}  // namespace support
