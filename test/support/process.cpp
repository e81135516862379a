// Child processes by posix_spawn. Linux alone: pidfd_open, memfd_create.
#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <system_error>

namespace support {
namespace {

constexpr Milliseconds time_to_end{5'000};

// What can be shown when a test case fails: the children that run, and the words of those that
// ended since the case began.
struct Witnesses {
  std::mutex mutex;
  std::vector<const Process*> living;
  std::string last_words;
};

Witnesses& witnesses() {
  static Witnesses instance;
  return instance;
}

std::string quoted_errors(const std::string& name, pid_t pid, const std::string& errors) {
  if (errors.empty()) return {};
  return "--- standard error of " + name + ", process " + std::to_string(pid) + " ---\n" + errors +
         "\n---\n";
}

int checked(int result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

void check_spawn(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void become(const Descriptor& from, int to) {
    check_spawn(::posix_spawn_file_actions_adddup2(&actions_, from.get(), to), "dup2");
  }
  void change_directory(const std::string& directory) {
    check_spawn(::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()), directory);
  }
  // A child must not hold the test's sockets: a connection the test closes has to end.
  void close_from(int first) {
    check_spawn(::posix_spawn_file_actions_addclosefrom_np(&actions_, first), "closefrom");
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// The test's environment with the additions, which win.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& additions) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced = std::any_of(additions.begin(), additions.end(), [&](const auto& added) {
      return text.substr(0, text.find('=')) == added.first;
    });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : additions) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

// Whether there is something to read, or an end to see, in time.
bool readable(int descriptor, const Deadline& deadline) {
  for (;;) {
    pollfd entry{descriptor, POLLIN, 0};
    const int count = ::poll(&entry, 1, deadline.left());
    if (count > 0) return true;
    if (count == 0) return false;
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

}  // namespace

Process::Process(Command command) : name_(command.arguments.at(0)) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()), "socketpair");
  input_ = Descriptor(in[0]);
  const Descriptor child_input(in[1]);
  checked(::pipe2(out.data(), O_CLOEXEC), "pipe2");
  output_ = Descriptor(out[0]);
  const Descriptor child_output(out[1]);
  errors_ = Descriptor(checked(::memfd_create("stderr", MFD_CLOEXEC), "memfd_create"));

  SpawnActions actions;
  if (!command.directory.empty()) actions.change_directory(command.directory);
  actions.become(child_input, STDIN_FILENO);
  actions.become(child_output, STDOUT_FILENO);
  actions.become(errors_, STDERR_FILENO);
  actions.close_from(STDERR_FILENO + 1);

  std::vector<std::string> environment = environment_with(command.environment);
  const std::vector<char*> argv = pointers_to(command.arguments);
  const std::vector<char*> envp = pointers_to(environment);
  check_spawn(::posix_spawnp(&pid_, argv.front(), actions.get(), nullptr, argv.data(), envp.data()),
              "cannot start " + name_);
  exit_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));

  const std::lock_guard lock(witnesses().mutex);
  witnesses().living.push_back(this);
}

Process::~Process() {
  close_input();
  end();
  const std::lock_guard lock(witnesses().mutex);
  std::erase(witnesses().living, this);
  witnesses().last_words += quoted_errors(name_, pid_, errors());
}

std::optional<std::string> Process::read_line(Milliseconds deadline) {
  const Deadline until(deadline);
  for (;;) {
    const auto end = unread_.find('\n');
    if (end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (!read_more(until)) return {};
  }
}

std::optional<std::string> Process::read_line_beginning(std::string_view prefix,
                                                        Milliseconds deadline) {
  const Deadline until(deadline);
  for (;;) {
    std::optional<std::string> line = read_line(Milliseconds(until.left()));
    if (!line || line->starts_with(prefix)) return line;
  }
}

bool Process::read_more(const Deadline& deadline) {
  if (!readable(output_.get(), deadline)) return false;
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
  if (count <= 0) return false;
  unread_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

void Process::write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  if (::send(input_.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE) {
    throw std::system_error(errno, std::generic_category(), "cannot write to " + name_);
  }
}

std::optional<int> Process::wait(Milliseconds deadline) {
  if (status_) return status_;
  if (!readable(exit_.get(), Deadline(deadline))) return {};
  int status = 0;
  checked(::waitpid(pid_, &status, 0), "waitpid");
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Process::end() {
  signal_and_wait(SIGTERM, time_to_end);
  kill();
}

void Process::kill() { signal_and_wait(SIGKILL, default_deadline); }

void Process::signal_and_wait(int signal, Milliseconds deadline) {
  if (status_) return;  // its pid may be another's by now
  ::kill(pid_, signal);
  static_cast<void>(wait(deadline));
}

std::string Process::errors() const {
  std::string result;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count =
        ::pread(errors_.get(), buffer.data(), buffer.size(), static_cast<off_t>(result.size()));
    if (count <= 0) return result;
    result.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void show_errors_of_processes() {
  const std::lock_guard lock(witnesses().mutex);
  std::string text = witnesses().last_words;
  for (const Process* process : witnesses().living) {
    text += quoted_errors(process->name_, process->pid_, process->errors());
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void forget_errors_of_ended_processes() {
  const std::lock_guard lock(witnesses().mutex);
  witnesses().last_words.clear();
}

}  // namespace support
