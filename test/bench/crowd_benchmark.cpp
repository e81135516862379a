// What many connections on one EventLoop cost: memory for each of them, connecting, broadcasting to
// all, closing all. The server is a process of its own.
//
//   crowd_benchmark [--count 10000] [--tls] [--no-compression] [--runs 3] [--rest SECONDS] [--json]
//
// Each run is a process of its own as well (--once), since malloc remembers. Medians are printed,
// as one line of JSON and, without --json, as Markdown.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <websocket/websocket.hpp>

#include "crowd/crowd.hpp"
#include "crowd/descriptors.hpp"
#include "crowd/memory.hpp"
#include "support/event.hpp"

namespace {

using crowd::Memory;
using Figures = std::vector<std::pair<std::string, double>>;

constexpr std::size_t message_size = 125;
constexpr std::size_t window = 256;

struct Wish {
  std::size_t count = 10'000;
  bool tls = false;
  bool compression = true;
  bool once = false;
  bool json = false;
  int runs = 3;
  int rest = 0;  // seconds; the library gives memory back after 10 to 20 of them
};

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  double cpu_seconds() const { return cpu() - cpu_; }

 private:
  static double cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_ = cpu();
};

// The server's descriptors are its own; each app here has one.
std::size_t as_many_as_allowed(std::size_t wanted) {
  constexpr std::size_t others = 64;
  const std::size_t allowed = crowd::allow_descriptors(wanted + others);
  if (allowed >= wanted + others) return wanted;
  std::fprintf(stderr, "only %zu descriptors are allowed: %zu connections instead of %zu\n",
               allowed, allowed - others, wanted);
  return allowed - others;
}

class Run {
 public:
  explicit Run(const Wish& wish)
      : count_(as_many_as_allowed(wish.count)),
        few_(count_ / 10),
        certificates_(wish.tls ? std::make_unique<support::Certificates>() : nullptr),
        server_(certificates_.get()),
        crowd_(server_.url(), options(wish)) {}

  Figures measure(int rest) {
    crowd_.grow(few_, window);
    exchange_messages();  // so that those few cost the same from here on
    const Memory few = crowd::memory_now();
    connect(few);
    broadcast(few);
    if (rest > 0) let_rest(rest, few);
    close();
    return std::move(figures_);
  }

 private:
  websocket::ConnectOptions options(const Wish& wish) const {
    websocket::ConnectOptions options;
    options.timeout = std::chrono::minutes(2);
    options.close_timeout = std::chrono::minutes(2);
    options.compression.enabled = wish.compression;
    if (certificates_) options.tls.ca_file = certificates_->authority();
    return options;
  }

  void exchange_messages() {
    server_.forget();
    server_.count(crowd_.size());
    send_to_all();
    server_.wait_until_counted();
    said_ += server_.say(message_size);
    crowd_.wait_for_messages(said_);
  }

  void send_to_all() {
    const std::size_t queued = websocket::broadcast(crowd_.apps(), message_);
    if (queued != crowd_.size()) throw std::runtime_error("not all apps took the message");
  }

  void connect(const Memory& few) {
    const Watch watch;
    crowd_.grow(count_, window);
    const auto more = static_cast<double>(count_ - few_);
    note("connections", static_cast<double>(count_));
    note("connects_per_second", more / watch.seconds());
    note("connect_cpu_us", watch.cpu_seconds() / more * 1e6);
    note("resident_of_a_tenth_kib", few.resident);
    note("resident_of_all_kib", crowd::memory_now().resident);
    note_slope("idle", few);
  }

  void broadcast(const Memory& few) {
    server_.forget();
    server_.count(count_);
    const Watch watch;
    send_to_all();
    note("broadcast_call_ms", watch.seconds() * 1e3);
    server_.wait_until_counted();
    note("broadcast_counted_ms", watch.seconds() * 1e3);
    note("broadcast_cpu_us", watch.cpu_seconds() / static_cast<double>(count_) * 1e6);

    const Watch receiving;
    said_ += server_.say(message_size);
    crowd_.wait_for_messages(said_);
    note("receive_all_ms", receiving.seconds() * 1e3);
    note_slope("after_messages", few);
  }

