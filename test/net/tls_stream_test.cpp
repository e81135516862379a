#include "net/tls_stream.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>

#include "net/tls_error.hpp"
#include "support/event.hpp"
#include "tls_server.hpp"

using namespace net_test;

namespace {

using net::IoStatus;

// A client's stream after its handshake with such a server.
struct Secured {
  TlsServer server;
  TlsClient client;
  Listening listener;

  explicit Secured(TlsServer::Script script, int max_version = 0)
      : server(setup_with(max_version), std::move(script)) {
    client.handshake(server.address(), trusting());
    stream().set_listener(&listener);
  }
  net::Stream& stream() { return *client.told.value(); }
  net::AsioLoop& loop() { return client.loop; }
  bool wait_until_readable() {
    const int before = listener.reads;
    stream().wait_to_read();
    return run_until(loop(), [&] { return listener.reads > before; });
  }

  static ServerSetup setup_with(int max_version) {
    ServerSetup setup;
    setup.max_version = max_version;
    return setup;
  }
};

}  // namespace

TEST_SUITE_BEGIN("TLS stream");

TEST_CASE("reading would block while nothing has come, and tells when something has") {
  support::Event asked;
  Secured s([&](TlsPeer& peer) {
    static_cast<void>(asked.wait());
    peer.write("hello");
    peer.read(1);
  });
  std::array<char, 16> into{};
  const net::IoResult nothing = s.stream().read(into);
  CHECK(nothing.status == IoStatus::would_block);
  CHECK(nothing.drained);
  for (int i = 0; i < 3; ++i) s.stream().wait_to_read();
  asked.set();
  // Session tickets come first; they are readiness below, but nothing to read here.
  net::IoResult result{IoStatus::would_block};
  while (result.status == IoStatus::would_block) {
    REQUIRE(s.wait_until_readable());
    result = s.stream().read(into);
  }
  CHECK(std::string(into.data(), result.size) == "hello");
  CHECK(result.drained);
  s.stream().shut_down_sending();
}

TEST_CASE("what is left inside OpenSSL is told soon, though the socket has nothing more") {
  Secured s([](TlsPeer& peer) {
    peer.write(pattern(1000));
    peer.read(1);
  });
  std::array<char, 7> into{};
  std::string got;
  while (got.size() < 1000) {
    const net::IoResult result = s.stream().read(into);
    if (result.status == IoStatus::ok) {
      got.append(into.data(), result.size);
      if (got.size() < 1000) CHECK_FALSE(result.drained);
    }
    if (got.size() == 1000) break;
    const int before = s.listener.reads;
    s.stream().wait_to_read();
    s.stream().wait_to_read();
    CHECK(s.listener.reads == before);  // later, not from within
    REQUIRE(run_until(s.loop(), [&] { return s.listener.reads > before; }));
    CHECK(s.listener.reads == before + 1);
  }
  CHECK(got == pattern(1000));
  s.stream().shut_down_sending();
}

TEST_CASE("reading again after asking doesn't make the answer get lost") {
  Secured s([](TlsPeer& peer) {
    peer.write(pattern(64));
    peer.read(1);
  });
  std::array<char, 32> half{};
  s.stream().wait_to_read();  // asked of the stream below
  net::IoResult result{IoStatus::would_block};
  while (result.status == IoStatus::would_block) {
    s.loop().run_one_until(s.loop().now());
    result = s.stream().read(half);
  }
  CHECK(result.size == 32);
  const int before = s.listener.reads;
  s.stream().wait_to_read();  // what is left is inside OpenSSL
  CHECK(run_until(s.loop(), [&] { return s.listener.reads > before; }));
  s.stream().shut_down_sending();
}

TEST_CASE("big transfers arrive whole in both directions, in chunks of odd sizes") {
  constexpr std::size_t size = 3'000'001;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t chunk : {std::size_t{1021}, std::size_t{16384}, std::size_t{100'003}}) {
      CAPTURE(version);
      CAPTURE(chunk);
      std::atomic<bool> arrived{false};
      Secured s(
          [&](TlsPeer& peer) {
            arrived = peer.read(size) == pattern(size);
            for (std::size_t at = 0; at < size; at += 9973) {
              peer.write(pattern(size).substr(at, 9973));
              if (at == 0) break;
            }
            peer.write(pattern(size).substr(9973));
            peer.close_notify();
          },
          version);
      write_all(s.loop(), s.stream(), pattern(size), chunk);
      const std::string back = read_all(s.loop(), s.stream(), size + 1, chunk);
      CHECK(arrived);
      CHECK(back.size() == size);
      CHECK((back == pattern(size)));
      std::array<char, 8> into{};
      CHECK(s.stream().read(into).status == IoStatus::end);
    }
  }
}

