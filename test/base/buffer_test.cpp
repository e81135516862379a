// The buffer, held against a string.
#include "base/buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <random>
#include <string>
#include <utility>

using websocket::base::Buffer;
using websocket::base::StringBuffer;
using HeapBuffer = Buffer;

TEST_SUITE("the buffer") {
  TEST_CASE_TEMPLATE("a new one is empty and holds no memory", Buffer, HeapBuffer, StringBuffer) {
    Buffer buffer;
    CHECK(buffer.empty());
    CHECK(buffer.size() == 0);
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.view().empty());
    buffer.consume(0);
    buffer.append({});
    CHECK(buffer.capacity() == 0);
  }

  TEST_CASE_TEMPLATE("what is appended comes out in order, whatever is consumed between", Buffer,
                     HeapBuffer, StringBuffer) {
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

  TEST_CASE_TEMPLATE("a queue that is filled and emptied in step stays small", Buffer, HeapBuffer,
                     StringBuffer) {
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

  TEST_CASE_TEMPLATE("room that is asked for and not used is no content", Buffer, HeapBuffer,
                     StringBuffer) {
    Buffer buffer;
    buffer.append("abc");
    buffer.prepare(10000);
    CHECK(buffer.view() == "abc");
    buffer.commit(0);
    CHECK(buffer.view() == "abc");
  }

  TEST_CASE_TEMPLATE("clear keeps the memory, release gives it back", Buffer, HeapBuffer,
                     StringBuffer) {
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

  TEST_CASE_TEMPLATE("it grows to what it is known to need, and no further", Buffer, HeapBuffer,
                     StringBuffer) {
    Buffer buffer;
    const std::string piece(1000, 'p');
    std::string all;
    for (std::size_t most = 5500; all.size() + piece.size() <= most; all += piece) {
      buffer.append(piece, most);
      CHECK(buffer.capacity() == most);
    }
    buffer.append(piece, 5500);  // more than that was known
    CHECK(buffer.view() == all + piece);
    CHECK(buffer.capacity() == 6000);
  }

// A sanitizer ends a program that asks for that much.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  TEST_CASE_TEMPLATE("where there is no memory for all that is known to come, what came is enough",
                     Buffer, HeapBuffer, StringBuffer) {
    Buffer buffer;
    const std::string piece(1000, 'p');
    buffer.append(piece, std::size_t{1} << 62U);
    buffer.append(piece, std::size_t{1} << 62U);
    CHECK(buffer.view() == piece + piece);
    CHECK_THROWS_AS(buffer.prepare(std::size_t{1} << 62U), std::bad_alloc);
    CHECK(buffer.view() == piece + piece);
  }
#endif

  TEST_CASE("a string's memory is given away as a string") {
    StringBuffer buffer;
    const std::string text(1000, 't');
    buffer.append(text, 1200);
    const char* const where = buffer.data();
    const std::string taken = buffer.take();
    CHECK(taken == text);
    CHECK(taken.data() == where);
    CHECK(buffer.empty());
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.take().empty());
    buffer.append("again");
    CHECK(buffer.take() == "again");
  }

  TEST_CASE(
      "what is given away is copied where it is little of much, or does not begin at the front") {
    StringBuffer buffer;
    buffer.prepare(10'000);
    buffer.append("little");
    const std::string little = buffer.take();
    CHECK(little == "little");
    CHECK(little.capacity() < 100);
    CHECK(buffer.empty());
    CHECK(buffer.capacity() >= 10'000);
    const std::string text(9000, 't');
    buffer.append("..");
    buffer.append(text);
    buffer.consume(2);
    CHECK(buffer.take() == text);
    CHECK(buffer.empty());
  }

  TEST_CASE_TEMPLATE("what is in it stays where it is when it is moved", Buffer, HeapBuffer,
                     StringBuffer) {
    for (const std::size_t size : {1U, 15U, 16U, 100U}) {
      CAPTURE(size);
      Buffer buffer;
      buffer.append(std::string(size, 'x'));
      const char* const where = buffer.data();
      Buffer other(std::move(buffer));
      CHECK(other.data() == where);
    }
  }

  TEST_CASE_TEMPLATE("an empty one grows without copying, and holds what is put in", Buffer,
                     HeapBuffer, StringBuffer) {
    Buffer buffer;
    buffer.append(std::string(100, 'x'));
    buffer.consume(100);
    buffer.append(std::string(5000, 'y'));
    CHECK(buffer.view() == std::string(5000, 'y'));
  }

  TEST_CASE_TEMPLATE("moving and swapping take the content along", Buffer, HeapBuffer,
                     StringBuffer) {
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
