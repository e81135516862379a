// The one piece of global state: whether the trace is on, and where it goes.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <websocket/trace.hpp>

#include "api/connection_trace.hpp"
#include "net/fork.hpp"

namespace websocket {
namespace {

using Sink = std::function<void(std::string_view)>;

struct Trace {
  std::atomic<bool> enabled{false};
  std::atomic<unsigned> connections{0};
  Sink sink;
};

// Held while the sink runs: one line at a time. A child process has its own.
struct TraceLock {
  std::mutex mutex;
};
std::mutex& trace_mutex() { return net::one_per_process<TraceLock>().mutex; }

// Never destroyed: a connection may still run while the program's globals go.
Trace& trace() {
  static auto* const instance = new Trace;
  return *instance;
}

void write_to_standard_error(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// "2026-11-21 14:03:07.123", local time.
std::string time_stamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
#ifdef _WIN32
  localtime_s(&parts, &seconds);
#else
  localtime_r(&seconds, &parts);
#endif
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(milliseconds));
  return std::string(text, size) + fraction;
}

}  // namespace

void enable_trace(bool on, std::function<void(std::string_view line)> sink) {
  Trace& state = trace();
  {
    // The former sink goes when the lock is gone: it may hold anything.
    const std::lock_guard lock(trace_mutex());
    state.sink.swap(sink);
    state.enabled.store(on, std::memory_order_relaxed);
  }
}

namespace api {

ConnectionTrace::ConnectionTrace()
    : number_(trace().connections.fetch_add(1, std::memory_order_relaxed) + 1) {}

bool ConnectionTrace::enabled() const noexcept {
  return trace().enabled.load(std::memory_order_relaxed);
}

void ConnectionTrace::line(std::string_view text) {
  std::string line = time_stamp() + " #" + std::to_string(number_) + ' ';
  line += text;
  Trace& state = trace();
  const std::lock_guard lock(trace_mutex());
  if (!state.enabled.load(std::memory_order_relaxed)) return;
  if (!state.sink) return write_to_standard_error(line);
  try {
    state.sink(line);
  } catch (...) {
    // A trace that fails must not fail what it traces.
  }
}

}  // namespace api
}  // namespace websocket
