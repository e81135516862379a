// A server that does not read: SendResult::buffer_full, on_drain, buffered_amount.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "api/sluggish.hpp"
#include "echo_server.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::Sluggish;
using api_test::Watchdog;
using support::RawConnection;
using support::RawServer;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

websocket::ConnectOptions with_send_buffer(std::size_t size) {
  auto options = quick();
  options.close_timeout = support::default_deadline;
  options.limits.max_send_buffer = size;
  return options;
}

std::optional<std::size_t> next_size(Sluggish& peer) {
  const auto frame = peer.frames.pop();
  if (!frame) return std::nullopt;
  return frame->payload.size();
}

}  // namespace

TEST_SUITE("WebSocketApp: backpressure") {
  TEST_CASE("a full buffer is told, on_drain tells when there is room, and nothing is dropped") {
    constexpr std::size_t limit = api_test::much + api_test::much / 4;
    constexpr std::size_t size = 600000;
    Sluggish peer;
    WebSocketApp app(peer.server.url(), with_send_buffer(limit));
    Probe probe;
    probe.attach(app);
    support::Event drained;
    app.on_drain = [&](WebSocketApp& self) {
      CHECK(self.buffered_amount() <= limit / 2);
      drained.set();
    };
    app.start();
    REQUIRE(probe.opened.wait());
    CHECK(app.buffered_amount() == 0);
    REQUIRE(app.send(std::string(api_test::much, 'x')) == SendResult::queued);
    const std::string message(size, 'x');
    std::size_t queued = 0;
    for (;;) {
      const SendResult result = app.send(message);
      if (result == SendResult::buffer_full) break;
      REQUIRE(result == SendResult::queued);
      ++queued;
      CHECK(app.buffered_amount() <= limit);
    }
    CHECK(app.buffered_amount() <= limit);
    CHECK(app.buffered_amount() > limit / 2);
    CHECK_FALSE(drained.is_set());
    peer.read_on.set();
    REQUIRE(drained.wait());
    CHECK(app.send("there is room again") == SendResult::queued);
    CHECK(next_size(peer) == api_test::much);
    for (std::size_t i = 0; i < queued; ++i) REQUIRE(next_size(peer) == size);
    CHECK(next_size(peer) == 19);
    app.close();
    app.wait();
    CHECK(app.buffered_amount() == 0);
    CHECK(probe.events().back() == "close 1000");
  }

  TEST_CASE("on_drain may send on, also until the buffer is full again") {
    constexpr std::size_t limit = 200000;
    constexpr int wanted = 3000;
    Sluggish peer;
    const Watchdog watchdog("sending from on_drain");
    WebSocketApp app(peer.server.url(), with_send_buffer(limit));
    int sent = 0;
    int drains = 0;
    const std::string message(10000, 'x');
    const auto send_on = [&](WebSocketApp& self) {
      while (sent < wanted) {
        const SendResult result = self.send(message);
        if (result == SendResult::buffer_full) return;
        REQUIRE(result == SendResult::queued);
        ++sent;
      }
      self.close();
    };
    app.on_open = [&](WebSocketApp& self) {
      send_on(self);
      peer.read_on.set();
    };
    app.on_drain = [&](WebSocketApp& self) {
      ++drains;
      send_on(self);
    };
    CHECK_FALSE(app.run_forever());
    CHECK(sent == wanted);
    CHECK(drains > 0);
    for (int i = 0; i < wanted; ++i) REQUIRE(next_size(peer) == message.size());
  }

  TEST_CASE("no on_drain where nothing was refused") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_message = [](WebSocketApp& self, std::string_view) { self.close(); };
    app.on_open = [](WebSocketApp& self) { self.send_bytes(std::string(1000000, 'x')); };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.count("drain") == 0);
  }

  TEST_CASE("a message that is too large by itself is refused and the next one goes out") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), with_send_buffer(1000));
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) {
      CHECK(self.send(std::string(1001, 'x')) == SendResult::buffer_full);
      CHECK(self.send("small") == SendResult::queued);
    };
    app.on_message = [&](WebSocketApp& self, std::string_view text) {
      probe.add("message " + std::string(text));
      self.close();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.count("message small") == 1);
  }

  TEST_CASE("a server that pings and reads nothing does not make us grow") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string pings;
      for (int i = 0; i < 1000; ++i) pings += support::server_frame(true, 9, std::string(125, 'p'));
      for (int i = 0; i < 100; ++i) connection.write(pings);
      connection.write_close(1000);
      connection.shutdown();
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    int pings = 0;
    std::size_t most = 0;
    app.on_ping = [&](WebSocketApp& self, std::string_view) {
      ++pings;
      most = std::max(most, self.buffered_amount());
    };
    CHECK_FALSE(app.run_forever());
    CHECK(pings == 100000);
    CHECK(most < 1000000);
  }

  TEST_CASE("buffered_amount is nothing after a connection was lost") {
    support::Event go;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      if (!go.wait()) return;
      connection.reset();
    });
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    CHECK(app.send_bytes(std::string(12U << 20U, 'x')) == SendResult::queued);
    go.set();
    app.wait();
    CHECK(app.buffered_amount() == 0);
    CHECK(probe.events().back() == "close 1006");
  }
}
