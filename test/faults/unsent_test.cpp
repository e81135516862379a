// More than the sockets between take: what is left behind when a connection ends is told as unsent.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "caller.hpp"
#include "fault_proxy.hpp"
#include "recording_server.hpp"
#include "support/event.hpp"
#include "support/tally.hpp"

using faults::Attempt;
using faults::Caller;
using faults::Fault;
using faults::Way;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t messages = 40;
constexpr std::size_t message_size = 50'000;
constexpr std::size_t frame_size = 2 + 2 + 4 + message_size;  // RFC 6455 5.2, with a mask
constexpr int buffer_size = 16'384;                           // of our socket and the proxy's
constexpr std::size_t most_in_buffers = 300'000;              // the system takes what it likes

// Says all at once on its first connection, which ends by the fault, and closes the second.
class Sender {
 public:
  Sender(websocket::EventLoop& loop, faults::FaultProxy& proxy, Way fault, std::size_t number)
      : plan_{.to_server = fault, .to_client = {}} {
    const std::uint16_t port = proxy.listen(
        {.plan = [this] { return std::exchange(plan_, {}); }, .receive_buffer_size = buffer_size});
    websocket::ConnectOptions options;
    options.compression.enabled = false;
    options.socket.send_buffer_size = buffer_size;
    caller_ = std::make_unique<Caller>(&loop, "ws://127.0.0.1:" + std::to_string(port) + "/",
                                       options, std::to_string(number), script());
  }

  void start() {
    caller_->start({.ping_interval = milliseconds(300),
                    .ping_timeout = milliseconds(600),
                    .reconnect = websocket::ReconnectPolicy{.initial_delay = milliseconds(1)}});
  }
  [[nodiscard]] bool wait() { return over_.wait(2 * support::default_deadline); }
  void end() { caller_.reset(); }
  const std::vector<Attempt>& attempts() const { return attempts_; }
  /// Asked again and again, remembers what was left before the first connection ended.
  void look_at_what_is_left() {
    const std::size_t left = caller_->app().buffered_amount();
    if (left > 0) left_ = left;
  }
  std::size_t left() const { return left_; }
  bool is_over() const { return over_.is_set(); }

 private:
  Caller::Script script() {
    return {.opened =
                [](Caller& caller) {
                  if (caller.attempt_number() > 1) return caller.hang_up();
                  for (std::size_t i = 0; i < messages; ++i) caller.say();
                },
            .echoed = [](Caller&, std::size_t) {},
            .told =
                [this](Attempt&& attempt, bool over) {
                  attempts_.push_back(std::move(attempt));
                  if (over) over_.set();
                },
            .words =
                [](std::size_t number) {
                  return std::string(message_size - std::to_string(number).size() - 1, 'x');
                }};
  }

  faults::Plan plan_;  // the proxy's thread
  std::unique_ptr<Caller> caller_;
  std::vector<Attempt> attempts_;
  std::size_t left_ = 0;
  support::Event over_;
};

void look_at(const Attempt& attempt, faults::RecordingServer& server, const Way& fault) {
  const auto got = server.got(attempt.name);
  INFO(faults::describe(attempt), ", the server got ", (got ? std::to_string(*got) : "?"));
  for (const std::string& finding : faults::judge(attempt, got)) FAIL_CHECK(finding);
  if (attempt.hung_up) return;
  CHECK(attempt.queued == messages);
  // What has certainly gone.
  CHECK(attempt.info.unsent_messages <= messages - fault.after / (message_size + 500));
  // What cannot have gone anywhere. (Behind a cut the proxy reads on.)
  const bool proxy_reads_on = fault.fault == Fault::cut || fault.fault == Fault::half_close;
  const std::size_t taken = (fault.after + most_in_buffers) / message_size + 1;
  CHECK((proxy_reads_on || attempt.info.unsent_messages >= messages - taken));
}

}  // namespace

TEST_SUITE_BEGIN("what did not leave");

TEST_CASE("messages that are stuck when the connection ends are told as unsent, and only those") {
  faults::RecordingServer server;
  if (!server.missing().empty()) return support::skip(server.missing());
  faults::FaultProxy proxy(server.port());
  websocket::EventLoop loop;
  std::vector<std::unique_ptr<Sender>> senders;
  std::vector<Way> ways;
  for (const Fault fault : {Fault::stall, Fault::cut, Fault::reset, Fault::half_close}) {
    for (std::size_t after = 400; after < 1'000'000; after += 66'600) {
      const Way way{fault, after, milliseconds(3000)};
      senders.push_back(std::make_unique<Sender>(loop, proxy, way, senders.size()));
      ways.push_back(way);
    }
  }
  loop.start();
  for (const auto& sender : senders) sender->start();
  for (std::size_t i = 0; i < senders.size(); ++i) {
    REQUIRE(senders[i]->wait());
    REQUIRE(senders[i]->attempts().size() >= 2);
    for (const Attempt& attempt : senders[i]->attempts()) {
      if (attempt.opened > 0) look_at(attempt, server, ways[i]);
    }
    senders[i]->end();
  }
  CHECK(server.complaints().empty());
}

TEST_CASE("behind a stall the frames that are not gone whole are told as unsent, to the message") {
  faults::RecordingServer server;
  if (!server.missing().empty()) return support::skip(server.missing());
  faults::FaultProxy proxy(server.port());
  websocket::EventLoop loop;
  loop.start();
  std::vector<Way> ways;
  std::vector<std::unique_ptr<Sender>> senders;
  for (const std::size_t after : {5'000U, 123'456U, 777'777U}) {
    ways.push_back({Fault::stall, after, milliseconds(3000)});
    senders.push_back(std::make_unique<Sender>(loop, proxy, ways.back(), senders.size()));
    senders.back()->start();
  }
  const support::Deadline deadline(support::default_deadline);
  const auto is_over = [](const auto& sender) { return sender->is_over(); };
  while (!std::all_of(senders.begin(), senders.end(), is_over) && !deadline.over()) {
    for (const auto& sender : senders) sender->look_at_what_is_left();
    std::this_thread::yield();
  }
  for (std::size_t i = 0; i < senders.size(); ++i) {
    CAPTURE(ways[i].after);
    REQUIRE(senders[i]->wait());
    senders[i]->end();
    const Attempt& attempt = senders[i]->attempts().front();
    look_at(attempt, server, ways[i]);
    CHECK(attempt.info.unsent_messages == (senders[i]->left() + frame_size - 1) / frame_size);
  }
}

TEST_SUITE_END();
