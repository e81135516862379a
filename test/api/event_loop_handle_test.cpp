// EventLoop::native_handle: a foreign loop sleeps on it, polls when it is readable, and needs
// nothing else.
#include <doctest/doctest.h>
#include <poll.h>

#include <string>
#include <thread>

#include "api/probe.hpp"
#include "echo_server.hpp"
#include "support/deadline.hpp"

using namespace api_test;
using websocket::EventLoop;
using websocket::WebSocketApp;

namespace {

bool is_readable(int handle, int timeout) {
  pollfd waits{handle, POLLIN, 0};
  return ::poll(&waits, 1, timeout) == 1;
}

// A foreign loop: whether that came true before it slept too long.
bool runs_until(EventLoop& loop, const std::function<bool()>& holds) {
  const support::Deadline deadline(support::default_deadline);
  loop.poll();
  while (!holds()) {
    if (!is_readable(loop.native_handle(), deadline.left())) return false;
    loop.poll();
  }
  return true;
}

// Until there is nothing left to do; whether that comes at all.
bool comes_to_rest(EventLoop& loop) {
  for (int i = 0; i < 1000; ++i) {
    loop.poll();
    if (!is_readable(loop.native_handle(), 0)) return true;
  }
  return false;
}

}  // namespace

#ifdef __linux__
TEST_SUITE("EventLoop::native_handle") {
  TEST_CASE("connecting, messages and closing make it readable; at rest it is not") {
    const samples::EchoServer server;
    EventLoop loop;
    REQUIRE(loop.native_handle() >= 0);
    CHECK(comes_to_rest(loop));
    Probe probe;
    WebSocketApp app(loop, server.url(), quick());
    probe.attach(app);
    app.start();
    CHECK(is_readable(loop.native_handle(), 0));
    REQUIRE(runs_until(loop, [&] { return probe.opened.is_set(); }));
    for (int i = 0; i < 100; ++i) {
      app.send(std::to_string(i));
      REQUIRE(runs_until(loop, [&] { return probe.messages.size() == std::size_t(i) + 1; }));
    }
    CHECK(comes_to_rest(loop));
    app.close();
    CHECK(runs_until(loop, [&] { return probe.ended.is_set(); }));
    CHECK(comes_to_rest(loop));
  }

  TEST_CASE("there is none while another thread runs the loop") {
    EventLoop loop;
    loop.start();
    CHECK(loop.native_handle() == -1);
    loop.stop();
    CHECK(loop.native_handle() >= 0);
  }

  TEST_CASE("what another thread sends makes it readable") {
    const samples::EchoServer server;
    EventLoop loop;
    Probe probe;
    WebSocketApp app(loop, server.url(), quick());
    probe.attach(app);
    app.start();
    REQUIRE(runs_until(loop, [&] { return probe.opened.is_set(); }));
    std::thread other([&] {
      for (int i = 0; i < 200; ++i) app.send("from elsewhere");
    });
    CHECK(runs_until(loop, [&] { return probe.messages.size() == 200; }));
    other.join();
    std::thread closer([&] { app.close(); });
    CHECK(runs_until(loop, [&] { return probe.ended.is_set(); }));
    closer.join();
  }

  TEST_CASE("timers make it readable: pings, waits, names that are looked up") {
    const samples::EchoServer server;
    EventLoop loop;
    Probe probe;
    std::string url = server.url();
    url.replace(url.find("127.0.0.1"), 9, "localhost");
    WebSocketApp app(loop, url, quick());
    probe.attach(app);
    app.start({.ping_interval = std::chrono::milliseconds(5)});
    REQUIRE(runs_until(loop, [&] { return probe.count("pong") >= 3; }));
    CHECK(app.latency() > std::chrono::microseconds(0));
    app.close();
    CHECK(runs_until(loop, [&] { return probe.ended.is_set(); }));

    const RefusingPort nobody;
    Probe patient;
    WebSocketApp waits(loop, nobody.url(), quick());
    patient.attach(waits);
    waits.start({.reconnect = websocket::ReconnectPolicy{
                     .initial_delay = std::chrono::milliseconds(2), .max_attempts = 4}});
    CHECK(runs_until(loop, [&] { return patient.ended.is_set(); }));
    CHECK(patient.errors.size() == 4);
  }
}
#endif
