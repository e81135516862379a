// Starting the visitor, and reading what it says.
#include "hostile/cost.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "hostile/resident.hpp"
#include "hostile/server.hpp"
#include "support/process.hpp"

namespace hostile {
namespace {

constexpr support::Milliseconds patience{200'000};

std::uint64_t value_of(const std::string& line, const std::string& name) {
  const auto at = line.find(name + "=");
  std::uint64_t value = 0;
  if (at == std::string::npos) throw std::runtime_error("no " + name + " in: " + line);
  const char* const begin = line.data() + at + name.size() + 1;
  if (std::from_chars(begin, line.data() + line.size(), value).ec != std::errc()) {
    throw std::runtime_error("no number for " + name + " in: " + line);
  }
  return value;
}

// So that what was freed is not held for the sake of finding faults.
std::string sanitizer_options() {
  const char* const given = std::getenv("ASAN_OPTIONS");
  return std::string(given != nullptr ? given : "") + ":quarantine_size_mb=1";
}

void expect_welcome(const std::string& line) {
  if (value_of(line, "messages") == 1 && value_of(line, "bytes") == welcome.size() &&
      value_of(line, "code") == 1000 && value_of(line, "errors") == 0) {
    return;
  }
  throw std::runtime_error("the visitor was not welcome: " + line);
}

}  // namespace

Cost visit_apart(Face face, const std::string& url, const std::vector<std::string>& settings) {
  support::Command command{{WEBSOCKETAPP_VISITOR, face == Face::app ? "app" : "client", url},
                           {{"ASAN_OPTIONS", sanitizer_options()}}};
  command.arguments.insert(command.arguments.end(), settings.begin(), settings.end());
  support::Process process(std::move(command));
  std::vector<std::string> lines;
  while (auto line = process.read_line(patience)) lines.push_back(std::move(*line));
  const int status = process.wait().value_or(-1);
  if (status != 0 || lines.size() != 4) {
    throw std::runtime_error("the visitor ended with " + std::to_string(status) + " and said " +
                             process.errors());
  }
  expect_welcome(lines[0]);
  const std::string& seen = lines[1];
  if (value_of(seen, "ends") != 1 || value_of(seen, "errors") > 1) {
    throw std::runtime_error("more than one end: " + seen);
  }
  expect_welcome(lines[2]);
  Cost cost;
  cost.messages = value_of(seen, "messages");
  cost.bytes = value_of(seen, "bytes");
  cost.code = static_cast<unsigned>(value_of(seen, "code"));
  cost.errc = static_cast<int>(value_of(seen, "errc"));
  cost.resident = value_of(lines[3], "resident");
  cost.seconds = static_cast<double>(value_of(lines[3], "processor")) / CLOCKS_PER_SEC;
  return cost;
}

std::uint64_t resident_bound(std::uint64_t bytes) {
  return bytes * resident_factor + resident_extra;
}

Growth measure_growth(const std::function<double(std::size_t factor)>& seconds) {
  std::array<double, 3> once{};
  std::array<double, 3> four_times{};
  for (std::size_t round = 0; round < once.size(); ++round) {
    once[round] = seconds(1);
    four_times[round] = seconds(4);
  }
  std::sort(once.begin(), once.end());
  return {once[once.size() / 2], *std::min_element(four_times.begin(), four_times.end())};
}

}  // namespace hostile
