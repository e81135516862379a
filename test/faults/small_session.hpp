// A small session with the recording server through the fault proxy, run again and again with other
// faults, some of them at the same time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "caller.hpp"
#include "fault_proxy.hpp"
#include "recording_server.hpp"
#include "support/event.hpp"

namespace faults {

/// Who says goodbye on the first connection, the one with the fault. On later ones we do.
enum class Goodbye : std::uint8_t { ours, the_servers };

struct Step {
  Goodbye goodbye = Goodbye::the_servers;
  Plan plan;  ///< of the first connection; the later ones are left alone
};
std::string describe(const Step& step);

/// What came of a step: every attempt, with what the server got.
struct Outcome {
  Step step;
  std::vector<Attempt> attempts;
  std::vector<std::optional<std::size_t>> got;
  Traffic first_traffic;
  std::chrono::milliseconds took{0};
};

class SmallSessions {
 public:
  /// As many at the same time; `tls` has them over wss.
  explicit SmallSessions(std::size_t at_once, const support::Certificate* tls = nullptr);
  ~SmallSessions();

  const std::string& missing() const { return server_.missing(); }
  const std::vector<std::string>& complaints() const { return server_.complaints(); }
  /// Messages in a session, the request for the server's goodbye not counted.
  static constexpr std::size_t messages = 5;

  /// How soon silence is noticed from now on: zero takes the ordinary long times.
  void notice_silence_within(std::chrono::milliseconds time) { silence_ = time; }
  /// Runs them all and looks at each with `look`, on this thread. False when one did not end in
  /// time.
  [[nodiscard]] bool run(const std::vector<Step>& steps,
                         const std::function<void(const Outcome&)>& look);

 private:
  struct Slot {
    std::uint16_t port = 0;
    std::mutex mutex;
    std::optional<Plan> next_plan;      // of the next connection
    support::Mailbox<Traffic> traffic;  // of connections that had such a plan
    Outcome outcome;
    std::chrono::steady_clock::time_point began;
    std::unique_ptr<Caller> caller;
  };

  void open_entrance(Slot& slot);
  void begin(Slot& slot, const Step& step);
  Caller::Script script(Slot& slot, Goodbye goodbye);
  bool finish(Slot& slot);
  websocket::ConnectOptions connect_options() const;
  websocket::RunOptions run_options() const;

  const support::Certificate* tls_;
  RecordingServer server_;
  std::chrono::milliseconds silence_{0};
  std::size_t steps_begun_ = 0;
  support::Mailbox<Slot*> finished_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::optional<FaultProxy> proxy_;
  websocket::EventLoop loop_;
};

}  // namespace faults
