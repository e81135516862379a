// Threads that send without looking while connections come and go: what send() took is accounted
// for, also what it took at the last moment.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <websocket/websocket.hpp>

#include "fault_proxy.hpp"
#include "recording_server.hpp"
#include "support/event.hpp"
#include "support/tally.hpp"

using faults::Fault;
using faults::Plan;
using faults::RecordingServer;
using std::chrono::milliseconds;
using websocket::CloseInfo;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

constexpr std::size_t apps = 6;
constexpr int window = 60;               // messages of an app that have not come back
constexpr std::size_t connections = 40;  // of each app at least

// An app and the thread that sends with it.
class Sender {
 public:
  Sender(std::size_t number, std::uint32_t seed, websocket::EventLoop* loop,
         faults::FaultProxy& proxy)
      : name_(std::to_string(number)), random_(seed + static_cast<std::uint32_t>(number)) {
    const std::string url =
        "ws://127.0.0.1:" + std::to_string(proxy.listen({.plan = [this] { return next_plan(); }})) +
        "/";
    websocket::ConnectOptions options;
    options.limits.max_send_buffer = 32768;
    options.compression.enabled = number % 2 == 0;
    options.header_factory = [this] {
      attempt_ = name_ + "." + std::to_string(++attempts_);
      return websocket::Headers{{"X-Attempt", attempt_}};
    };
    app_ = loop ? std::make_unique<WebSocketApp>(*loop, url, options)
                : std::make_unique<WebSocketApp>(url, options);
    app_->on_open = [this](WebSocketApp&) {
      opened_.push_back(attempt_);
      ++open_count_;
      on_their_way_ = 0;
    };
    app_->on_message = [this](WebSocketApp&, const websocket::Message&) { --on_their_way_; };
    app_->on_close = [this](WebSocketApp&, const CloseInfo& info) { closed(info); };
  }

  void start() {
    app_->start({.reconnect = websocket::ReconnectPolicy{.initial_delay = milliseconds(1),
                                                         .max_delay = milliseconds(5)}});
    thread_ = std::thread([this] { send_all(); });
  }
  [[nodiscard]] bool wait() {
    thread_.join();
    return over_.wait();
  }
  void end() { app_.reset(); }

  std::size_t check(RecordingServer& server) const {
    std::size_t got = 0;
    for (const std::string& attempt : opened_) {
      const auto record = server.record(attempt);
      REQUIRE(record.has_value());
      got += record->messages;
    }
    INFO("app ", name_, ", ", opened_.size(), " connections, ", queued_, " queued, ", got, " got, ",
         unsent_, " unsent, ", unconfirmed_, " unconfirmed");
    CHECK(opened_.size() >= connections);
    CHECK(closes_ == opened_.size());
    CHECK(got <= queued_ - unsent_);
    CHECK(queued_ - unsent_ - unconfirmed_ <= got);
    return queued_;
  }

 private:
  Plan next_plan() {
    static constexpr Fault faults[] = {Fault::cut, Fault::reset, Fault::half_close};
    const auto random = [this](std::size_t most) {
      return std::uniform_int_distribution<std::size_t>(0, most)(random_);
    };
    Plan plan;
    (random(1) == 0 ? plan.to_server : plan.to_client) = {faults[random(2)], random(20'000)};
    return plan;
  }

  // One number after the other, each until it is taken.
  void send_all() {
    const support::Deadline deadline(2 * support::default_deadline);
    while (open_count_.load() < connections && !deadline.over()) {
      const std::string text = std::to_string(queued_) + " " + std::string(300, 'w');
      // The server is not flooded: it would take longer than the faults.
      if (on_their_way_.load() < window && app_->send(text) == SendResult::queued) {
        ++queued_;
        ++on_their_way_;
      } else {
        std::this_thread::yield();
      }
    }
    app_->close();
  }

  void closed(const CloseInfo& info) {
    if (closes_ < opened_.size()) ++closes_;
    unsent_ += info.unsent_messages;
    unconfirmed_ += info.unconfirmed_messages;
    if (!info.will_reconnect) over_.set();
  }

  const std::string name_;
  // The proxy's thread:
  std::mt19937 random_;
  // The app's thread, and the test's when the run is over:
  int attempts_ = 0;
  std::string attempt_;
  std::vector<std::string> opened_;
  std::size_t closes_ = 0;
  std::size_t unsent_ = 0;
  std::size_t unconfirmed_ = 0;
  std::atomic<std::size_t> open_count_{0};
  std::atomic<int> on_their_way_{0};  // about: counted anew with each connection
  // The sending thread, likewise:
  std::size_t queued_ = 0;

  support::Event over_;
  std::unique_ptr<WebSocketApp> app_;
  std::thread thread_;
};

}  // namespace

TEST_SUITE_BEGIN("threads that send");

TEST_CASE("what send() took from other threads while connections came and went is accounted for") {
  RecordingServer server;
  if (!server.missing().empty()) return support::skip(server.missing());
  const std::uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::vector<std::unique_ptr<Sender>> senders;
  {
    faults::FaultProxy proxy(server.port());
    websocket::EventLoop loop;
    loop.start();
    for (std::size_t i = 0; i < apps; ++i) {
      senders.push_back(std::make_unique<Sender>(i, seed, i < apps / 2 ? &loop : nullptr, proxy));
    }
    for (const auto& sender : senders) sender->start();
    for (const auto& sender : senders) CHECK(sender->wait());
    for (const auto& sender : senders) sender->end();
  }
  std::size_t queued = 0;
  for (const auto& sender : senders) queued += sender->check(server);
  MESSAGE(queued, " messages queued");
  CHECK(server.complaints().empty());
}

TEST_SUITE_END();
