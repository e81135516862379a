// What all clients share: their command line, the clock, percentiles, and the line of JSON they print.
//
//   client_X MODE URL SIZE COUNT
//
//   recv      receives COUNT messages of SIZE bytes, checking each: from the open connection to the last
//   send      sends COUNT messages, until the server says that it has them all
//   rtt       COUNT times: sends a message and waits for its echo
//   connect   COUNT times: a connection, one echo, the closing handshake
//   hold      COUNT connections at once, with one echo on each unless SIZE is 0: memory
//
// BENCH_CA names the file with the authority of a wss server; without it any certificate will do.
//
// Exit status 1 and a sentence for everything that goes wrong, and when two minutes are over (or
// BENCH_DEADLINE seconds). Plain C++17, since not every library can be compiled as C++20.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

enum class Mode : std::uint8_t { recv, send, rtt, connect, hold };

struct Order {
  Mode mode = Mode::recv;
  std::string url;
  bool tls = false;
  std::string host;
  std::string port;
  std::string target;     // path and query
  std::string authority;  // BENCH_CA: the file to verify a wss server with; "": none was given
  bool deflate = false;   // compression is to be offered
  std::size_t size = 0;
  std::size_t count = 0;
};

[[noreturn]] void give_up(const std::string& why);

/// What came must be as long as what was ordered.
[[noreturn]] void give_up_for_size(std::size_t got, std::size_t wanted);
inline void check_size(std::size_t got, std::size_t wanted) {
  if (got != wanted) give_up_for_size(got, wanted);
}

/// The messages to send: one, or with compression several different ones of JSON, in turns.
class Messages {
 public:
  explicit Messages(const Order& order);
  const std::string& operator[](std::size_t i) const { return messages_[i & mask_]; }

 private:
  std::vector<std::string> messages_;
  std::size_t mask_;
};

/// Durations, each in microseconds.
class Laps {
 public:
  explicit Laps(std::size_t expected) { laps_.reserve(expected); }
  void add(Clock::duration lap) {
    laps_.push_back(std::chrono::duration<double, std::micro>(lap).count());
  }
  std::size_t size() const { return laps_.size(); }
  double percentile(unsigned percent) const;

 private:
  std::vector<double> laps_;
};

/// What is printed; negative: does not apply.
struct Result {
  double seconds = -1;
  double cpu_seconds = -1;
  double p50_us = -1;
  double p99_us = -1;
  double connect_p50_us = -1;
  double resident_kib = -1;
};

/// The clocked part; begin and end may be on different threads.
class Watch {
 public:
  void begin();
  void end();
  Result result() const { return result_; }

 private:
  Result result_;
  Clock::time_point begin_;
  double cpu_begin_ = 0;
};

Result with_laps(const Watch& watch, const Laps& laps);
Result with_laps(const Watch& watch, const Laps& laps, const Laps& connects);
/// And the resident memory of this process now.
Result with_memory(const Watch& watch);

/// A client's modes; null: it has none of that kind.
struct Client {
  const char* name;
  Result (*recv)(const Order&);
  Result (*send)(const Order&);
  Result (*rtt)(const Order&);
  Result (*connect)(const Order&);
  Result (*hold)(const Order&);
};

/// The whole main function.
int run(const Client& client, int argc, char** argv);

}  // namespace bench
