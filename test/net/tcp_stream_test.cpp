#include "net/tcp_stream.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "run_loop.hpp"
#include "tcp_peer.hpp"

using namespace net_test;

namespace {

using net::IoStatus;

struct Connected {
  net::AsioLoop loop;
  TcpPeer peer;
  std::unique_ptr<net::Stream> stream = connect(loop, peer);
  Listening listener;

  Connected() { stream->set_listener(&listener); }

  bool wait_until_readable() {
    const int before = listener.reads;
    stream->wait_to_read();
    return run_until(loop, [&] { return listener.reads > before; });
  }
};

// Of the process's socket at the other end of the peer's connection.
[[maybe_unused]] bool reads_of_it_may_wait(const TcpPeer& peer) {
  sockaddr_in end{};
  socklen_t size = sizeof end;
  REQUIRE(::getpeername(peer.descriptor(), reinterpret_cast<sockaddr*>(&end), &size) == 0);
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in own{};
    size = sizeof own;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        own.sin_port == end.sin_port) {
      return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0;
    }
  }
  return false;
}

}  // namespace

TEST_SUITE_BEGIN("TCP stream");

TEST_CASE("reading would block while nothing has come, and tells when something has") {
  Connected c;
  std::array<char, 16> into{};
  net::IoResult result = c.stream->read(into);
  CHECK(result.status == IoStatus::would_block);
  CHECK(result.drained);

  c.stream->wait_to_read();
  run_ready(c.loop);
  CHECK(c.listener.reads == 0);
  c.peer.write("hello");
  REQUIRE(run_until(c.loop, [&] { return c.listener.reads == 1; }));
  result = c.stream->read(into);
  CHECK(result.status == IoStatus::ok);
  CHECK(std::string(into.data(), result.size) == "hello");
  CHECK(result.drained);
}

TEST_CASE("a read that is filled to the brim does not say that there is nothing more") {
  Connected c;
  c.peer.write("hello");
  REQUIRE(c.wait_until_readable());
  std::array<char, 4> into{};
  net::IoResult result = c.stream->read(into);
  CHECK(result.size == 4);
  CHECK_FALSE(result.drained);
  result = c.stream->read(into);
  CHECK(result.size == 1);
  CHECK(result.drained);
}

TEST_CASE("where much has come at once the next reads bring what came, and wait for nothing") {
  Connected c;
  std::vector<char> into(std::size_t{1} << 17U);
  net::IoResult result;
  c.listener.when_readable = [&] { result = c.stream->read(into); };
  const auto receive_much = [&] {
    const std::string much(std::size_t{1} << 18U, 'x');  // there is room for it underway
    c.peer.write(much);
    std::size_t came = 0;
    while (came < much.size() && c.wait_until_readable()) came += result.size;
    REQUIRE(came == much.size());
  };
  const auto receive_little = [&] {
    c.peer.write("hello");
    REQUIRE(c.wait_until_readable());
    CHECK(std::string(into.data(), result.size) == "hello");
  };
  std::function<void()> before_each = [] {};
  TcpPeer other_peer;
  std::unique_ptr<net::Stream> other;
  Listening others;

  receive_much();
#ifdef __linux__
  CHECK(reads_of_it_may_wait(c.peer));  // or none of the rest says anything
#endif
  SUBCASE("nobody has told it of anything") {}
  SUBCASE("what it was told of has been read") { before_each = receive_little; }
  SUBCASE("what it was told of has not been read, until it was") {
    before_each = [&] {
      const auto read = std::exchange(c.listener.when_readable, nullptr);
      c.peer.write("hello");
      REQUIRE(c.wait_until_readable());
      c.listener.when_readable = read;
      CHECK(c.stream->read(into).size == 5);
    };
  }
  SUBCASE("what it is told of was read meanwhile") {
    before_each = [&] {
      std::size_t size = 0;
      c.loop.post([&] { size = c.stream->read(into).size; });
      c.peer.write("hello");
      REQUIRE(c.wait_until_readable());
      CHECK(size == 5);
      CHECK(result.status == IoStatus::would_block);
    };
  }
  SUBCASE("another one waits on the loop, and goes") {
    before_each = [&] {
      if (other) {
        other.reset();
      } else {
        other = connect(c.loop, other_peer);
        other->set_listener(&others);
        other->wait_to_read();
      }
      receive_little();
      receive_much();
    };
  }
  // A read that waited, if only for as long as such reads may, would make this take 15 seconds.
  const support::Deadline deadline(std::chrono::seconds(8));
  for (int i = 0; i < 300; ++i) {
    CAPTURE(i);
    before_each();
    CHECK(c.stream->read(into).status == IoStatus::would_block);
    REQUIRE_FALSE(deadline.over());
  }
  CHECK(others.reads == 0);
  c.peer.close();
  REQUIRE(c.wait_until_readable());
  CHECK(result.status == IoStatus::end);
}

