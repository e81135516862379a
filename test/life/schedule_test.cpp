// Random schedules: threads that do anything with apps, whose handlers misbehave, against a server that
// does anything. LIFE_SEED begins with a round that failed (the same choices,
// not the same timing), LIFE_ROUNDS says how many there are.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "life/actor.hpp"
#include "life/moody_server.hpp"

using life::Actor;
using life::Dice;
using life::Ground;
using life::Life;
using life::MoodyServer;
using life::Runner;

namespace {

constexpr int threads_at_once = 4;
constexpr int steps_of_each = 250;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

// Two on threads of their own, three on one EventLoop, one with a dispatcher.
std::vector<std::unique_ptr<Actor>> make_actors(const std::string& url, Dice& dice) {
  const auto shared = std::make_shared<Runner>(Ground::event_loop);
  const auto own = std::make_shared<Runner>(Ground::own_thread);
  const auto dispatched = std::make_shared<Runner>(Ground::dispatcher);
  const std::shared_ptr<Runner> runners[] = {own, own, shared, shared, shared, dispatched};
  std::vector<std::unique_ptr<Actor>> actors;
  for (const auto& runner : runners) {
    actors.push_back(
        std::make_unique<Actor>("app" + std::to_string(actors.size()), url, runner, dice));
  }
  return actors;
}

void let_threads_play(const std::vector<std::unique_ptr<Actor>>& actors, Dice& dice) {
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_at_once; ++i) {
    threads.emplace_back([&] {
      for (int step = 0; step < steps_of_each; ++step) {
        actors[dice.roll(static_cast<unsigned>(actors.size()))]->do_something();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void play_round(std::uint64_t seed) {
  const api_test::Watchdog watchdog("the random schedule of LIFE_SEED=" + std::to_string(seed));
  MoodyServer server(seed);
  Dice dice(seed + 1);
  auto actors = make_actors(server.url(), dice);
  let_threads_play(actors, dice);
  std::vector<std::shared_ptr<Life>> lives;
  for (const auto& actor : actors) {
    CHECK(actor->end());
    lives.insert(lives.end(), actor->lives().begin(), actor->lives().end());
  }
  actors.clear();
  server.stop();
  for (const auto& life : lives) {
    CAPTURE(life->name);
    CAPTURE(life->probe.events());
    CHECK(what_is_wrong_with(*life, server.received(life->name)) == "");
  }
}

}  // namespace

TEST_SUITE("life at random") {
  TEST_CASE("whatever is done with apps in whatever order, all ends are told and none is late") {
    const std::uint64_t rounds = from_environment("LIFE_ROUNDS", 12);
    const std::uint64_t first = from_environment("LIFE_SEED", std::random_device()());
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const std::uint64_t seed = first + round;
      // Before it begins: a sanitizer that ends the program tells no captures.
      std::printf("LIFE_SEED=%llu\n", static_cast<unsigned long long>(seed));
      std::fflush(stdout);
      CAPTURE(seed);
      play_round(seed);
    }
  }
}
