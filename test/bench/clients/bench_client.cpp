#include "bench_client.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "../json_corpus.hpp"

namespace bench {
namespace {

double resident_kib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string word; rollup >> word;) {
    double kib = 0;
    if (word == "Rss:" && rollup >> kib) return kib;
  }
  give_up("/proc/self/smaps_rollup cannot be read");
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

const char* environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

void end_after_a_while() {
  const int seconds = std::atoi(environment("BENCH_DEADLINE"));
  std::signal(SIGALRM, [](int) {
    constexpr char words[] = "the time is over: something did not come\n";
    static_cast<void>(!::write(STDERR_FILENO, words, sizeof words - 1));
    ::_exit(1);
  });
  ::alarm(seconds > 0 ? static_cast<unsigned>(seconds) : 120);
}

Mode mode_of(const std::string& name) {
  if (name == "recv") return Mode::recv;
  if (name == "send") return Mode::send;
  if (name == "rtt") return Mode::rtt;
  if (name == "connect") return Mode::connect;
  if (name == "hold") return Mode::hold;
  give_up("there is no mode " + name);
}

std::size_t number(const char* text) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (end == text || *end != '\0') give_up(std::string(text) + " is no number");
  return value;
}

void read_url(const std::string& url, Order& order) {
  order.url = url;
  order.tls = url.compare(0, 6, "wss://") == 0;
  if (!order.tls && url.compare(0, 5, "ws://") != 0) give_up("not a WebSocket URL: " + url);
  const std::size_t begin = url.find("//") + 2;
  const std::size_t path = std::min(url.find('/', begin), url.size());
  const std::size_t colon = std::min(url.find(':', begin), path);
  if (colon == path) give_up("the URL names no port: " + url);
  order.host = url.substr(begin, colon - begin);
  order.port = url.substr(colon + 1, path - colon - 1);
  order.target = path == url.size() ? "/" : url.substr(path);
  order.deflate = order.target.find("deflate=1") != std::string::npos;
}

Order read_order(int argc, char** argv) {
  if (argc != 5) give_up(std::string("usage: ") + argv[0] + " MODE URL SIZE COUNT");
  Order order;
  order.mode = mode_of(argv[1]);
  read_url(argv[2], order);
  order.size = number(argv[3]);
  order.count = number(argv[4]);
  order.authority = environment("BENCH_CA");
  if (order.count == 0) give_up("COUNT is 0");
  return order;
}

Result measure(const Client& client, const Order& order) {
  Result (*mode)(const Order&) = nullptr;
  switch (order.mode) {
    case Mode::recv:
      mode = client.recv;
      break;
    case Mode::send:
      mode = client.send;
      break;
    case Mode::rtt:
      mode = client.rtt;
      break;
    case Mode::connect:
      mode = client.connect;
      break;
    case Mode::hold:
      mode = client.hold;
      break;
  }
  if (!mode) give_up(std::string("client_") + client.name + " does not have that mode");
  return mode(order);
}

void print(const char* field, double value, int digits) {
  if (value >= 0) std::printf(", \"%s\": %.*f", field, digits, value);
}

void print(const Client& client, const char* mode, const Order& order, const Result& result) {
  std::printf("{\"client\": \"%s\", \"mode\": \"%s\", \"size\": %zu, \"count\": %zu", client.name,
              mode, order.size, order.count);
  print("seconds", result.seconds, 6);
  print("cpu_seconds", result.cpu_seconds, 6);
  print("p50_us", result.p50_us, 2);
  print("p99_us", result.p99_us, 2);
  print("connect_p50_us", result.connect_p50_us, 2);
  print("resident_kib", result.resident_kib, 0);
  std::puts("}");
  std::fflush(stdout);
}

}  // namespace

// From any thread, in any state of a library: nothing is destroyed.
void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

void give_up_for_size(std::size_t got, std::size_t wanted) {
  give_up("a message of " + std::to_string(got) + " bytes came instead of " +
          std::to_string(wanted));
}

Messages::Messages(const Order& order)
    : messages_(order.deflate ? json_corpus(order.size)
                              : std::vector<std::string>{std::string(order.size, 'x')}),
      mask_(messages_.size() - 1) {}

double Laps::percentile(unsigned percent) const {
  if (laps_.empty()) return -1;
  // Not sorted: that would be a tenth of the instructions that are counted for an echo.
  std::vector<double> laps = laps_;
  const auto lap = laps.begin() + static_cast<std::ptrdiff_t>((laps.size() - 1) * percent / 100);
  std::nth_element(laps.begin(), lap, laps.end());
  return *lap;
}

void Watch::begin() {
  cpu_begin_ = cpu_seconds();
  begin_ = Clock::now();
}

void Watch::end() {
  result_.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  result_.cpu_seconds = cpu_seconds() - cpu_begin_;
}

Result with_laps(const Watch& watch, const Laps& laps) {
  Result result = watch.result();
  result.p50_us = laps.percentile(50);
  result.p99_us = laps.percentile(99);
  return result;
}

Result with_laps(const Watch& watch, const Laps& laps, const Laps& connects) {
  Result result = with_laps(watch, laps);
  result.connect_p50_us = connects.percentile(50);
  return result;
}

Result with_memory(const Watch& watch) {
  Result result = watch.result();
  result.resident_kib = resident_kib();
  return result;
}

int run(const Client& client, int argc, char** argv) {
  end_after_a_while();
  std::signal(SIGPIPE, SIG_IGN);
  const Order order = read_order(argc, argv);
  try {
    print(client, argv[1], order, measure(client, order));
  } catch (const std::exception& error) {
    give_up(error.what());
  }
  return 0;
}

}  // namespace bench
