// Messages as a feed of prices sends them: JSON of a given size, the same ones whenever they are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

/// How many different messages there are: a power of two, and no more than 4 MiB of them.
constexpr std::size_t corpus_messages(std::size_t size) {
  std::size_t count = 64;
  while (count > 1 && count * size > (std::size_t{4} << 20U)) count /= 2;
  return count;
}

class JsonCorpus {
 public:
  /// Records one after the other, in an array, and blanks behind it up to exactly `size` bytes.
  /// (Too little room for a record: digits.)
  std::string message(std::size_t size) {
    std::string text = "[";
    for (std::string next = record(); text.size() + next.size() + 2 <= size; next = record()) {
      if (text.size() > 1) text += ",";
      text += next;
    }
    if (text.size() == 1) return std::string(size, '1');
    text += "]";
    text.resize(size, ' ');
    return text;
  }

 private:
  std::string record() {
    static constexpr const char* symbols[] = {"EURUSD", "GBPUSD", "USDJPY", "AUDNZD",
                                              "BTCEUR", "ETHEUR", "XAUUSD", "DE40"};
    static constexpr const char* venues[] = {"Frankfurt", "London", "New York", "Tokyo"};
    const double bid = 0.5 + random(300'000) / 1e3;
    char text[256];
    std::snprintf(text, sizeof text,
                  R"({"id":%u,"symbol":"%s","bid":%.4f,"ask":%.4f,"volume":%u,)"
                  R"("venue":"%s","time":"2024-05-%02uT%02u:%02u:%02u.%03uZ","final":%s})",
                  ++id_, symbols[random(8)], bid, bid * 1.0002, random(10'000), venues[random(4)],
                  1 + random(28), random(24), random(60), random(60), random(1000),
                  random(4) == 0 ? "true" : "false");
    return text;
  }

  // Knuth's linear congruential generator.
  unsigned random(unsigned below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<unsigned>(state_ >> 33U) % below;
  }

  std::uint64_t state_ = 20240501;
  unsigned id_ = 10'000'000;
};

inline std::vector<std::string> json_corpus(std::size_t size) {
  JsonCorpus corpus;
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < corpus_messages(size); ++i) messages.push_back(corpus.message(size));
  return messages;
}

}  // namespace bench
