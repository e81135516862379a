// What is queued when there is no memory for more: it stays whole, in order, and is told as it is.
#include <doctest/doctest.h>

#include <new>

#include "api/batch_queue.hpp"
#include "parts/inflating_peer.hpp"
#include "parts/no_memory.hpp"
#include "parts/outbox_ground.hpp"

using namespace parts;
using websocket::api::BatchQueue;

namespace {

DeflateAgreement everything_compressed() {
  DeflateAgreement agreement;
  agreement.threshold = 0;
  return agreement;
}

// Whether it does when there is memory for so many Buffers and no more.
template <class Work>
bool throws_without_memory(int after, Work work) {
  const NoMemory none(after);
  try {
    work();
    return false;
  } catch (const std::bad_alloc&) {
    return true;
  }
}

}  // namespace

TEST_SUITE("Out of memory") {
  TEST_CASE("where there is no memory for another batch the last one grows") {
    BatchQueue queue;
    std::string expected;
    for (unsigned i = 0; i < 1000; ++i) {
      const std::string message = wire::filling(1000, i);
      expected += message;
      queue.last().frames.append(message);
      ++queue.last().messages;
      const NoMemory none;
      CHECK_FALSE(queue.appended());
    }
    CHECK(queue.size() == expected.size());
    FrameBatch made;
    made.frames.append("made");
    made.messages = 1;
    queue.append(made);
    CHECK(queue.messages() == 1001);
    std::string taken;
    for (FrameBatch batch; !queue.empty();) {
      queue.take(batch);
      taken += batch.frames.view();
    }
    CHECK(taken == expected + "made");
  }

  TEST_CASE("a buffer that can hardly grow any more does not grow with every append") {
    constexpr std::size_t most = 10'000'000;
    websocket::base::Buffer buffer;
    const LittleMemory little(most);
    std::size_t size = 0;
    try {
      for (;; size += 100) buffer.append(std::string(100, 'x'));
    } catch (const std::bad_alloc&) {
      CHECK(size <= most);
      CHECK(size > most - 200);
    }
    CHECK(LittleMemory::times_given() < 60);
  }

  TEST_CASE("a last piece goes out with what has waited behind it, or not at all") {
    const std::string first = wire::filling(1000, 1);
    const std::string last = wire::filling(2000, 2);
    const std::string behind = wire::filling(50'000, 3);
    for (int times = 0; times < 10; ++times) {
      CAPTURE(times);
      Ground ground;
      CHECK(ground.piece(first, false) == SendResult::queued);
      CHECK(ground.send(behind) == SendResult::queued);
      const bool threw = throws_without_memory(times, [&] { ground.piece(last, true); });
      if (threw) CHECK(ground.piece(last, true) == SendResult::queued);
      CHECK(ground.send("next") == SendResult::queued);
      InflatingPeer peer;
      peer.read(ground.leave());
      CHECK(peer.words() == Words{"2 " + first + last, behind, "next"});
      if (!threw) return;
    }
    FAIL("it never had enough");
  }

  TEST_CASE("a compressed piece that is not queued is nothing that the next ones refer to") {
    const std::string first = wire::filling(1000, 1);
    const std::string second = wire::filling(50'000, 2);
    for (int times = 0; times < 10; ++times) {
      CAPTURE(times);
      Ground ground(everything_compressed());
      CHECK(ground.piece(first, false) == SendResult::queued);
      const bool threw = throws_without_memory(times, [&] { ground.piece(second, false); });
      CHECK(ground.piece(second, true) == SendResult::queued);
      CHECK(ground.send(second) == SendResult::queued);
      InflatingPeer peer;
      peer.read(ground.leave());
      const std::string message = first + (threw ? "" : second) + second;
      CHECK(peer.words() == Words{(threw ? "2 ~" : "3 ~") + message, "~" + second});
      if (threw) continue;
      CHECK(times > 1);
      return;
    }
    FAIL("it never had enough");
  }
}
