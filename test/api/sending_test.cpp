// Sending beyond send(): waiting for room, marks for on_drain, messages in pieces, the same to many,
// and what on_close says of what was sent.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/probe.hpp"
#include "api/sluggish.hpp"
#include "echo_server.hpp"

using namespace api_test;
using namespace std::chrono_literals;
using support::RawConnection;
using support::RawFrame;
using support::RawServer;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

// Open, with a server that does not read yet.
struct Stuck {
  explicit Stuck(websocket::Limits limits, std::size_t message_size = 60000)
      : app(peer.server.url(), options(limits)), message(message_size, 'x') {
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
  }
  static websocket::ConnectOptions options(websocket::Limits limits) {
    auto given = quick();
    given.close_timeout = support::default_deadline;
    given.limits = limits;
    return given;
  }
  // Until nothing fits any more; how many messages that were.
  std::size_t fill() {
    std::size_t queued = 0;
    while (app.send(message) == SendResult::queued) ++queued;
    return queued;
  }

  Sluggish peer;
  Probe probe;
  WebSocketApp app;
  const std::string message;
};

std::string described(const RawFrame& frame) {
  return std::to_string(frame.opcode) + (frame.fin ? " '" : "* '") + frame.payload + "'";
}

}  // namespace

TEST_SUITE("WebSocketApp: waiting for room") {
  TEST_CASE("send_wait() waits until there is room, and every message arrives") {
    const Watchdog watchdog("send_wait with a server that begins to read");
    Stuck talk({.max_send_buffer = 1U << 20U});
    std::size_t queued = talk.fill();
    support::Event waits;
    std::thread sender([&] {
      waits.set();
      for (int i = 0; i < 50; ++i) {
        CHECK(talk.app.send_wait(talk.message, support::default_deadline) == SendResult::queued);
      }
    });
    REQUIRE(waits.wait());
    talk.peer.read_on.set();
    sender.join();
    queued += 50;
    for (std::size_t i = 0; i < queued; ++i) {
      const auto frame = talk.peer.frames.pop();
      REQUIRE(frame);
      REQUIRE(frame->payload.size() == talk.message.size());
    }
    talk.app.close();
    const auto closed = talk.probe.closes.pop();
    REQUIRE(closed);
    CHECK(closed->unsent_messages == 0);
    CHECK(closed->unconfirmed_messages == 0);
  }

  TEST_CASE("it says buffer_full when the time is over, also at once, and for what never fits") {
    Stuck talk({.max_send_buffer = much + much / 4}, much);
    talk.fill();
    const auto before = std::chrono::steady_clock::now();
    CHECK(talk.app.send_wait(talk.message, 30ms) == SendResult::buffer_full);
    CHECK(std::chrono::steady_clock::now() - before >= 30ms);
    CHECK(talk.app.send_bytes_wait(talk.message, 0ms) == SendResult::buffer_full);
    CHECK(talk.app.send_wait(talk.message, -1s) == SendResult::buffer_full);
    CHECK(talk.app.send_wait("\xff", 1h) == SendResult::invalid);
    talk.peer.read_on.set();
  }

  TEST_CASE("who waits hears of the end: close(), and destroying") {
    const Watchdog watchdog("close() while a thread is in send_wait()");
    Stuck talk({.max_send_buffer = much + much / 4}, much);
    talk.fill();
    support::Event waits;
    SendResult result = SendResult::queued;
    std::thread sender([&] {
      waits.set();
      result = talk.app.send_wait(talk.message, 1h);
    });
    REQUIRE(waits.wait());
    talk.app.close();
    sender.join();
    CHECK(result == SendResult::closed);
    talk.peer.read_on.set();
  }

  TEST_CASE("who waits in a handler, on a thread of the dispatcher's, hears of destroying") {
    const Watchdog watchdog("destroying an app while its handler is in send_wait()");
    support::Mailbox<std::function<void()>> work;
    std::thread gui([&] {
      while (const auto next = work.pop()) {
        if (!*next) return;
        (*next)();
      }
    });
    support::Event over;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      (void)over.wait(1h);  // and reads nothing
    });
    support::Event waits;
    SendResult result = SendResult::queued;
    {
      auto options = Stuck::options({.max_send_buffer = much + much / 4});
      options.close_timeout = 50ms;
      const std::string message(much, 'x');
      WebSocketApp app(server.url(), options);
      app.on_open = [&](WebSocketApp& self) {
        while (self.send(message) == SendResult::queued) {
        }
        waits.set();
        result = self.send_wait(message, 1h);
      };
      app.start({.dispatcher = [&](std::function<void()> next) { work.push(std::move(next)); }});
      REQUIRE(waits.wait());
    }
    CHECK(result == SendResult::closed);
    over.set();
    work.push({});
    gui.join();
  }

  TEST_CASE("in a handler it does not wait: its thread is the one that makes room") {
    const Watchdog watchdog("send_wait() in a handler");
    Sluggish peer;
    auto options = Stuck::options({.max_send_buffer = 1000});
    WebSocketApp app(peer.server.url(), options);
    support::Mailbox<SendResult> results;
    app.on_open = [&](WebSocketApp& self) {
      results.push(self.send_wait(std::string(900, 'x'), 1h));
      results.push(self.send_wait(std::string(900, 'x'), 1h));
    };
    app.start();
    CHECK(results.pop() == SendResult::queued);
    CHECK(results.pop() == SendResult::buffer_full);
    peer.read_on.set();
  }
}

