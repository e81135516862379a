// What waits for the loop: batches, in order, whatever their number.
#include "api/batch_queue.hpp"

#include <doctest/doctest.h>

#include <string>

using websocket::api::BatchQueue;
using websocket::base::Buffer;
using websocket::protocol::FrameBatch;

namespace {

void add(BatchQueue& queue, const std::string& bytes) {
  queue.last().frames.append(bytes);
  ++queue.last().messages;
  queue.appended();
}

struct Taken {
  std::string bytes;
  std::size_t messages = 0;
  std::size_t batches = 0;
};

Taken take_all(BatchQueue& queue) {
  Taken taken;
  FrameBatch batch;
  while (!queue.empty()) {
    queue.take(batch);
    CHECK_FALSE(batch.frames.empty());
    taken.bytes += batch.frames.view();
    taken.messages += batch.messages;
    ++taken.batches;
  }
  return taken;
}

std::string numbered(std::size_t i) {
  std::string text = std::to_string(i);
  text.resize(1000, static_cast<char>('a' + i % 26));
  return text;
}

}  // namespace

TEST_SUITE("BatchQueue") {
  TEST_CASE("a little is one batch") {
    BatchQueue queue;
    CHECK(queue.empty());
    add(queue, "one");
    add(queue, "two");
    CHECK(queue.size() == 6);
    CHECK(queue.messages() == 2);
    const Taken taken = take_all(queue);
    CHECK(taken.bytes == "onetwo");
    CHECK(taken.messages == 2);
    CHECK(taken.batches == 1);
    CHECK(queue.size() == 0);
    CHECK(queue.messages() == 0);
  }

  TEST_CASE("much is several, and all of it comes in order") {
    BatchQueue queue;
    for (int round = 0; round < 3; ++round) {  // the memory is used again
      std::string expected;
      for (std::size_t i = 0; i < 2000; ++i) {
        expected += numbered(i);
        add(queue, numbered(i));
        REQUIRE(queue.size() == expected.size());
      }
      CHECK(queue.messages() == 2000);
      const Taken taken = take_all(queue);
      CHECK(taken.bytes == expected);
      CHECK(taken.messages == 2000);
      CHECK(taken.batches > 1);
      CHECK(taken.batches < 20);
    }
  }

  TEST_CASE("what is taken while more comes stays in order") {
    BatchQueue queue;
    std::string expected;
    std::string taken;
    FrameBatch batch;
    for (std::size_t i = 0; i < 3000; ++i) {
      expected += numbered(i);
      add(queue, numbered(i));
      if (i % 400 != 399) continue;
      queue.take(batch);
      taken += batch.frames.view();
    }
    taken += take_all(queue).bytes;
    CHECK(taken == expected);
  }

  TEST_CASE("a batch made elsewhere comes behind what is there") {
    for (const std::size_t size : {std::size_t{10}, std::size_t{300'000}}) {
      for (const std::size_t before : {std::size_t{0}, std::size_t{10}, std::size_t{200'000}}) {
        BatchQueue queue;
        if (before > 0) add(queue, std::string(before, 'b'));
        FrameBatch made;
        made.frames.append(std::string(size, 'm'));
        made.messages = 7;
        made.pings.get().push_back({"p", 3, 0});
        queue.append(made);
        CHECK(made.frames.empty());
        add(queue, "last");
        CHECK(queue.messages() == (before > 0 ? 1 : 0) + 7 + 1);
        CHECK(take_all(queue).bytes == std::string(before, 'b') + std::string(size, 'm') + "last");
      }
    }
  }

  TEST_CASE("a ping made elsewhere counts the messages before it in its batch") {
    BatchQueue queue;
    add(queue, "one");
    FrameBatch made;
    made.frames.append("made");
    made.messages = 2;
    made.pings.get().push_back({"p", 1, 0});
    queue.append(made);
    FrameBatch batch;
    queue.take(batch);
    REQUIRE(batch.pings->size() == 1);
    CHECK((*batch.pings)[0].messages_before == 2);
  }

  TEST_CASE("in exchange for what is taken it gets nothing but memory") {
    BatchQueue queue;
    add(queue, "one");
    queue.last().pings.get().push_back({"p", 1, 0});
    FrameBatch batch;
    batch.frames.append("old");
    batch.messages = 5;
    batch.pings.get().push_back({"old", 2, 0});
    queue.take(batch);
    CHECK(batch.frames.view() == "one");
    CHECK(batch.messages == 1);
    REQUIRE(batch.pings->size() == 1);
    CHECK((*batch.pings)[0].payload == "p");
    CHECK(queue.empty());
    CHECK(queue.messages() == 0);
    CHECK_FALSE(queue.last().pings);
  }

  TEST_CASE("who sends little does not keep the memory that a busier one has left to the loop") {
    FrameBatch of_the_loop;
    of_the_loop.frames.prepare(300'000);
    BatchQueue queue;
    add(queue, "little");
    queue.take(of_the_loop);  // the queue has the big one now
    CHECK(of_the_loop.frames.view() == "little");
    of_the_loop.clear();
    queue.rest(of_the_loop);
    CHECK(queue.last().frames.capacity() <= Buffer::little);
    CHECK(of_the_loop.frames.capacity() >= 300'000);
    CHECK(of_the_loop.frames.empty());
  }

  TEST_CASE("a little is kept where it is, and the bigger of two goes to the loop") {
    BatchQueue queue;
    queue.last().frames.prepare(500);
    FrameBatch of_the_loop;
    of_the_loop.frames.prepare(1000);
    queue.rest(of_the_loop);
    CHECK(queue.last().frames.capacity() == 500);
    CHECK(of_the_loop.frames.capacity() == 1000);
    queue.last().swap(of_the_loop);
    queue.rest(of_the_loop);
    CHECK(queue.last().frames.capacity() == 500);
    CHECK(of_the_loop.frames.capacity() == 1000);
  }

  TEST_CASE("behind a full batch there is room at once, whatever was given for the last one") {
    BatchQueue queue;
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < 600; ++i) add(queue, numbered(i));
      while (!queue.empty()) {
        FrameBatch without_memory;
        queue.take(without_memory);
      }
      for (std::size_t i = 0; i < 300; ++i) add(queue, numbered(i));
      CHECK(queue.last().frames.capacity() > Buffer::much);
      while (!queue.empty()) {
        FrameBatch without_memory;
        queue.take(without_memory);
      }
    }
  }

  TEST_CASE("who sends much goes on in the memory that the loop has used last") {
    BatchQueue queue;
    const std::string much(300'000, 'x');
    add(queue, much);
    FrameBatch of_the_loop;
    queue.take(of_the_loop);
    const char* const used_last = of_the_loop.frames.data();
    of_the_loop.clear();
    queue.rest(of_the_loop);
    CHECK(queue.last().frames.data() == used_last);
    CHECK(queue.last().frames.capacity() >= much.size());

    // But not in less than it has.
    FrameBatch less;
    less.frames.prepare(100);
    queue.rest(less);
    CHECK(queue.last().frames.data() == used_last);
    CHECK(less.frames.capacity() == 100);
  }

  TEST_CASE("memory goes when it has rested long, and content never") {
    BatchQueue queue;
    for (std::size_t i = 0; i < 2000; ++i) add(queue, numbered(i));
    queue.rest_long();
    CHECK(queue.size() == 2'000'000);
    take_all(queue);
    queue.rest_long();
    CHECK(queue.last().frames.capacity() <= Buffer::little);
    add(queue, "again");
    CHECK(take_all(queue).bytes == "again");
  }
}
