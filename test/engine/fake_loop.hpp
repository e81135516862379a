// A net::Loop without a network and without time: the clock is advanced by hand, names, addresses
// and TLS answer as they are told to, and connections are in-memory streams whose other end the
// test holds.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "net/loop.hpp"

namespace engine_test {

using namespace websocket;

// One connection as both ends see it.
struct Wire {
  // From the server, not read yet.
  std::string to_client;
  bool server_has_ended = false;
  std::error_code broken = {};  // set: every read and write fails with it
  std::size_t most_per_read = std::numeric_limits<std::size_t>::max();

  // From the client.
  std::string from_client;
  std::size_t room = std::numeric_limits<std::size_t>::max();  // more than that would block
  bool client_has_ended = false;                               // its FIN, or the stream is gone
  bool stream_is_gone = false;

  int reads = 0;
  std::function<void()> told;  // the client did something; called later, from the loop
};

class FakeLoop final : public net::Loop {
 public:
  using TimePoint = net::Clock::time_point;

  // ---- what answers

  // Answers to look-ups, connections and TLS; where the failure is set it comes, `hangs` answers
  // never.
  struct Answer {
    std::optional<base::Failure> failure = {};
    bool hangs = false;
  };
  std::map<std::string, std::vector<std::string>> names = {{"example.com", {"10.0.0.1:80"}}};
  Answer look_up;
  std::map<std::string, Answer> addresses;  // what is not in here lets everybody in
  Answer tls;
  std::optional<base::Failure> tls_context_failure;

  // The n-th of all operations (look-ups, connections, TLS, reads, writes) fails; -1: none does.
  int fail_at = -1;
  int operations = 0;
  // A failing read says `end` instead.
  bool fails_by_ending = false;

  // Called for every new connection.
  std::function<void(std::shared_ptr<Wire>)> accepted;

  std::vector<std::string>
      steps;  // "resolve example.com:80", "connect 10.0.0.1:80", "tls example.com"
  std::vector<std::shared_ptr<Wire>> wires;

  // ---- time

  // Everything that is ready, until nothing is. A loop that never comes to rest fails the test.
  void run();
  // Moves the clock on, from timer to timer.
  void advance(Duration duration);
  // The clock jumps, as after a slow handler: nothing runs before it has.
  void jump(Duration duration) { now_ += duration; }
  // Runs, and goes from timer to timer, until it holds or there is nothing left to wait for.
  bool run_until(const std::function<bool()>& holds);
  std::size_t timers() const;
  Duration elapsed() const { return std::chrono::duration_cast<Duration>(now_ - begin_); }

  bool wanted_back = false;

  // ---- Loop

  net::Clock::time_point now() const override { return now_; }
  std::chrono::system_clock::time_point date() const override {
    return std::chrono::sys_days(std::chrono::November / 21 / 2026) + (now_ - begin_);
  }
  void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }
  net::OperationPtr at(TimePoint when, std::function<void()> work) override;
  bool is_wanted_back() const override { return wanted_back; }
  std::optional<net::Address> numeric_address(const std::string& host,
                                              std::uint16_t port) const override;
  net::OperationPtr resolve(const std::string& host, std::uint16_t port, Resolved done) override;
  net::OperationPtr connect(const net::Address& to, const SocketOptions& options,
                            Connected done) override;
  base::Outcome<std::shared_ptr<const net::TlsContext>> tls_context(const TlsOptions&) override;
  net::OperationPtr start_tls(std::unique_ptr<net::Stream> lower,
                              std::shared_ptr<const net::TlsContext> context,
                              const std::string& host, base::TraceSink& trace,
                              Connected done) override;
  std::span<char> read_buffer() override { return read_buffer_; }
  void random(std::span<std::byte> into) override;

  bool operation_fails() { return operations++ == fail_at; }

 private:
  struct Task {
    std::function<void()> work;  // empty: abandoned or done
  };
  class Handle;

  net::OperationPtr later(std::function<void()> work);
  net::OperationPtr answer(const Answer& how,
                           std::function<void(std::optional<base::Failure>)> done);
  static void run_task(const std::shared_ptr<Task>& task);
  bool run_one();

  const TimePoint begin_ = TimePoint() + std::chrono::hours(1000);
  TimePoint now_ = begin_;
  std::deque<std::function<void()>> posted_;
  std::multimap<TimePoint, std::shared_ptr<Task>> timers_;
  std::vector<char> read_buffer_ = std::vector<char>(1 << 16);
  unsigned random_ = 0;
};

// The server's end of a Wire.
void write_to_client(const std::shared_ptr<Wire>& wire, std::string_view bytes);
void end_towards_client(const std::shared_ptr<Wire>& wire);
void break_wire(const std::shared_ptr<Wire>& wire, std::errc error);
void give_room(const std::shared_ptr<Wire>& wire, std::size_t room);

}  // namespace engine_test