TEST_SUITE("WebSocketApp: high and low water") {
  TEST_CASE("on_drain comes once buffered_amount() was over the one and is under the other") {
    Stuck talk({.max_send_buffer = 2 * much, .send_high_water = 1U << 20U, .send_low_water = 1000},
               much);
    support::Mailbox<std::size_t> drains;
    talk.app.on_drain = [&](WebSocketApp& self) { drains.push(self.buffered_amount()); };
    CHECK(talk.app.send(talk.message) == SendResult::queued);
    CHECK(talk.app.buffered_amount() > (1U << 20U));
    CHECK(drains.empty());
    talk.peer.read_on.set();
    const auto left = drains.pop();
    REQUIRE(left);
    CHECK(*left <= 1000);
    CHECK(talk.app.send("below the mark") == SendResult::queued);
    talk.app.close();
    REQUIRE(talk.probe.ended.wait());
    CHECK(drains.empty());
  }
}

TEST_SUITE("WebSocketApp: a message in pieces") {
  TEST_CASE("its frames follow one another; what others send waits behind it, pings do not") {
    Stuck talk({});
    WebSocketApp& app = talk.app;
    CHECK(app.send("before") == SendResult::queued);
    CHECK(app.send_fragment("H\xc3", false) == SendResult::queued);  // a character is cut
    CHECK(app.send("behind") == SendResult::queued);
    CHECK(app.ping("between") == SendResult::queued);
    CHECK(app.send_fragment("\xff", false) == SendResult::invalid);
    CHECK(app.send_fragment("\xa4", false) == SendResult::queued);
    CHECK(app.send_fragment("\xc3", true) == SendResult::invalid);
    CHECK(app.send_fragment("!", true) == SendResult::queued);
    CHECK(app.send_bytes_fragment("bin", false) == SendResult::queued);
    CHECK(app.send_bytes_fragment("", true) == SendResult::queued);
    talk.peer.read_on.set();
    app.close();
    for (const char* const expected : {"1 'before'", "1* 'H\xc3'", "9 'between'", "0* '\xa4'",
                                       "0 '!'", "1 'behind'", "2* 'bin'", "0 ''"}) {
      const auto frame = talk.peer.frames.pop();
      REQUIRE(frame);
      CHECK(described(*frame) == expected);
    }
  }

  TEST_CASE("close() within a message: what waits behind it is told as unsent") {
    Stuck talk({});
    CHECK(talk.app.send_fragment("begun", false) == SendResult::queued);
    CHECK(talk.app.send("behind") == SendResult::queued);
    CHECK(talk.app.send("behind too") == SendResult::queued);
    talk.peer.read_on.set();
    talk.app.close();
    const auto closed = talk.probe.closes.pop();
    REQUIRE(closed);
    CHECK(closed->clean);
    CHECK(closed->unsent_messages == 2);
    CHECK(talk.app.send_fragment("rest", true) == SendResult::closed);
  }

  TEST_CASE("what waits behind it does not lock it out") {
    Stuck talk({.max_send_buffer = 20000}, 1000);
    CHECK(talk.app.send_fragment("begun", false) == SendResult::queued);
    CHECK(talk.fill() >= 10);
    CHECK(talk.app.send_fragment("ended", true) == SendResult::queued);
    talk.peer.read_on.set();
    talk.app.close();
    const auto closed = talk.probe.closes.pop();
    REQUIRE(closed);
    CHECK(closed->unsent_messages == 0);
  }

  TEST_CASE("its rest does not go to the next connection") {
    support::Mailbox<RawFrame> frames;
    std::atomic<int> connections{0};
    RawServer dropping([&](RawConnection& connection) {
      connection.accept_handshake();
      const bool drops = ++connections == 1;
      frames.push(connection.read_frame());
      if (drops) return connection.close();
      connection.read_frame();
      connection.write_close(1000);
    });
    WebSocketApp app(dropping.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start({.reconnect = websocket::ReconnectPolicy{.initial_delay = 1ms}});
    REQUIRE(probe.opened.wait());
    CHECK(app.send_fragment("begun", false) == SendResult::queued);
    REQUIRE(comes_true([&] { return probe.count("reconnect") == 1; }));
    CHECK(app.send_fragment("of the old one", true) == SendResult::closed);
    CHECK(app.send_fragment("of a new one", true) == SendResult::queued);
    CHECK(frames.pop().value().payload == "begun");
    CHECK(frames.pop().value().payload == "of a new one");
    app.close();
    CHECK(probe.ended.wait());
  }

  TEST_CASE("through compression and back by an echo") {
    const samples::EchoServer server;
    WebSocketApp app(server.url());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    std::string whole;
    for (int i = 0; i < 100; ++i) {
      const std::string piece = "piece number " + std::to_string(i) + "; ";
      whole += piece;
      REQUIRE(app.send_fragment(piece, i == 99) == SendResult::queued);
    }
    const auto echo = probe.messages.pop();
    REQUIRE(echo);
    CHECK(echo->data == whole);
  }
}

TEST_SUITE("broadcast") {
  TEST_CASE("to those that are open; says how many; keeps nobody waiting") {
    const samples::EchoServer server;
    websocket::EventLoop loop;
    loop.start();
    std::vector<std::unique_ptr<WebSocketApp>> apps;
    std::vector<std::unique_ptr<Probe>> probes;
    for (int i = 0; i < 10; ++i) {
      apps.push_back(std::make_unique<WebSocketApp>(loop, server.url()));
      probes.push_back(std::make_unique<Probe>());
      probes.back()->attach(*apps.back());
      if (i > 0) apps.back()->start();  // the first stays idle
    }
    for (int i = 1; i < 10; ++i) REQUIRE(probes[std::size_t(i)]->opened.wait());
    CHECK(broadcast(apps, "to all") == 9);
    std::vector<WebSocketApp*> pointers;
    for (const auto& app : apps) pointers.push_back(app.get());
    CHECK(broadcast_bytes(pointers, "bytes to all") == 9);
    CHECK(broadcast(pointers, "\xff") == 0);
    CHECK(broadcast(std::vector<WebSocketApp*>(), "to nobody") == 0);
    for (int i = 1; i < 10; ++i) {
      CHECK(probes[std::size_t(i)]->messages.pop().value().data == "to all");
      CHECK(probes[std::size_t(i)]->messages.pop().value().data == "bytes to all");
    }
  }
}
