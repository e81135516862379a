// A loop that only its own thread reaches lets the read of its only socket do the waiting. Everything
// else that a loop does goes on as ever, and nobody waits longer than was asked for.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "run_loop.hpp"
#include "tcp_peer.hpp"

using namespace net_test;
using namespace std::chrono_literals;

namespace {

// A stream that waits to read again whenever it is told, on such a loop.
struct Reader : net::Stream::Listener {
  net::AsioLoop loop{net::AsioLoop::Reached::from_its_own_thread};
  TcpPeer peer;
  std::unique_ptr<net::Stream> stream = connect(loop, peer);
  bool reads = true;
  bool writes = false;
  int told = 0;
  int would_block = 0;
  int failed = 0;
  std::string came;
  std::size_t sent = 0;

  Reader() {
    stream->set_listener(this);
    stream->wait_to_read();
  }
  void read() {
    std::array<char, 64> into{};
    const net::IoResult result = stream->read(into);
    came.append(into.data(), result.size);
    if (result.status == net::IoStatus::would_block) ++would_block;
    if (result.status == net::IoStatus::failed) ++failed;
  }
  void ready_to_read() override {
    ++told;
    if (reads) read();
    stream->wait_to_read();
  }
  void ready_to_write() override {
    if (writes) write_all_it_can();
  }
  void write_all_it_can() {
    const std::string chunk(64 * 1024, 'x');
    net::IoResult put = stream->write(chunk);
    for (; put.status == net::IoStatus::ok; put = stream->write(chunk)) sent += put.size;
    CHECK(put.status == net::IoStatus::would_block);
    stream->wait_to_write();
  }

  void run_until_time(net::Clock::time_point deadline) {
    while (loop.run_one_until(deadline) > 0) {
    }
    CHECK(net::Clock::now() >= deadline);
  }
};

// Handled signals that come every millisecond.
class ManySignals {
 public:
  ManySignals() {
    struct sigaction handle {};
    handle.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &handle, &before_);
    set(1000);
  }
  ~ManySignals() {
    set(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  ManySignals(const ManySignals&) = delete;
  ManySignals& operator=(const ManySignals&) = delete;

 private:
  static void set(suseconds_t microseconds) {
    const itimerval every{{0, microseconds}, {0, microseconds}};
    ::setitimer(ITIMER_REAL, &every, nullptr);
  }
  struct sigaction before_ {};
};

}  // namespace

TEST_SUITE_BEGIN("AsioLoop: a read that waits");

TEST_CASE("brings what comes, whenever it comes") {
  Reader r;
  for (int round = 1; round <= 100; ++round) {
    CAPTURE(round);
    std::thread other([&] { r.peer.write("x"); });
    CHECK(run_until(r.loop, [&] { return r.came.size() == static_cast<std::size_t>(round); }));
    other.join();
  }
}

TEST_CASE("ends with the connection") {
  Reader r;
  net::IoStatus told = net::IoStatus::ok;
  struct Ending : net::Stream::Listener {
    std::function<void()> read;
    void ready_to_read() override { read(); }
    void ready_to_write() override {}
  } ending;
  ending.read = [&] {
    std::array<char, 64> into{};
    told = r.stream->read(into).status;
    r.stream->wait_to_read();
  };
  r.stream->set_listener(&ending);
  std::thread other([&] { r.peer.close(); });
  CHECK(run_until(r.loop, [&] { return told == net::IoStatus::end; }));
  other.join();
}

TEST_CASE("keeps no deadline from passing, and is not woken again and again meanwhile") {
  Reader r;
  SUBCASE("it reads when it is told") {}
  SUBCASE("it does not") { r.reads = false; }
  SUBCASE("something came before") {
    r.peer.write("x");
    REQUIRE(run_until(r.loop, [&] { return r.came == "x"; }));
    r.told = 0;
  }
  for (const auto time : {1ms, 30ms, 120ms, 400ms}) r.run_until_time(net::Clock::now() + time);
  CHECK(r.told <= 1);
  CHECK(r.came.size() <= 1);
}

TEST_CASE("waits again by reading once something has come") {
  Reader r;
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
#ifdef __linux__
    CHECK(run_until(r.loop, [&] { return r.would_block == round; }));
#endif
    r.peer.write("x");
    REQUIRE(run_until(r.loop, [&] { return r.came.size() == static_cast<std::size_t>(round); }));
  }
}

TEST_CASE("is not begun where a timer, the deadline or what was posted comes before long") {
  Reader r;
  bool ran = false;
  net::OperationPtr timer;
  SUBCASE("a timer") {
    timer = r.loop.at(net::Clock::now() + 20ms, [&] { ran = true; });
  }
  SUBCASE("what was posted") {
    r.loop.post([&] { ran = true; });
  }
  SUBCASE("a deadline") {
    r.run_until_time(net::Clock::now() + 20ms);
    ran = true;
  }
  SUBCASE("a deadline that has passed") {
    CHECK(r.loop.run_one_until(net::Clock::time_point::min()) == 0);
    ran = true;
  }
  SUBCASE("polling") {
    CHECK(r.loop.poll() == 0);
    ran = true;
  }
  CHECK(run_until(r.loop, [&] { return ran; }));
  CHECK(r.told == 0);
}

TEST_CASE("is not begun while another thread is to tell the addresses of a name") {
  Reader r;
  Told<std::vector<net::Address>> resolved;
  const auto operation = r.loop.resolve("localhost", 80, resolved.handler());
  CHECK(run_until(r.loop, [&] { return resolved.times() > 0; }));
  CHECK(r.told == 0);
}

TEST_CASE("is not begun while the socket waits to write as well") {
  Reader r;
  r.writes = true;
  r.write_all_it_can();
  r.run_until_time(net::Clock::now() + 200ms);
  CHECK(r.told == 0);
  CHECK(r.peer.read(r.sent).size() == r.sent);
}

TEST_CASE("is the one that was told alone: all others return at once") {
  Reader r;
  const support::Deadline deadline(5s);  // each that waited would take 50 ms
  for (std::size_t round = 1; round <= 200; ++round) {
    CAPTURE(round);
    r.reads = true;
    r.peer.write("x");
    REQUIRE(run_until(r.loop, [&] { return r.came.size() == round; }));
    r.reads = false;
    r.loop.run_one_until(net::Clock::now() + 200ms);  // it is told, and does not read
    r.read();
    REQUIRE_FALSE(deadline.over());
  }
}

TEST_CASE("signals neither end nor prolong it") {
  Reader r;
  const ManySignals signals;
  r.run_until_time(net::Clock::now() + 200ms);
  CHECK(r.came.empty());
  CHECK(r.failed == 0);
  std::thread other([&] { r.peer.write("x"); });
  CHECK(run_until(r.loop, [&] { return r.came == "x"; }));
  other.join();
}

TEST_SUITE_END();
