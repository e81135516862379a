// RFC 6455 5.1 to 5.3 from outside: every frame the client sends, of each kind and length, is masked
// with a key of its own and has the shortest length.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/play.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;

namespace {

const char* suite = "RFC 6455 5.3 masking";

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return bytes;
}

// 5.3: masking "does not affect the length"; 5.2: "the minimal number of bytes MUST be used to encode
// the length". exchange.cpp's complaint() holds every frame against that.
std::vector<Case> messages() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::uint8_t opcode, Delivery message) {
    std::string payload = message.data;
    cases.push_back({.name = "RFC 6455 5.3: our " + what + " arrives masked and as it was given",
                     .server = {expect(opcode, std::move(payload)), send(close_frame(1000))},
                     .client_sends = {std::move(message)}});
  };
  for (const std::size_t size :
       {0U,   1U,   2U,   3U,      4U,      5U,      7U,      8U,        9U,   15U,
        16U,  17U,  31U,  33U,     63U,     65U,     124U,    125U,      126U, 127U,
        128U, 255U, 256U, 65'534U, 65'535U, 65'536U, 65'537U, 1'000'003U}) {
    const std::string bytes = std::to_string(size) + " bytes";
    add("text of " + bytes, 1, text(pattern(size)));
    add("binary message of " + bytes, 2, binary(pattern(size)));
    if (size <= 125) add("ping of " + bytes, 9, ping(pattern(size)));
  }
  add("text with characters of all lengths", 1, text("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\0"s));
  std::string all;
  for (unsigned byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  add("binary message of all bytes", 2, binary(all));
  std::vector<Step> steps;
  std::vector<Delivery> sent;
  for (int i = 0; i < 20; ++i) {
    const std::string data = std::to_string(i);
    steps.push_back(expect(i % 2 ? 1 : 2, data));
    sent.push_back(i % 2 ? text(data) : binary(data));
  }
  steps.push_back(send(close_frame(1000)));
  cases.push_back({.name = "RFC 6455 5.4: our messages arrive whole and in their order",
                   .server = steps,
                   .client_sends = sent});
  return cases;
}
const bool messages_registered = add_rows(suite, __FILE__, __LINE__, messages());

// What all keys of a connection have to be like.
class Keys {
 public:
  void add(std::uint32_t key) {
    ++count_;
    if (!seen_.insert(key).second) ++repeated_;
    for (unsigned i = 0; i < 4; ++i) values_[i].insert(static_cast<std::uint8_t>(key >> (8U * i)));
    for (unsigned bit = 0; bit < 32; ++bit) ones_[bit] += key >> bit & 1U;
    if (count_ > 1) near_ += std::popcount(key ^ last_) <= 2 ? 1 : 0;
    last_ = key;
  }

  // 5.3: "The masking key is a 32-bit value chosen at random by the client. When preparing a masked
  // frame, the client MUST pick a fresh masking key from the set of allowed 32-bit values. The
  // masking key needs to be unpredictable".
  void check() const {
    // Of n keys about n*n/2^33 pairs are alike by chance: one, for 2500, in a thousand runs.
    CHECK(repeated_ <= 1);
    for (const auto& values : values_) CHECK(values.size() > 240);
    // A fair bit is six deviations away once in 500 million.
    const double deviation = 3.0 * std::sqrt(static_cast<double>(count_));
    for (const unsigned ones : ones_) CHECK(std::abs(ones - count_ / 2.0) < deviation);
    CHECK(near_ <= 2);  // no counters
  }
  unsigned count() const { return count_; }

 private:
  std::set<std::uint32_t> seen_;
  std::array<std::set<std::uint8_t>, 4> values_;
  std::array<unsigned, 32> ones_{};
  unsigned count_ = 0, repeated_ = 0, near_ = 0;
  std::uint32_t last_ = 0;
};

constexpr unsigned rounds = 500;