TEST_CASE("what has come already is told to who asks only then") {
  Connected c;
  c.peer.write("hello");
  REQUIRE(c.wait_until_readable());
  REQUIRE(c.wait_until_readable());  // nothing was read in between
  CHECK(c.listener.reads == 2);
}

TEST_CASE("asking twice before it is told tells once") {
  Connected c;
  for (int i = 0; i < 3; ++i) c.stream->wait_to_read();
  for (int i = 0; i < 3; ++i) c.stream->wait_to_write();
  c.peer.write("x");
  REQUIRE(run_until(c.loop, [&] { return c.listener.reads > 0 && c.listener.writes > 0; }));
  run_ready(c.loop);
  CHECK(c.listener.reads == 1);
  CHECK(c.listener.writes == 1);
}

TEST_CASE("writing would block once the peer reads no more, and goes on when it does") {
  Connected c;
  const std::string chunk(64 * 1024, 'x');
  std::size_t sent = 0;
  net::IoResult result = c.stream->write(chunk);
  for (; result.status == IoStatus::ok; result = c.stream->write(chunk)) sent += result.size;
  REQUIRE(result.status == IoStatus::would_block);

  c.stream->wait_to_write();
  run_ready(c.loop);
  CHECK(c.listener.writes == 0);
  CHECK(c.peer.read(sent).size() == sent);
  REQUIRE(run_until(c.loop, [&] { return c.listener.writes == 1; }));
  CHECK(c.stream->write(std::string_view("more")).status == IoStatus::ok);
  CHECK(c.peer.read(4) == "more");
}

TEST_CASE("the peer's end is told once what it sent before has been read") {
  Connected c;
  c.peer.write("bye");
  c.peer.close();
  REQUIRE(c.wait_until_readable());
  std::array<char, 16> into{};
  CHECK(c.stream->read(into).size == 3);
  REQUIRE(c.wait_until_readable());
  CHECK(c.stream->read(into).status == IoStatus::end);
}

TEST_CASE("after shut_down_sending the peer sees the end, and can still send") {
  Connected c;
  CHECK(c.stream->write(std::string_view("last")).size == 4);
  c.stream->shut_down_sending();
  CHECK(c.peer.read(16) == "last");
  c.peer.write("answer");
  REQUIRE(c.wait_until_readable());
  std::array<char, 16> into{};
  CHECK(c.stream->read(into).size == 6);
}

TEST_CASE("a reset is told as a failure with the system's error") {
  Connected c;
  c.stream->wait_to_read();
  c.peer.reset();
  REQUIRE(run_until(c.loop, [&] { return c.listener.reads == 1; }));
  std::array<char, 16> into{};
  const net::IoResult result = c.stream->read(into);
  CHECK(result.status == IoStatus::failed);
  CHECK(result.error == std::errc::connection_reset);
  CHECK(result.error.category() == std::system_category());
  CHECK(c.stream->remote_address() == "127.0.0.1:" + std::to_string(c.peer.port()));
}

TEST_CASE("writing to a connection that is gone fails, without a signal") {
  Connected c;
  c.peer.reset();
  REQUIRE(c.wait_until_readable());
  net::IoResult result = c.stream->write(std::string_view("x"));
  for (int i = 0; i < 3 && result.status != IoStatus::failed; ++i)
    result = c.stream->write(std::string_view("x"));
  CHECK(result.status == IoStatus::failed);
  c.stream->wait_to_write();
  CHECK(run_until(c.loop, [&] { return c.listener.writes == 1; }));
}

TEST_CASE("the listener may destroy the stream while it is told") {
  struct Destroying : Listening {
    std::unique_ptr<net::Stream>* stream = nullptr;
    void ready_to_write() override {
      ++writes;
      stream->reset();
    }
  };
  Connected c;
  Destroying destroying;
  destroying.stream = &c.stream;
  c.stream->set_listener(&destroying);
  c.stream->wait_to_write();
  c.stream->wait_to_read();
  REQUIRE(run_until(c.loop, [&] { return destroying.writes == 1; }));
  run_ready(c.loop);
  CHECK(destroying.reads == 0);
  CHECK(c.peer.read(1).empty());  // it is closed
}

TEST_CASE("a destroyed stream tells nothing, and neither does one whose listener was taken off") {
  Connected c;
  c.peer.write("x");
  c.stream->wait_to_read();
  c.stream->wait_to_write();
  SUBCASE("destroyed") { c.stream.reset(); }
  SUBCASE("taken off") { c.stream->set_listener(nullptr); }
  run_ready(c.loop);
  CHECK(c.listener.reads == 0);
  CHECK(c.listener.writes == 0);
}

TEST_SUITE_END();
