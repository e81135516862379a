// A thread that sends and has no memory, not even to wake the loop with: what is told as queued goes
// out with the next message, and what is thrown does not. And a message for which there is not memory enough
// ends the connection, not the program.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "api/handler_queue.hpp"
#include "api/probe.hpp"
#include "echo_server.hpp"
#include "support/refused_memory.hpp"

using namespace api_test;
using support::big_blocks;
using support::megabytes_taken;
using support::memory_is_gone;
using support::most_at_once;
using support::no_limit;
using support::RawConnection;
using support::RawServer;
using websocket::Errc;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

constexpr std::size_t a_little = 300'000;

bool is_queued_without_memory(WebSocketApp& app, std::string_view message) {
  struct NoMemory {
    NoMemory() { memory_is_gone = true; }
    ~NoMemory() { memory_is_gone = false; }
  } const now;
  try {
    return app.send(message) == SendResult::queued;
  } catch (const std::bad_alloc&) {  // there was none for its masking key
    return false;
  }
}

}  // namespace

TEST_SUITE("Without memory") {
  // Whether the loop sleeps just then nobody knows, but in most rounds it does.
  constexpr int rounds = 100;

  struct Talk {
    explicit Talk(const websocket::ConnectOptions& options) : app(server.url(), options) {
      probe.attach(app);
      app.start();
      REQUIRE(probe.opened.wait());
    }
    void check_that_comes(const std::string& message) {
      const auto echo = probe.messages.pop();
      REQUIRE(echo);
      CHECK(echo->data == message);
    }

    samples::EchoServer server;
    Probe probe;
    WebSocketApp app;
  };

  TEST_CASE("a message that the loop could not be told of goes out with the next one") {
    const Watchdog watchdog("sending without memory");
    Talk talk(quick());
    for (int round = 0; round < rounds; ++round) {
      CAPTURE(round);
      const bool is_queued = is_queued_without_memory(talk.app, "without");
      REQUIRE(talk.app.send("with memory") == SendResult::queued);
      if (is_queued) talk.check_that_comes("without");
      talk.check_that_comes("with memory");
    }
  }

  TEST_CASE("or when the next one finds no room") {
    const Watchdog watchdog("sending without memory and room");
    auto options = quick();
    options.limits.max_send_buffer = 100;
    Talk talk(options);
    const std::string message(60, 'x');
    for (int round = 0; round < rounds; ++round) {
      CAPTURE(round);
      const bool is_queued = is_queued_without_memory(talk.app, message);
      if (talk.app.send(message) == SendResult::queued) talk.check_that_comes(message);
      if (is_queued) talk.check_that_comes(message);
    }
  }

  TEST_CASE("a message for which there is not enough is refused, and the app lives on") {
    const Watchdog watchdog("receiving without memory");
    auto options = quick();
    SUBCASE("as it is") { options.compression.enabled = false; }
    SUBCASE("compressed") { options.compression.enabled = true; }
    samples::EchoServer server;
    Probe probe;
    WebSocketApp app(server.url(), options);
    probe.attach(app);
    app.on_open = [&](WebSocketApp&) {
      most_at_once = a_little;  // the loop's thread has no other use
      probe.opened.set();
    };
    app.start();
    REQUIRE(probe.opened.wait());
    REQUIRE(app.send(std::string(100'000, 'x')) == SendResult::queued);
    const auto echo = probe.messages.pop();
    REQUIRE(echo);
    CHECK(echo->data.size() == 100'000);
    REQUIRE(app.send(std::string(1'000'000, 'x')) == SendResult::queued);
    const auto error = probe.errors.pop();
    REQUIRE(error);
    CHECK(error->code == Errc::message_too_big);
    CHECK(error->message.find("memory") != std::string::npos);
    REQUIRE(probe.closes.pop());
    REQUIRE(app.wait_for(websocket::Duration(10'000)));

    support::Event opened_again;
    app.on_open = [&](WebSocketApp&) { opened_again.set(); };
    app.start();
    REQUIRE(opened_again.wait());
    REQUIRE(app.send(std::string(1'000'000, 'x')) == SendResult::queued);
    const auto again = probe.messages.pop();
    REQUIRE(again);
    CHECK(again->data.size() == 1'000'000);
  }

  TEST_CASE("or the call that waits for it throws what it is") {
    const Watchdog watchdog("recv without memory");
    samples::EchoServer server;
    auto socket = websocket::create_connection(server.url(), quick());
    socket.send(std::string(1'000'000, 'x'));
    most_at_once = a_little;
    try {
      socket.recv();
      FAIL_CHECK("it has come");
    } catch (const websocket::WebSocketPayloadException& thrown) {
      CHECK(thrown.error().code == Errc::message_too_big);
    } catch (const std::bad_alloc&) {
      FAIL_CHECK("nothing was made of it");
    }
    most_at_once = no_limit;
    CHECK_FALSE(socket.connected());
    socket.connect(server.url());
    socket.send("still there");
    CHECK(socket.recv() == "still there");
  }

  TEST_CASE("what cannot go to another thread does not end the program") {
    const Watchdog watchdog("dispatching without memory");
    support::Mailbox<support::RawFrame> heard;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      const auto frame = [](std::size_t size) {
        return support::server_frame(true, 2, std::string(size, 'x'));
      };
      connection.write(frame(10'000) + frame(50'000) + frame(1));
      heard.push(connection.read_frame());
      heard.push(connection.read_frame());
      connection.wait_for_end();
    });
    Probe probe;
    WebSocketApp app(server.url(), quick());
    probe.attach(app);
    app.on_message = [&](WebSocketApp& self, const websocket::Message& message) {
      probe.add("message of " + std::to_string(message.data.size()));
      self.send("answer");
    };
    websocket::RunOptions run;
    run.dispatcher = [&](const std::function<void()>& handlers) {
      most_at_once = 20'000;  // of the loop's thread
      handlers();
    };
    app.start(run);
    // What was said before the program could know goes out, too.
    const auto answer = heard.pop();
    REQUIRE(answer);
    CHECK(answer->payload == "answer");
    const auto close = heard.pop();
    REQUIRE(close);
    CHECK(close->close_code() == 1009);
    const auto error = probe.errors.pop();
    REQUIRE(error);
    CHECK(error->code == Errc::message_too_big);
    const auto info = probe.closes.pop();
    REQUIRE(info);
    CHECK(info->unsent_messages == 0);
    CHECK(app.wait_for(websocket::Duration(10'000)));
    CHECK(probe.count("message of 10000") == 1);
    CHECK(probe.count("message") == 1);
  }

  // Which of the handlers is the one behind which it is told nobody should have to know.
  TEST_CASE("handlers that have caught up need no memory to go on") {
    const Watchdog watchdog("handlers without memory");
    constexpr int count = 500;
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < count; ++i) all += support::server_frame(true, 2, "x");
      connection.write(all);
      connection.wait_for_end();
    });
    HandlerQueue queue;
    WebSocketApp app(server.url(), quick());
    int messages = 0;
    app.on_message = [&](WebSocketApp&, const websocket::Message&) {
      ++messages;
      if (memory_is_gone) throw 42;  // which cannot be told then
    };
    app.start(queue.options());
    REQUIRE(queue.run_until([&] {
      memory_is_gone = messages < count && messages % 3 != 0;
      return messages == count;
    }));
    memory_is_gone = false;
  }

  TEST_CASE("what was kept for handlers that lagged is given back when they have caught up") {
    constexpr int count = 12'000;  // some 36 KB, which one read brings
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < count; ++i) all += support::server_frame(true, 2, "x");
      connection.write(std::exchange(all, {}));
      connection.wait_for_end();
    });
    HandlerQueue queue;
    WebSocketApp app(server.url(), quick());
    int messages = 0;
    app.on_message = [&](WebSocketApp&, const websocket::Message&) { ++messages; };
    const int before = big_blocks;
    app.start(queue.options());
    int most = before;
    REQUIRE(queue.run_until([&] {
      most = std::max(most, big_blocks.load());
      return messages == count;
    }));
    CHECK(most > before);
    // The loop's buffer is there for all of its connections.
    CHECK(comes_true([&] { return big_blocks <= before + 1; }));
  }

  TEST_CASE("on its way to another thread a long message is not there twice") {
    const Watchdog watchdog("a long message by way of a dispatcher");
    auto options = quick();
    options.compression.enabled = false;
    samples::EchoServer server;
    Probe probe;
    WebSocketApp app(server.url(), options);
    probe.attach(app);
    std::atomic<int> taken{0};
    websocket::RunOptions run;
    run.dispatcher = [&](std::function<void()> handlers) {  // on the loop's thread
      taken = megabytes_taken;
      handlers();
    };
    app.start(run);
    REQUIRE(probe.opened.wait());
    constexpr std::size_t long_size = 3'000'000;
    for (int i = 0; i < 3; ++i) {
      CAPTURE(i);
      const int before = taken;
      REQUIRE(app.send(std::string(long_size, 'x')) == SendResult::queued);
      const auto echo = probe.messages.pop();
      REQUIRE(echo);
      CHECK(echo->data == std::string(long_size, 'x'));
      // Once for the string that it is read to, and once before: the first one grows in two steps, and
      // of each the probe makes a copy.
      CHECK(taken - before == 2);
    }
  }
}
