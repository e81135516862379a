// A thread that sends and has no memory, not even to wake the loop with: what is told as queued goes
// out with the next message, and what is thrown does not.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

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
  TEST_CASE("a message that the loop could not be told of goes out with the next one") {
    const Watchdog watchdog("sending without memory");
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.start();
    REQUIRE(probe.opened.wait());
    // Whether the loop sleeps just then nobody knows, but in most rounds it does.
    for (int round = 0; round < 100; ++round) {
      CAPTURE(round);
      std::vector<std::string> expected{"with memory"};
      if (is_queued_without_memory(app, "without")) expected.insert(expected.begin(), "without");
      REQUIRE(app.send("with memory") == SendResult::queued);
      for (const std::string& message : expected) {
        const auto echo = probe.messages.pop();
        REQUIRE(echo);
        CHECK(echo->data == message);
      }
    }
    app.close();
    CHECK(probe.ended.wait());
  }
}
