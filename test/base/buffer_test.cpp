// The buffer, held against a string.
#include "base/buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>

using websocket::base::Buffer;

TEST_SUITE("the buffer") {
  TEST_CASE("a new one is empty and holds no memory") {
    Buffer buffer;
    CHECK(buffer.empty());
    CHECK(buffer.size() == 0);
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.view().empty());
    buffer.consume(0);
    buffer.append({});
    CHECK(buffer.capacity() == 0);
  }

  TEST_CASE("what is appended comes out in order, whatever is consumed between") {
    for (unsigned seed = 0; seed < 50; ++seed) {
      CAPTURE(seed);
      std::mt19937 random(seed);
      Buffer buffer;
      std::string model;
      char next = 0;
      for (int step = 0; step < 400; ++step) {
        std::string piece(random() % 100, '\0');
        std::generate(piece.begin(), piece.end(), [&next] { return next++; });
        switch (random() % 4) {
          case 0:
            buffer.append(piece);
            break;
          case 1: {
            // Room is asked for more than is used.
            char* const room = buffer.prepare(piece.size() + random() % 50);
            std::copy(piece.begin(), piece.end(), room);
            buffer.commit(piece.size());
            break;
          }
          default:
            piece.clear();
            const std::size_t gone = random() % (model.size() + 1);
            buffer.consume(gone);
            model.erase(0, gone);
        }
        model += piece;
        REQUIRE(buffer.size() == model.size());
        REQUIRE(buffer.view() == model);
        REQUIRE(buffer.empty() == model.empty());
      }
    }
  }

  TEST_CASE("a queue that is filled and emptied in step stays small") {
    Buffer buffer;
    const std::string piece(100, 'x');
    buffer.append(piece);
    for (int i = 0; i < 10000; ++i) {
      buffer.append(piece);
      buffer.consume(piece.size());
    }
    CHECK(buffer.size() == piece.size());
    CHECK(buffer.capacity() <= 1000);
  }

  TEST_CASE("room that is asked for and not used is no content") {
    Buffer buffer;
    buffer.append("abc");
    buffer.prepare(10000);
    CHECK(buffer.view() == "abc");
    buffer.commit(0);
    CHECK(buffer.view() == "abc");
  }

  TEST_CASE("clear keeps the memory, release gives it back") {
    Buffer buffer;
    buffer.append(std::string(5000, 'x'));
    buffer.clear();
    CHECK(buffer.empty());
    CHECK(buffer.capacity() >= 5000);
    buffer.release();
    CHECK(buffer.empty());
    CHECK(buffer.capacity() == 0);
    buffer.append("again");
    CHECK(buffer.view() == "again");
  }

  TEST_CASE("what is used up keeps a little, and much of it only until it has rested long") {
    for (const std::size_t size :
         {std::size_t{1}, Buffer::little, std::size_t{20'000}, Buffer::much, Buffer::much + 1,
          Buffer::most, Buffer::most + 1}) {
      CAPTURE(size);
      Buffer buffer;
      buffer.prepare(size);
      buffer.commit(size);
      buffer.rest();
      buffer.rest_long();
      CHECK(buffer.capacity() == size);  // it is not empty
      buffer.consume(size);
      buffer.rest();
      const bool is_kept = size <= Buffer::little || (size > Buffer::much && size <= Buffer::most);
      CHECK(buffer.capacity() == (is_kept ? size : 0));
      buffer.rest_long();
      CHECK(buffer.capacity() == (size <= Buffer::little ? size : 0));
    }
  }

  TEST_CASE("it grows to what it is known to need, and no further") {
    Buffer buffer;
    const std::string piece(1000, 'p');
    std::string all;
    for (std::size_t most = 5500; all.size() + piece.size() <= most; all += piece) {
      buffer.append(piece, most);
      CHECK(buffer.capacity() <= most);
    }
    CHECK(buffer.capacity() == 5500);
    buffer.append(piece, 5500);  // more than that was known
    CHECK(buffer.view() == all + piece);
    CHECK(buffer.capacity() == 6000);
  }

  TEST_CASE("an empty one grows without copying, and holds what is put in") {
    Buffer buffer;
    buffer.append(std::string(100, 'x'));
    buffer.consume(100);
    buffer.append(std::string(5000, 'y'));
    CHECK(buffer.view() == std::string(5000, 'y'));
  }

  TEST_CASE("moving and swapping take the content along") {
    Buffer first;
    first.append("..first");
    first.consume(2);
    Buffer second(std::move(first));
    CHECK(second.view() == "first");
    Buffer third;
    third.append("third");
    third.swap(second);
    CHECK(third.view() == "first");
    CHECK(second.view() == "third");
    second = std::move(third);
    CHECK(second.view() == "first");
  }
}
