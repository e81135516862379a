// The synchronous face's time limits: whatever runs out, the connection stays whole.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "api/probe.hpp"
#include "echo_server.hpp"
#include "support/certificates.hpp"

using api_test::quick;
using support::RawConnection;
using support::RawServer;
using websocket::Condition;
using websocket::create_connection;
using websocket::WebSocket;
using namespace std::chrono_literals;

namespace {

// Writes the bytes one by one, each when the test says so; then what is expected back.
struct Dripping {
  explicit Dripping(std::string bytes) : bytes_(std::move(bytes)) {}
  support::Mailbox<int> go;
  support::Mailbox<int> written;
  std::string bytes_;
  RawServer server{[this](RawConnection& connection) {
    connection.accept_handshake();
    for (const char byte : bytes_) {
      if (!go.pop()) return;
      connection.write({&byte, 1});
      written.push(1);
    }
    connection.wait_for_end();
  }};
};

}  // namespace

TEST_SUITE("WebSocket: time limits") {
  TEST_CASE("a message that arrives byte by byte, with a timeout after each, is whole in the end") {
    Dripping peer(support::server_frame(false, 1, "ab") + support::server_frame(true, 9, "p") +
                  support::server_frame(true, 0, std::string(130, 'c')));
    WebSocket socket = create_connection(peer.server.url(), quick());
    for (std::size_t i = 0; i + 1 < peer.bytes_.size(); ++i) {
      peer.go.push(1);
      REQUIRE(peer.written.pop());
      REQUIRE_FALSE(socket.try_recv(i % 8 == 0 ? 1ms : 0ms));
      CHECK(socket.connected());
    }
    peer.go.push(1);
    CHECK(socket.recv() == "ab" + std::string(130, 'c'));
  }

  TEST_CASE("recv throws after its time, at least, and goes on afterwards") {
    support::Event go;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write("\x81\x05he");
      if (!go.wait()) return;
      connection.write("llo");
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    socket.set_timeout(30ms);
    for (int i = 0; i < 3; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      try {
        static_cast<void>(socket.recv());
        FAIL_CHECK("it did not throw");
      } catch (const websocket::WebSocketTimeoutException& late) {
        CHECK(late.code() == Condition::timeout);
        CHECK(late.code() == std::errc::timed_out);
        CHECK(late.error().stage == websocket::Stage::open);
        CHECK(std::string(late.what()).find("30 ms") != std::string::npos);
      }
      CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
      CHECK(socket.connected());
    }
    go.set();
    socket.set_timeout(std::nullopt);
    CHECK(socket.recv() == "hello");
  }

  TEST_CASE("try_recv of zero looks at what has arrived") {
    samples::EchoServer server;
    WebSocket socket = create_connection(server.url());
    CHECK_FALSE(socket.try_recv(0ms));
    CHECK_FALSE(socket.try_recv(-5ms));
    socket.send("x");
    CHECK(api_test::comes_true([&] {
      const auto message = socket.try_recv(0ms);
      return message && message->data == "x";
    }));
  }

  TEST_CASE("the longest of times waits") {
    samples::EchoServer server;
    WebSocket socket = create_connection(
        server.url(),
        {.timeout = websocket::Duration::max(), .close_timeout = websocket::Duration::max()});
    socket.send("a");
    CHECK(socket.try_recv(websocket::Duration::max())->data == "a");
    socket.set_timeout(websocket::Duration::max());
    socket.send("b");
    CHECK(socket.recv() == "b");
    CHECK(socket.close().code == 1000);
  }

  TEST_CASE("send throws when the server does not read, and what it was given still goes out") {
    constexpr std::size_t size = 12U << 20U;
    support::Event read_on;
    support::Mailbox<std::string> received;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      if (!read_on.wait()) return;
      for (int i = 0; i < 3; ++i) {
        const auto frame = connection.read_frame();
        const bool is_whole = frame.payload == std::string(frame.payload.size(), 'x');
        received.push(is_whole ? std::to_string(frame.payload.size()) : frame.payload);
      }
      connection.write_text("done");
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    socket.set_timeout(20ms);
    for (int i = 0; i < 2; ++i) {
      try {
        socket.send_bytes(std::string(size, 'x'));
        FAIL_CHECK("it did not throw");
      } catch (const websocket::WebSocketTimeoutException& late) {
        CHECK(late.code() == websocket::Errc::send_timeout);
        CHECK(std::string(late.what()).find("20 ms") != std::string::npos);
      }
      CHECK(socket.connected());
    }
    CHECK_FALSE(socket.try_recv(1ms));
    read_on.set();
    socket.set_timeout(std::nullopt);
    socket.send("last");
    CHECK(socket.recv() == "done");
    CHECK(received.pop() == std::to_string(size));
    CHECK(received.pop() == std::to_string(size));
    CHECK(received.pop() == "last");
  }

  TEST_CASE("a server that always has something to say keeps no call beyond its time") {
    std::string pongs;  // which nobody answers, so that nothing holds the reading up
    while (pongs.size() < (1U << 20U)) pongs += support::server_frame(true, 10, "p");
    std::atomic<bool> has_more = true;
    support::Event has_begun;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write("\x8a\x01p");
      has_begun.set();
      for (const support::Deadline deadline(support::default_deadline); !deadline.over();) {
        connection.write(pongs);  // until the client goes
      }
      has_more = false;
    });
    WebSocket socket = create_connection(server.url(), quick());
    REQUIRE(has_begun.wait());
    CHECK_FALSE(socket.try_recv(0ms));
    CHECK_FALSE(socket.try_recv(20ms));
    socket.set_timeout(20ms);
    CHECK_THROWS_AS(static_cast<void>(socket.recv()), websocket::WebSocketTimeoutException);
    CHECK_THROWS_AS(socket.send_bytes(std::string(12U << 20U, 'x')),
                    websocket::WebSocketTimeoutException);
    CHECK(has_more);
    CHECK(socket.connected());
  }

  TEST_CASE("close while a send is stuck ends within close_timeout") {
    support::Event over;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      static_cast<void>(over.wait());  // it reads nothing
    });
    const api_test::Watchdog watchdog("closing behind a stuck send");
    WebSocket socket = create_connection(server.url(), quick());
    socket.set_timeout(20ms);
    CHECK_THROWS_AS(socket.send_bytes(std::string(12U << 20U, 'x')),
                    websocket::WebSocketTimeoutException);
    const auto info = socket.close();
    CHECK(info.code == 1006);
    CHECK_FALSE(info.clean);
    over.set();
  }

  TEST_CASE("ConnectOptions::timeout is what send and recv start with") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    auto options = quick();
    options.timeout = 1000ms;
    WebSocket socket = create_connection(server.url(), options);
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(static_cast<void>(socket.recv()), websocket::WebSocketTimeoutException);
    CHECK(std::chrono::steady_clock::now() - begin >= 1000ms);
  }

  TEST_CASE("the timeout covers connecting: TCP, TLS and handshake") {
    RawServer silent([](RawConnection& connection) { connection.wait_for_end(); });
    RawServer dripping([](RawConnection& connection) {
      // A byte now and then doesn't prolong it.
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 101 Switching Protocols\r\n");
      connection.wait_for_end();
    });
    api_test::RefusingPort unanswered;
    unanswered.stay_silent();
    const std::string port = std::to_string(silent.port());
    const std::tuple<std::string, websocket::Stage> rows[] = {
        {"ws://127.0.0.1:" + port, websocket::Stage::handshake},
        {"wss://127.0.0.1:" + port, websocket::Stage::tls},
        {dripping.url(), websocket::Stage::handshake},
        {unanswered.url(), websocket::Stage::connect}};
    auto options = quick();
    options.timeout = 300ms;
    options.tls.ca_file = support::certificates().authority();  // read sooner than the system's
    for (const auto face : api_test::both_faces) {
      for (const auto& row : rows) {
        const auto& url = std::get<0>(row);
        CAPTURE(url);
        CAPTURE(api_test::name_of(face));
        const auto begin = std::chrono::steady_clock::now();
        const auto outcome = api_test::talk(face, url, options);
        CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
        REQUIRE(outcome.errors.size() == 1);
        const auto& error = outcome.errors[0];
        CHECK(error.code == websocket::Errc::connect_timeout);
        CHECK(error.code == Condition::timeout);
        CHECK(error.stage == std::get<1>(row));
        CHECK(error.message.find("300 ms") != std::string::npos);
        CHECK(outcome.exception == (face == api_test::Face::client ? "Timeout" : ""));
      }
    }
  }
}
