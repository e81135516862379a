// Masking keys, RFC 6455 5.3 and 10.3: "The masking key needs to be unpredictable; thus, the masking
// key MUST be derived from a strong source of entropy, and the masking key for a given frame MUST NOT
// make it simple for a server/proxy to predict the masking key for a subsequent frame." And the
// nonces of Sec-WebSocket-Key, 4.1.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "hostile/cost.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using support::RawConnection;

namespace {

using Keys = std::vector<std::uint32_t>;

constexpr unsigned texts_of_each = 4000;

// What one server saw: the keys of each connection in their order, and every nonce.
struct Collected {
  std::vector<Keys> connections;
  std::vector<std::string> nonces;
  unsigned unmasked = 0;
};

// Two connections of this process on each face, and one of each of four processes.
Collected collect() {
  Collected collected;
  std::mutex mutex;
  HostileServer server([&](RawConnection& connection, const std::string& request) {
    connection.write(hostile::switching_protocols(request));
    connection.write_frame(true, 9, "for a pong among them");
    Keys keys;
    unsigned unmasked = 0;
    unsigned texts = 0;
    const auto read = [&] {
      const auto frame = connection.read_frame();
      keys.push_back(frame.mask_key);
      if (!frame.masked) ++unmasked;
      return frame.opcode;
    };
    while (texts < texts_of_each) {
      if (read() == 1) ++texts;
    }
    connection.write_close(1000);
    while (read() != 8) {
    }
    const std::lock_guard lock(mutex);
    collected.connections.push_back(std::move(keys));
    collected.nonces.push_back(support::header_value(request, "Sec-WebSocket-Key"));
    collected.unmasked += unmasked;
  });
  hostile::Manners manners;
  manners.texts_to_send = texts_of_each;
  for (const Face face : both_faces) {
    for (int i = 0; i < 2; ++i) {
      CAPTURE(name_of(face));
      const auto visit = hostile::visit(face, server.url(), quick(), manners);
      CHECK(visit.hostile.info.code == 1000);
      hostile::check_usable(visit);
      const auto cost = hostile::visit_apart(face, server.url(),
                                             {"texts_to_send=" + std::to_string(texts_of_each)});
      CHECK(cost.code == 1000);
    }
  }
  const std::lock_guard lock(mutex);
  return collected;
}

const Collected& collected() {
  static const Collected instance = collect();
  return instance;
}

Keys all_keys() {
  Keys all;
  for (const Keys& keys : collected().connections) all.insert(all.end(), keys.begin(), keys.end());
  return all;
}

std::size_t repeats_in(Keys keys) {
  std::sort(keys.begin(), keys.end());
  const auto end = std::unique(keys.begin(), keys.end());
  return static_cast<std::size_t>(keys.end() - end);
}

// Of some 32,000 values of 32 bits chance makes 0.12 repeats; more than this once in millions.
constexpr std::size_t chance = 4;

}  // namespace

TEST_SUITE("hostile servers: mask keys") {
  TEST_CASE(
      "one mask key per connection, per second: every frame of every connection has a fresh one") {
    CHECK(collected().unmasked == 0);
    REQUIRE(collected().connections.size() == 8);
    const Keys keys = all_keys();
    CHECK(keys.size() >= 8 * (texts_of_each + 2));
    CHECK(repeats_in(keys) <= chance);
  }

  TEST_CASE(
      "one mask key does not tell the next: neither differences nor sums nor patterns repeat") {
    Keys differences;
    Keys patterns;
    Keys positions;
    for (const Keys& keys : collected().connections) {
      for (std::size_t i = 1; i < keys.size(); ++i) {
        differences.push_back(keys[i] - keys[i - 1]);
        patterns.push_back(keys[i] ^ keys[i - 1]);
      }
      // A generator seeded with the same would go the same way in each process.
      for (std::size_t i = 0; i < keys.size(); ++i) {
        positions.push_back(keys[i] - static_cast<std::uint32_t>(i));
      }
    }
    CHECK(repeats_in(differences) <= chance);
    CHECK(repeats_in(patterns) <= chance);
    CHECK(repeats_in(positions) <= chance);
  }

  TEST_CASE("a mask key from a weak generator: every byte has every value, every bit is even") {
    const Keys keys = all_keys();
    const auto count = static_cast<double>(keys.size());
    for (unsigned shift = 0; shift < 32; shift += 8) {
      std::array<double, 256> seen{};
      for (const std::uint32_t key : keys) seen[(key >> shift) & 255U] += 1;
      // Chi-square with 255 degrees of freedom: 255 on the average, with a deviation of 22.6.
      double chi_square = 0;
      for (const double times : seen)
        chi_square += std::pow(times - count / 256, 2) / (count / 256);
      CAPTURE(shift);
      CHECK(chi_square < 255 + 8 * 22.6);
      CHECK(chi_square > 255 - 8 * 22.6);
    }
    for (unsigned bit = 0; bit < 32; ++bit) {
      const auto ones = static_cast<double>(std::count_if(
          keys.begin(), keys.end(), [&](std::uint32_t key) { return ((key >> bit) & 1U) != 0; }));
      CAPTURE(bit);
      CHECK(std::abs(ones - count / 2) < 7 * std::sqrt(count) / 2);
    }
  }

  TEST_CASE("the nonce of the handshake: sixteen bytes, fresh for every connection") {
    std::vector<std::string> nonces = collected().nonces;
    for (const std::string& nonce : nonces) {
      CHECK(nonce.size() == 24);
      CHECK(nonce.ends_with("=="));
    }
    std::sort(nonces.begin(), nonces.end());
    CHECK(std::unique(nonces.begin(), nonces.end()) == nonces.end());
  }
}
