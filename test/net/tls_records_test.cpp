// TLS over a stream that is watched, and takes nothing while it is shut: how records leave.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "net/tls_stream.hpp"
#include "support/event.hpp"
#include "tls_server.hpp"

using namespace net_test;

namespace {

using net::IoStatus;

// What a test knows of the stream below, and does to it.
struct Valve {
  bool is_open = true;
  std::size_t room = std::numeric_limits<std::size_t>::max();  // closes after that many bytes
  bool is_asked = false;                                       // somebody waits to write
  int early_reads = 0;                                         // before anything was written
  int writes = 0;
  std::size_t written = 0;
  net::Stream::Listener* listener = nullptr;

  void open() {
    is_open = true;
    if (std::exchange(is_asked, false)) listener->ready_to_write();
  }
};

class ValveStream final : public net::Stream {
 public:
  ValveStream(Valve& valve, std::unique_ptr<net::Stream> lower)
      : valve_(valve), lower_(std::move(lower)) {}

  void set_listener(Listener* listener) override {
    valve_.listener = listener;
    lower_->set_listener(listener);
  }
  net::IoResult read(std::span<char> into) override {
    if (valve_.written == 0) ++valve_.early_reads;
    return lower_->read(into);
  }
  net::IoResult write(std::span<const char> from) override {
    if (!valve_.is_open) return {IoStatus::would_block};
    const net::IoResult result = lower_->write(from.first(std::min(from.size(), valve_.room)));
    ++valve_.writes;
    valve_.written += result.size;
    valve_.room -= result.size;
    if (valve_.room == 0) valve_.is_open = false;
    return result;
  }
  void wait_to_read() override { lower_->wait_to_read(); }
  void wait_to_write() override {
    if (valve_.is_open) return lower_->wait_to_write();
    valve_.is_asked = true;
  }
  void shut_down_sending() override { lower_->shut_down_sending(); }
  std::string local_address() const override { return lower_->local_address(); }
  std::string remote_address() const override { return lower_->remote_address(); }

 private:
  Valve& valve_;
  std::unique_ptr<net::Stream> lower_;
};

// A client's TLS over such a stream, after its handshake.
struct Watched {
  Valve valve;
  TlsServer server;
  net::AsioLoop loop;
  Lines trace;
  ToldStream told;

  explicit Watched(TlsServer::Script script, int max_version = 0)
      : server(setup_with(max_version), std::move(script)) {
    ToldStream connected;
    const auto connecting = loop.connect(server.address(), {}, connected.handler());
    REQUIRE(run_until(loop, [&] { return bool{connected}; }));
    auto context = loop.tls_context(trusting());
    const auto handshake =
        loop.start_tls(std::make_unique<ValveStream>(valve, std::move(connected.value())),
                       std::get<std::shared_ptr<const net::TlsContext>>(context), "localhost",
                       trace, told.handler());
    REQUIRE(run_until(loop, [&] { return bool{told}; }));
    REQUIRE_FALSE(told.has_failed());
  }
  net::Stream& stream() { return *told.value(); }

  static ServerSetup setup_with(int max_version) {
    ServerSetup setup;
    setup.max_version = max_version;
    return setup;
  }
};

void ask_for_key_update(TlsPeer& peer, std::string_view bytes) {
  SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
  peer.write(bytes);
}

}  // namespace

TEST_SUITE_BEGIN("TLS records");

TEST_CASE("hello is said before an answer is looked for") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Watched w([](TlsPeer&) {}, version);
    CHECK(w.valve.early_reads == 0);
  }
}

TEST_CASE("those that are written in one go leave in one go") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::atomic<bool> arrived{false};
    Watched w([&](TlsPeer& peer) { arrived = peer.read(50'000) == pattern(50'000); }, version);
    w.valve.writes = 0;
    const std::string all = pattern(50'000);
    CHECK(w.stream().write(all).size == all.size());
    CHECK(w.valve.writes == 1);
    w.server.wait_for_end();
    CHECK(arrived);
  }
}