  void let_rest(int seconds, const Memory& few) {
    support::Event never;  // nothing happens: that is what is measured
    static_cast<void>(never.wait(std::chrono::seconds(seconds)));
    note_slope("after_rest", few);
  }

  void close() {
    const Watch watch;
    crowd_.close(count_);
    note("close_all_ms", watch.seconds() * 1e3);
    note("close_cpu_us", watch.cpu_seconds() / static_cast<double>(count_) * 1e6);
    if (crowd_.tally().closed_in_order != count_) throw std::runtime_error("not closed in order");
    note("server_cpu_seconds", server_.tell().cpu_seconds);
  }

  void note(const std::string& name, double value) { figures_.emplace_back(name, value); }
  void note_slope(const std::string& when, const Memory& few) {
    const Memory each = crowd::slope(few, crowd::memory_now(), count_ - few_);
    note(when + "_resident_kib", each.resident);
    note(when + "_malloc_kib", each.in_use);
  }

  const std::size_t count_;
  const std::size_t few_;
  const std::string message_ = std::string(message_size, 'x');
  std::unique_ptr<support::Certificates> certificates_;
  crowd::ServerProcess server_;
  crowd::Crowd crowd_;
  std::size_t said_ = 0;
  Figures figures_;
};

std::string json(const Figures& figures) {
  std::string text;
  for (const auto& [name, value] : figures) {
    char number[32];
    std::snprintf(number, sizeof number, "%.2f", value);
    text += (text.empty() ? "{\"" : ", \"") + name + "\": " + number;
  }
  return text + "}";
}

// What json() wrote.
Figures parse(const std::string& text) {
  Figures figures;
  for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at)) {
    const std::size_t end = text.find('"', at + 1);
    figures.emplace_back(text.substr(at + 1, end - at - 1), std::atof(text.c_str() + end + 2));
    at = end + 1;
  }
  return figures;
}

Figures run_apart(const Wish& wish) {
  support::Command command{{"/proc/self/exe", "--once", "--count", std::to_string(wish.count),
                            "--rest", std::to_string(wish.rest)}};
  if (wish.tls) command.arguments.emplace_back("--tls");
  if (!wish.compression) command.arguments.emplace_back("--no-compression");
  support::Process process(std::move(command));
  const auto line = process.read_line_beginning("{", std::chrono::minutes(10));
  std::fputs(process.errors().c_str(), stderr);
  if (!line) throw std::runtime_error("a run said nothing");
  return parse(*line);
}

Figures medians(const std::vector<Figures>& runs) {
  Figures result = runs.front();
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::vector<double> values;
    for (const Figures& run : runs) values.push_back(run.at(i).second);
    std::sort(values.begin(), values.end());
    result[i].second = values[values.size() / 2];
  }
  return result;
}

void print_table(const Wish& wish, const Figures& figures) {
  std::printf("| %s%s, median of %d | |\n|---|---:|\n", wish.tls ? "wss" : "ws",
              wish.compression ? "" : " without compression", wish.runs);
  for (const auto& [name, value] : figures) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    std::printf("| %s | %.2f |\n", words.c_str(), value);
  }
  std::puts("");
}

Wish read_arguments(int argc, char** argv) {
  Wish wish;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
    if (argument == "--tls") wish.tls = true;
    if (argument == "--no-compression") wish.compression = false;
    if (argument == "--once") wish.once = true;
    if (argument == "--json") wish.json = true;
    if (argument == "--count") wish.count = static_cast<std::size_t>(std::max(number(), 10));
    if (argument == "--runs") wish.runs = std::max(number(), 1);
    if (argument == "--rest") wish.rest = number();
  }
  return wish;
}

}  // namespace

int main(int argc, char** argv) {
  const Wish wish = read_arguments(argc, argv);
  try {
    if (wish.once) {
      std::puts(json(Run(wish).measure(wish.rest)).c_str());
      return 0;
    }
    std::vector<Figures> runs;
    for (int i = 0; i < wish.runs; ++i) runs.push_back(run_apart(wish));
    const Figures result = medians(runs);
    if (!wish.json) print_table(wish, result);
    std::puts(json(result).c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the benchmark failed: %s\n", error.what());
    return 1;
  }
  return 0;
}