// Texts, binaries, pings, pongs and a Close frame of one connection.
void collect(Face face, Keys& keys, std::map<unsigned, unsigned>& frames_of) {
  Case row{.name = {}};
  for (unsigned i = 0; i < rounds; ++i) {
    row.client_sends.push_back(text("the same"));
    row.client_sends.push_back(binary("the same"));
    row.client_sends.push_back(ping("the same"));
    row.client_sends.push_back(text(""));
  }
  server().serve_next([&](support::RawConnection& connection) {
    connection.accept_handshake();
    std::string unread;
    const auto take = [&] {
      const auto frame = next_frame(connection, unread);
      if (!frame) throw support::RawError("it ended too early");
      const std::string wrong = complaint(*frame);
      if (!wrong.empty()) throw support::RawError(wrong);
      keys.add(frame->mask_key);
      ++frames_of[frame->opcode];
    };
    for (unsigned i = 0; i < 4 * rounds; ++i) take();
    for (unsigned i = 0; i < rounds; ++i) {
      connection.write(frame(0x89, "the same"));
      take();
    }
    connection.write(close_frame(1000));
    take();
    connection.shutdown();
    connection.wait_for_end();
  });
  static_cast<void>(talk(face, server().url(), row));
  CHECK(server().wait() == "");
}

}  // namespace

TEST_SUITE("RFC 6455 5.3 masking") {
  TEST_CASE(
      "RFC 6455 5.3: each of 2501 frames of a connection has a key of its own (WebSocketApp)") {
    Keys keys;
    std::map<unsigned, unsigned> frames_of;
    collect(Face::app, keys, frames_of);
    CHECK(frames_of == std::map<unsigned, unsigned>{
                           {1, 2 * rounds}, {2, rounds}, {8, 1}, {9, rounds}, {10, rounds}});
    keys.check();
  }

  TEST_CASE("RFC 6455 5.3: each of 2501 frames of a connection has a key of its own (WebSocket)") {
    Keys keys;
    std::map<unsigned, unsigned> frames_of;
    collect(Face::client, keys, frames_of);
    CHECK(frames_of == std::map<unsigned, unsigned>{
                           {1, 2 * rounds}, {2, rounds}, {8, 1}, {9, rounds}, {10, rounds}});
    keys.check();
  }

  TEST_CASE("RFC 6455 5.3: the Close frames of 300 connections have keys of their own") {
    std::set<std::uint32_t> keys;
    for (int i = 0; i < 300; ++i) {
      Seen seen;
      const Case row{.name = {}, .server = {send(close_frame(1000))}};
      server().serve_next([&](support::RawConnection& connection) {
        play_server(connection, row, Chunking::whole, seen);
      });
      static_cast<void>(talk(i % 2 ? Face::app : Face::client, server().url(), row));
      REQUIRE(server().wait() == "");
      REQUIRE(seen.close);
      keys.insert(seen.close->mask_key);
    }
    CHECK(keys.size() >= 299);
  }

  TEST_CASE("RFC 6455 5.3: a pong asked for by the program is masked") {
    Keys keys;
    server().serve_next([&](support::RawConnection& connection) {
      connection.accept_handshake();
      std::string unread;
      for (int i = 0; i < 10; ++i) {
        const auto frame = next_frame(connection, unread);
        if (!frame || !complaint(*frame).empty() || frame->opcode != 10 || frame->payload != "up") {
          throw support::RawError("that is no right pong");
        }
        keys.add(frame->mask_key);
      }
      connection.write(close_frame(1000));
      static_cast<void>(next_frame(connection, unread));
    });
    auto socket = websocket::create_connection(server().url(), patient());
    for (int i = 0; i < 10; ++i) socket.pong("up");
    CHECK_THROWS_AS(static_cast<void>(socket.recv()),
                    websocket::WebSocketConnectionClosedException);
    CHECK(server().wait() == "");
    CHECK(keys.count() == 10);
  }
}