TEST_CASE("what has not left is not told as written, and leaves when it can") {
  std::atomic<bool> arrived{false};
  Watched w([&](TlsPeer& peer) { arrived = peer.read(300'000) == pattern(300'000); });
  Listening listener;
  w.stream().set_listener(&listener);
  w.valve.is_open = false;
  const std::string all = pattern(300'000);
  CHECK(w.stream().write(all).status == IoStatus::would_block);
  CHECK(w.stream().write(all).status == IoStatus::would_block);
  w.stream().wait_to_write();
  CHECK(listener.writes == 0);
  w.valve.open();
  CHECK(listener.writes == 1);
  w.stream().set_listener(nullptr);
  write_all(w.loop, w.stream(), all, all.size());
  w.server.wait_for_end();
  CHECK(arrived);
}

TEST_CASE("a record that has left is told as written, though the next one is stuck") {
  std::atomic<bool> arrived{false};
  Watched w([&](TlsPeer& peer) { arrived = peer.read(100'000) == pattern(100'000); });
  const std::string all = pattern(100'000);
  w.valve.room = 40'000;  // two records and a part of the third
  const net::IoResult result = w.stream().write(all);
  CHECK(result.status == IoStatus::ok);
  CHECK(result.size == 2 * 16'384);
  const std::string_view rest = std::string_view(all).substr(result.size);
  CHECK(w.stream().write(rest).status == IoStatus::would_block);
  w.valve.is_open = true;
  w.valve.room = all.size() * 2;
  write_all(w.loop, w.stream(), rest, all.size());
  w.server.wait_for_end();
  CHECK(arrived);
}

TEST_CASE("records of which a stream takes a little at a time arrive in order") {
  std::atomic<bool> arrived{false};
  Watched w([&](TlsPeer& peer) { arrived = peer.read(70'000) == pattern(70'000); });
  const std::string all = pattern(70'000);
  for (std::string_view rest = all; !rest.empty();) {
    w.valve.is_open = true;
    w.valve.room = 997;
    rest.remove_prefix(w.stream().write(rest).size);
  }
  w.server.wait_for_end();
  CHECK(arrived);
}

TEST_CASE(
    "while writing is blocked reading goes on, and its answers take their place in the order") {
  std::atomic<bool> arrived{false};
  Watched w([&](TlsPeer& peer) {
    for (int i = 0; i < 5; ++i) ask_for_key_update(peer, pattern(1000));
    arrived = peer.read(200'000) == pattern(200'000);
    peer.write("thanks");
  });
  w.valve.is_open = false;
  const std::string all = pattern(200'000);
  CHECK(w.stream().write(all).status == IoStatus::would_block);
  CHECK(read_all(w.loop, w.stream(), 5000).size() == 5000);
  w.valve.open();
  write_all(w.loop, w.stream(), all, all.size());
  CHECK(read_all(w.loop, w.stream(), 6) == "thanks");
  CHECK(arrived);
}

TEST_CASE("who asks for a renegotiation is told no at once, though nobody writes") {
  Watched w(
      [](TlsPeer& peer) {
        SSL_renegotiate(peer.ssl());
        SSL_do_handshake(peer.ssl());
      },
      TLS1_2_VERSION);
  Listening listener;
  w.stream().set_listener(&listener);
  const std::size_t before = w.valve.written;
  std::string into(100, '\0');
  CHECK(run_until(w.loop, [&] {
    w.stream().read(into);
    w.stream().wait_to_read();
    return w.valve.written > before;
  }));
}

TEST_CASE("when the connection ends, nothing more leaves of what was told as unsent") {
  std::atomic<std::size_t> arrived{0};
  Watched w([&](TlsPeer& peer) { arrived = peer.read(100'000).size(); });
  w.valve.room = 40'000;
  const std::string all = pattern(100'000);
  const std::size_t told = w.stream().write(all).size;
  CHECK(told == 2 * 16'384);
  w.valve.is_open = true;
  w.valve.room = all.size() * 2;
  w.stream().shut_down_sending();
  w.server.wait_for_end();
  CHECK(arrived == told);
}

TEST_SUITE_END();
