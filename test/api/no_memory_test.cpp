// A thread that sends and has no memory, not even to wake the loop with: what is told as queued goes
// out with the next message, and what is thrown does not.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "api/probe.hpp"
#include "echo_server.hpp"

using namespace api_test;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

// Of this thread.
thread_local bool memory_is_gone = false;

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

// Of the whole program, the library included.
void* operator new(std::size_t size) {
  void* const memory = memory_is_gone ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
}
