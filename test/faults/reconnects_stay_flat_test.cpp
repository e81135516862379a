// Thousands of reconnects leave threads, descriptors and memory as they were.
#include <doctest/doctest.h>

#include <string>
#include <websocket/websocket.hpp>

#include "dropping_server.hpp"
#include "process_figures.hpp"
#include "support/event.hpp"

using faults::DroppingServer;
using faults::Figures;
using websocket::CloseInfo;
using websocket::Duration;
using websocket::Error;
using websocket::WebSocketApp;

namespace {

constexpr int attempts = 3000;
constexpr int warm_up = attempts / 3;
constexpr std::size_t tolerated_bytes = 64U << 10U;

// Counts an app's attempts, looks at the process after the warm-up and after the last, and closes.
class Counter {
 public:
  explicit Counter(WebSocketApp& app) {
    app.on_open = [this](WebSocketApp&) { ++opened_; };
    app.on_error = [this](WebSocketApp& self, const Error&) { failed(self); };
    app.on_close = [this](WebSocketApp& self, const CloseInfo& info) { closed(self, info); };
  }

  [[nodiscard]] bool wait() { return over_.wait(6 * support::default_deadline); }

  void check() const {
    CHECK(opened_ > attempts / 2);
    CHECK(told_closed_ == opened_);
    CHECK(late_.threads <= early_.threads + 1);  // one that looks a name up
    CHECK(late_.descriptors <= early_.descriptors);
    CHECK(late_.memory < early_.memory + tolerated_bytes);
    MESSAGE(opened_, " connections opened, ", refused_, " did not; from attempt ", warm_up,
            " on: threads ", early_.threads, " to ", late_.threads, ", descriptors ",
            early_.descriptors, " to ", late_.descriptors, ", bytes ", early_.memory, " to ",
            late_.memory);
  }
  void check_refused() const {
    CHECK(opened_ == 0);
    CHECK(refused_ >= attempts);
    CHECK(late_.threads <= early_.threads + 1);  // one that looks a name up
    CHECK(late_.descriptors <= early_.descriptors);
    CHECK(late_.memory < early_.memory + tolerated_bytes);
  }

 private:
  void failed(WebSocketApp& self) {
    if (opened_ > told_closed_) return;  // its on_close follows
    ++refused_;
    attempt_is_over(self);
  }

  void closed(WebSocketApp& self, const CloseInfo& info) {
    if (opened_ > told_closed_) {
      ++told_closed_;
      if (info.will_reconnect) attempt_is_over(self);
    }
    if (!info.will_reconnect) over_.set();
  }

  void attempt_is_over(WebSocketApp& self) {
    const int count = told_closed_ + refused_;
    if (count == warm_up) early_ = faults::figures_now();
    if (count != attempts) return;
    late_ = faults::figures_now();
    self.close();
  }

  int opened_ = 0;
  int told_closed_ = 0;
  int refused_ = 0;
  Figures early_;
  Figures late_;
  support::Event over_;
};

websocket::RunOptions at_once() {
  return {.reconnect =
              websocket::ReconnectPolicy{.initial_delay = Duration(0), .max_delay = Duration(1)}};
}

std::string url(const char* host, std::uint16_t port) {
  return std::string("ws://") + host + ":" + std::to_string(port) + "/";
}

// Of a server that is no longer there.
std::uint16_t port_where_nobody_listens() { return DroppingServer().port(); }

}  // namespace

TEST_SUITE_BEGIN("thousands of reconnects");

TEST_CASE("an app with a thread of its own needs no more after 3000 attempts than after 1000") {
  const DroppingServer server;
  WebSocketApp app(url("127.0.0.1", server.port()));
  Counter counter(app);
  app.start(at_once());
  REQUIRE(counter.wait());
  app.wait();
  counter.check();
}

TEST_CASE("an app on an EventLoop needs no more after 3000 attempts than after 1000") {
  const DroppingServer server;
  websocket::EventLoop loop;
  loop.start();
  WebSocketApp app(loop, url("127.0.0.1", server.port()));
  Counter counter(app);
  app.start(at_once());
  REQUIRE(counter.wait());
  app.wait();
  counter.check();
}

TEST_CASE("looking up the name 3000 times leaves nothing behind either") {
  const DroppingServer server;
  websocket::EventLoop loop;
  loop.start();
  WebSocketApp app(loop, url("localhost", server.port()));
  Counter counter(app);
  app.start(at_once());
  REQUIRE(counter.wait());
  app.wait();
  counter.check();
}

TEST_CASE("3000 attempts that are refused leave nothing behind") {
  WebSocketApp app(url("127.0.0.1", port_where_nobody_listens()));
  Counter counter(app);
  app.start(at_once());
  REQUIRE(counter.wait());
  app.wait();
  counter.check_refused();
}

TEST_SUITE_END();
