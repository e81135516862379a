// Handlers are assigned by one thread while the loop's thread calls them.
#include <doctest/doctest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::quick;
using websocket::Message;
using websocket::WebSocketApp;

namespace {

// Holds a thread up wherever it is, by a signal whose handler takes its time.
class HoldUp {
 public:
  explicit HoldUp(std::thread& thread) : thread_(thread.native_handle()) {
    struct sigaction ours {};
    ours.sa_handler = [](int) {
      for (int i = 0; i < 3000; ++i) ::sched_yield();  // far longer than anybody spins for a lock
      ended_ = ended_ + 1;
    };
    ::sigaction(SIGUSR1, &ours, &before_);
  }
  ~HoldUp() { ::sigaction(SIGUSR1, &before_, nullptr); }
  HoldUp(const HoldUp&) = delete;
  HoldUp& operator=(const HoldUp&) = delete;

  void for_a_moment() {
    const int before = ended_;
    REQUIRE(::pthread_kill(thread_, SIGUSR1) == 0);
    REQUIRE(api_test::comes_true([&] { return ended_ != before; }));
  }

 private:
  static inline std::atomic<int> ended_{0};
  const pthread_t thread_;
  struct sigaction before_ {};
};

}  // namespace

TEST_SUITE("assigning handlers") {
  TEST_CASE(
      "a thread may be held up in the midst of assigning a handler: messages go on arriving") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    std::atomic<int> told{0};
    app.on_open = [](WebSocketApp& self) { self.send("begin"); };
    const auto handler = [&](WebSocketApp& self, const Message&) {
      ++told;
      self.send("again");
    };
    app.on_message = handler;
    app.start();
    std::atomic<bool> done{false};
    std::thread assigning([&] {
      while (!done) app.on_message = handler;
    });
    bool goes_on = true;
    {
      HoldUp hold_up(assigning);
      for (int i = 0; i < 200 && goes_on; ++i) {
        hold_up.for_a_moment();
        const int before = told;
        goes_on = api_test::comes_true([&] { return told > before; });
      }
    }
    done = true;
    assigning.join();
    REQUIRE(goes_on);
    app.close();
    app.wait();
  }

  TEST_CASE("handlers are assigned from another thread while messages arrive") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    support::Event opened;
    std::atomic<int> told{0};
    app.on_open = [&](WebSocketApp&) { opened.set(); };
    const auto handler = [&](WebSocketApp& self, const Message&) {
      if (++told < 300) self.send("again");
    };
    app.on_message = handler;
    app.start();
    REQUIRE(opened.wait());
    app.send("begin");
    while (told < 300) {
      app.on_message = handler;
      const websocket::Callback<void(WebSocketApp&, const Message&)> copy = app.on_message;
      app.on_message = copy;
    }
    app.close();
    app.wait();
    CHECK(told == 300);
  }
}