TEST_CASE(
    "writing would block once the peer reads no more, and goes on with the same bytes moved") {
  support::Event blocked;
  std::atomic<std::size_t> expected{0};
  std::atomic<bool> arrived{false};
  Secured s([&](TlsPeer& peer) {
    static_cast<void>(blocked.wait());
    arrived = peer.read(expected) == pattern(expected);
  });
  const std::string all = pattern(64U << 20U);
  std::size_t sent = 0;
  net::IoResult result{IoStatus::ok};
  while (result.status == IoStatus::ok) {
    result = s.stream().write(std::string_view(all).substr(sent, 200'000));
    sent += result.size;
  }
  REQUIRE(result.status == IoStatus::would_block);
  s.stream().wait_to_write();
  run_ready(s.loop());
  CHECK(s.listener.writes == 0);

  const std::size_t size = sent + 500'000;
  expected = size;
  const std::string moved = all.substr(sent, size - sent);
  blocked.set();
  write_all(s.loop(), s.stream(), moved);
  s.server.wait_for_end();
  CHECK(arrived);
}

TEST_CASE("close_notify is the end; an end without it is a failure") {
  bool in_order = false;
  SUBCASE("with it") { in_order = true; }
  SUBCASE("without it") {}
  Secured s([&](TlsPeer& peer) {
    peer.write("bye");
    if (in_order) peer.close_notify();
  });
  CHECK(read_all(s.loop(), s.stream(), 100) == "bye");
  std::array<char, 8> into{};
  for (int i = 0; i < 2; ++i) {  // and so it stays
    const net::IoResult result = s.stream().read(into);
    CHECK(result.status == (in_order ? IoStatus::end : IoStatus::failed));
    if (!in_order) CHECK(result.error == net::TlsErrc::truncated);
    s.stream().set_listener(&s.listener);
    CHECK(s.wait_until_readable());
  }
}

TEST_CASE("a reset below is told with the system's error") {
  Secured s([](TlsPeer& peer) {
    // Unread data makes the system reset the connection.
    char byte = 0;
    ::recv(SSL_get_fd(peer.ssl()), &byte, 1, MSG_PEEK);
  });
  s.stream().write(std::string_view("unread"));
  s.server.wait_for_end();
  CHECK(read_all(s.loop(), s.stream(), 100).empty());
  std::array<char, 8> into{};
  const net::IoResult result = s.stream().read(into);
  CHECK(result.status == IoStatus::failed);
  CHECK(result.error == std::errc::connection_reset);
}

TEST_CASE("a record that was tampered with is a failure") {
  Secured s([](TlsPeer& peer) {
    const std::string nonsense = std::string("\x17\x03\x03\x00\x40", 5) + pattern(64);
    ::send(SSL_get_fd(peer.ssl()), nonsense.data(), nonsense.size(), MSG_NOSIGNAL);
    peer.read(1);
  });
  CHECK(read_all(s.loop(), s.stream(), 100).empty());
  std::array<char, 8> into{};
  const net::IoResult result = s.stream().read(into);
  CHECK(result.status == IoStatus::failed);
  CHECK(result.error.category() == net::tls_category());
  CHECK(s.stream().write(std::string_view("x")).status == IoStatus::failed);
  s.stream().shut_down_sending();
}

TEST_CASE("shut_down_sending says close_notify, and reading goes on") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::atomic<bool> in_order{false};
    Secured s(
        [&](TlsPeer& peer) {
          const bool got = peer.read(100) == "last";
          in_order = got && (SSL_get_shutdown(peer.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0;
          peer.write("answer");
          peer.close_notify();
        },
        version);
    s.stream().write(std::string_view("last"));
    s.stream().shut_down_sending();
    CHECK(read_all(s.loop(), s.stream(), 100) == "answer");
    CHECK(in_order);
  }
}

TEST_CASE("a key update, which makes reading write, goes unnoticed") {
  Secured s([](TlsPeer& peer) {
    for (int i = 0; i < 20; ++i) {
      SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
      peer.write(pattern(1000));
    }
    peer.write(peer.read(1000) == pattern(1000) ? "same" : "other");
  });
  std::string expected;
  for (int i = 0; i < 20; ++i) expected += pattern(1000);
  CHECK((read_all(s.loop(), s.stream(), expected.size()) == expected));
  write_all(s.loop(), s.stream(), pattern(1000));
  CHECK(read_all(s.loop(), s.stream(), 4) == "same");
}

TEST_CASE("the listener may destroy the stream while it is told") {
  struct Destroying : Listening {
    std::unique_ptr<net::Stream>* stream = nullptr;
    void ready_to_read() override {
      ++reads;
      stream->reset();
    }
    void ready_to_write() override {
      ++writes;
      stream->reset();
    }
  };
  Secured s([](TlsPeer& peer) {
    peer.write(pattern(100));
    peer.read(1);
  });
  Destroying destroying;
  destroying.stream = &s.client.told.value();
  SUBCASE("of what came from below") {}
  SUBCASE("of what is inside") {
    std::array<char, 10> into{};
    while (s.stream().read(into).status != IoStatus::ok) REQUIRE(s.wait_until_readable());
  }
  s.stream().set_listener(&destroying);
  s.stream().wait_to_read();
  s.stream().wait_to_write();
  REQUIRE(run_until(s.loop(), [&] { return destroying.reads + destroying.writes > 0; }));
  run_ready(s.loop());
  CHECK(destroying.reads + destroying.writes == 1);
}

TEST_CASE("a destroyed stream tells nothing") {
  Secured s([](TlsPeer& peer) {
    peer.write(pattern(100));
    peer.read(1);
  });
  std::array<char, 10> into{};
  while (s.stream().read(into).status != IoStatus::ok) REQUIRE(s.wait_until_readable());
  const int before = s.listener.reads;
  s.stream().wait_to_read();  // there is more inside
  s.client.told.value().reset();
  run_ready(s.loop());
  CHECK(s.listener.reads == before);
}

TEST_CASE("TLS inside TLS carries data both ways and ends in order") {
  constexpr std::size_t size = 1'000'003;
  const Identity inner_identity = signed_by(
      test_authority(), {.common_name = "inner", .alternative_names = "DNS:inner.example"});
  ServerSetup inner_setup;
  inner_setup.identity = &inner_identity;
  const auto inner_context = server_context(inner_setup);
  std::atomic<bool> arrived{false};
  Secured s([&](TlsPeer& outer) {
    const auto ssl = tls_inside(*inner_context, *outer.ssl());
    TlsPeer inner(ssl.get());
    if (!inner.handshake()) return;
    arrived = inner.read(size) == pattern(size);
    inner.write(pattern(size));
    inner.close_notify();
    outer.close_notify();
  });
  s.stream().set_listener(nullptr);
  ToldStream told;
  const auto operation = s.loop().start_tls(std::move(s.client.told.value()),
                                            std::get<0>(s.client.context(trusting())),
                                            "inner.example", s.client.trace, told.handler());
  REQUIRE(run_until(s.loop(), [&] { return bool{told}; }));
  REQUIRE_FALSE(told.has_failed());
  net::Stream& stream = *told.value();
  CHECK(stream.remote_address() == s.server.address().text);
  CHECK(stream.local_address().starts_with("127.0.0.1:"));
  write_all(s.loop(), stream, pattern(size), 50'021);
  CHECK((read_all(s.loop(), stream, size + 1, 7001) == pattern(size)));
  CHECK(arrived);
  std::array<char, 8> into{};
  CHECK(stream.read(into).status == IoStatus::end);
  CHECK(s.client.trace.all.size() == 2);
}

TEST_CASE("TLS inside TLS checks the inner certificate too") {
  const auto inner_context = server_context({});
  Secured s([&](TlsPeer& outer) {
    const auto ssl = tls_inside(*inner_context, *outer.ssl());
    TlsPeer(ssl.get()).handshake();
  });
  s.stream().set_listener(nullptr);
  ToldStream told;
  const auto operation = s.loop().start_tls(std::move(s.client.told.value()),
                                            std::get<0>(s.client.context(trusting())),
                                            "inner.example", s.client.trace, told.handler());
  REQUIRE(run_until(s.loop(), [&] { return bool{told}; }));
  REQUIRE(told.has_failed());
  CHECK(told.failure().code == Errc::certificate_wrong_host);
}

TEST_CASE("streams and handshakes may outlive their loop") {
  TlsServer server(ServerSetup{}, [](TlsPeer& peer) { peer.read(1); });
  std::unique_ptr<net::Stream> left;
  Listening listener;
  {
    TlsClient client;
    client.handshake(server.address(), trusting());
    left = std::move(client.told.value());
    left->set_listener(&listener);
    left->wait_to_read();
  }
  left.reset();
  CHECK(listener.reads == 0);
}

TEST_SUITE_END();
