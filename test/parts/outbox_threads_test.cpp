// An outbox between threads that send in every way and a loop that takes, loses and finds its
// connection: every message is whole, in its thread's order, inflates, and is accounted for.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "parts/inflating_peer.hpp"
#include "parts/outbox_ground.hpp"
#include "support/event.hpp"

using namespace parts;
using websocket::net::Clock;

namespace {

constexpr int senders = 3;
constexpr int rounds = 400;

// "sender number filling": long enough to be compressed every second time.
std::string message_of(int sender, int number) {
  return std::to_string(sender) + ' ' + std::to_string(number) + ' ' +
         wire::filling(number % 2 == 0 ? 5 : 120, static_cast<unsigned>(sender));
}

struct Crowd {
  explicit Crowd(Outbox& the_outbox) : outbox(the_outbox), left(senders + 1) {
    for (int sender = 0; sender < senders; ++sender) {
      threads.emplace_back([this, sender] { send_whole(sender); });
    }
    threads.emplace_back([this] { send_in_pieces(senders); });
  }
  ~Crowd() {
    is_over = true;
    for (std::thread& thread : threads) thread.join();
  }

  void send_whole(int sender) {
    for (int number = 0; number < rounds; ++number) {
      const std::string text = message_of(sender, number);
      const auto result = sender == 0 ? outbox.push_waiting(Opcode::text, text, Clock::now()).result
                                      : outbox.push(Opcode::text, text).result;
      if (result == SendResult::queued) ++queued;
      if (number % 16 == 0) outbox.push(Opcode::ping, "p");
    }
    --left;
  }
  void send_in_pieces(int sender) {
    for (int number = 0; number < rounds; ++number) {
      const std::string text = message_of(sender, number);
      bool all = true;
      for (const std::string_view cut : wire::cut_every(text, 50)) {
        const bool fin = cut.end() == std::string_view(text).end();
        SendResult result{};
        do {
          result = outbox.push_fragment(Opcode::text, cut, fin).result;
          if (result == SendResult::buffer_full) std::this_thread::yield();
        } while (result == SendResult::buffer_full && !is_over);
        all = result == SendResult::queued;
        if (!all) break;
      }
      if (all) ++queued;
    }
    --left;
  }

  Outbox& outbox;
  std::atomic<std::size_t> queued{0};
  std::atomic<int> left;
  std::atomic<bool> is_over{false};  // nobody takes any more
  std::vector<std::thread> threads;
};

// What one connection's server sees, read whole when the connection is over.
class Order {
 public:
  void check(const std::string& text) {
    int sender = -1;
    int number = -1;
    REQUIRE(std::sscanf(text.c_str(), "%d %d", &sender, &number) == 2);
    REQUIRE(sender >= 0);
    REQUIRE(sender <= senders);
    CHECK(text == message_of(sender, number));
    int& latest = latest_.at(static_cast<std::size_t>(sender));
    CHECK(number > latest);
    latest = number;
  }

 private:
  std::array<int, senders + 1> latest_ = {-1, -1, -1, -1};
};

struct Loop {
  Ground& ground;
  Order order = {};
  std::size_t taken = 0;
  std::size_t lost = 0;
  std::size_t arrived = 0;
  std::string bytes = {};

  void take() {
    const FrameBatch batch = ground.take();
    taken += batch.messages;
    bytes += batch.frames.view();
    ground.outbox.set_in_flight(0);
  }
  void connection_ends() {
    lost += ground.lose();
    InflatingPeer peer(!ground.agreement->client.no_context_takeover);
    peer.read(bytes);
    for (const Arrived& message : peer.messages()) {
      order.check(message.text);
      ++arrived;
    }
    bytes.clear();
  }
};

void run(Ground& ground, bool loses) {
  Crowd crowd(ground.outbox);
  Loop loop{ground};
  const support::Deadline deadline(3 * support::default_deadline);
  for (unsigned turn = 1; crowd.left > 0 && !deadline.over(); ++turn) {
    loop.take();
    if (turn % 8 == 0) ground.outbox.rest();
    if (loses && turn % 32 == 0) {
      loop.connection_ends();
      ground.reopen();
    }
    std::this_thread::yield();
  }
  REQUIRE(crowd.left == 0);
  loop.take();
  loop.connection_ends();
  CHECK(loop.taken == loop.arrived);
  CHECK(crowd.queued == loop.arrived + loop.lost);
  if (!loses) CHECK(loop.lost == 0);
}

DeflateAgreement agreement(bool takeover) {
  DeflateAgreement made;
  made.client.no_context_takeover = !takeover;
  made.threshold = 50;
  made.level = 1;
  return made;
}

}  // namespace

TEST_SUITE("Outbox: many threads") {
  TEST_CASE("one connection carries every message that was queued") {
    for (const bool takeover : {true, false}) {
      CAPTURE(takeover);
      Ground ground(agreement(takeover));
      run(ground, false);
    }
  }

  TEST_CASE("connections come and go: every queued message arrived, or is among the lost") {
    for (const bool takeover : {true, false}) {
      CAPTURE(takeover);
      Ground ground(agreement(takeover));
      run(ground, true);
    }
  }

  TEST_CASE("in little room messages are refused, and those that are not arrive") {
    Ground ground(agreement(true), room_for(2000));
    run(ground, true);
  }
}
