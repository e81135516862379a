// recv_view: a message as a view, and how long that lasts.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::quick;
using samples::EchoServer;
using support::RawConnection;
using support::RawServer;
using websocket::create_connection;
using websocket::Message;
using websocket::WebSocket;
using namespace std::chrono_literals;

namespace {

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + seed) % 26);
  return text;
}

// Below, at and above what is read at once, and what is read straight into a message's own memory.
constexpr std::array<std::size_t, 8> sizes = {0, 1, 125, 65536, 70000, 1 << 17, 1 << 20, 3 << 20};

}  // namespace

TEST_SUITE("recv_view") {
  TEST_CASE("it gives what recv_message would, text and binary") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    socket.send_text("Grüße");
    Message text = socket.recv_view();
    CHECK(text.is_text());
    CHECK(text.data == "Grüße");
    socket.send_bytes(std::string_view("\0\xff", 2));
    const Message bytes = socket.recv_view();
    CHECK(bytes.is_binary());
    CHECK(bytes.data == std::string_view("\0\xff", 2));
  }

  TEST_CASE("a view may be sent, whatever its length: it comes back as it was") {
    EchoServer server;
    for (const bool compressed : {false, true}) {
      CAPTURE(compressed);
      auto options = quick();
      options.compression.enabled = compressed;
      WebSocket socket = create_connection(server.url(), options);
      for (const std::size_t size : sizes) {
        CAPTURE(size);
        const std::string message = pattern(size, 1);
        socket.send(message);
        for (int i = 0; i < 3; ++i) {
          const Message view = socket.recv_view();
          REQUIRE(view.data == message);
          socket.send(view);
        }
        REQUIRE(socket.recv() == message);
      }
    }
  }

  TEST_CASE("messages of any length by recv, recv_message, try_recv and as views, by turns") {
    EchoServer server;
    for (const bool compressed : {false, true}) {
      CAPTURE(compressed);
      auto options = quick();
      options.compression.enabled = compressed;
      WebSocket socket = create_connection(server.url(), options);
      unsigned turn = 0;
      for (int round = 0; round < 3; ++round) {
        for (const std::size_t size : sizes) {
          CAPTURE(size);
          const std::string message = pattern(size, turn);
          socket.send(message);
          std::string got;
          if (turn % 4 == 0) got = socket.recv();
          if (turn % 4 == 1) got = socket.recv_message().data;
          if (turn % 4 == 2) got = socket.try_recv(10s).value().data;
          if (turn % 4 == 3) got = std::string(socket.recv_view().data);
          REQUIRE((got == message));
          ++turn;
        }
        ++turn;  // another one for each length
      }
    }
  }

  TEST_CASE("views of messages in a row, and recv in between") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string many;
      for (unsigned i = 0; i < 300; ++i) many += support::server_frame(true, 1, pattern(i, i));
      connection.write(many);
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    for (unsigned i = 0; i < 300; ++i) {
      CAPTURE(i);
      if (i % 7 == 3) {
        REQUIRE(socket.recv() == pattern(i, i));
      } else {
        REQUIRE(socket.recv_view().data == pattern(i, i));
      }
    }
    CHECK_THROWS_AS(socket.recv_view(), websocket::WebSocketConnectionClosedException);
  }

  TEST_CASE("a view stays as it is while other connections receive") {
    EchoServer server;
    std::array<WebSocket, 4> sockets;
    std::array<Message, 4> views{};
    for (unsigned k = 0; k < sockets.size(); ++k) {
      sockets.at(k) = create_connection(server.url(), quick());
      sockets.at(k).send(pattern(5000, k));
    }
    for (int round = 0; round < 3; ++round) {
      for (unsigned k = 0; k < sockets.size(); ++k) views.at(k) = sockets.at(k).recv_view();
      for (unsigned k = 0; k < sockets.size(); ++k) {
        REQUIRE(views.at(k).data == pattern(5000, k));
        sockets.at(k).send(views.at(k));
      }
    }
  }

  TEST_CASE("messages that came while a send waited for room are shown as well, and sent again") {
    EchoServer server;
    WebSocket socket = create_connection(server.url(), quick());
    constexpr unsigned count = 12;
    for (unsigned i = 0; i < count; ++i) socket.send(pattern(1 << 20, i));
    for (unsigned i = 0; i < count; ++i) {
      const Message view = socket.recv_view();
      REQUIRE(view.data == pattern(1 << 20, i));
      socket.send(view);
    }
    for (unsigned i = 0; i < count; ++i) REQUIRE(socket.recv_view().data == pattern(1 << 20, i));
  }

  TEST_CASE("fragments come as one view") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_frame(false, 1, "a\xc3");
      connection.write_frame(true, 9, "between");
      connection.write_frame(false, 0, "\xa4");
      connection.write_frame(true, 0, "c");
      connection.write_text("next");
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    CHECK(socket.recv_view().data ==
          "a\xc3\xa4"
          "c");
    CHECK(socket.recv_view().data == "next");
  }

  TEST_CASE("a view may be where to connect to") {
    EchoServer server;
    const std::string elsewhere = server.url() + "a/path/that/no/small/string/holds";
    RawServer guide([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text(elsewhere);
      connection.write_close(1000);
    });
    WebSocket socket = create_connection(guide.url(), quick());
    // What comes while this waits is put aside.
    CHECK_THROWS_AS(socket.send(pattern(32 << 20, 0)),
                    websocket::WebSocketConnectionClosedException);
    const Message where = socket.recv_view();
    REQUIRE(where.data == elsewhere);
    socket.connect(where);
    socket.send("there");
    CHECK(socket.recv_view().data == "there");
  }

  TEST_CASE("messages that came while a send waited are given whole, however they are received") {
    const std::string long_message = pattern(300'000, 5);
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      for (int i = 0; i < 4; ++i) {
        connection.write_text(long_message);
        connection.write_text("short " + std::to_string(i));
      }
      connection.wait_for_end();  // and reads nothing before
    });
    WebSocket socket = create_connection(server.url(), quick());
    socket.send(pattern(32 << 20, 0));
    CHECK((socket.recv() == long_message));
    CHECK(socket.recv() == "short 0");
    CHECK((socket.recv_message().data == long_message));
    CHECK(socket.recv_view().data == "short 1");
    CHECK((socket.recv_view().data == long_message));
    CHECK(socket.recv_message().data == "short 2");
    CHECK((socket.try_recv(10s).value().data == long_message));
    CHECK(socket.try_recv(10s).value().data == "short 3");
  }

  TEST_CASE("what was moved shows its view on") {
    EchoServer server;
    WebSocket first = create_connection(server.url(), quick());
    first.send("moved");
    const Message view = first.recv_view();
    WebSocket second(std::move(first));
    CHECK(view.data == "moved");
    second.send(view);
    CHECK(second.recv_view().data == "moved");
  }

  TEST_CASE("it waits as long as recv, and throws what recv throws") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    WebSocket never;
    CHECK_THROWS_AS(never.recv_view(), websocket::WebSocketConnectionClosedException);
    WebSocket socket = create_connection(server.url(), quick());
    socket.set_timeout(20ms);
    CHECK_THROWS_AS(socket.recv_view(), websocket::WebSocketTimeoutException);
    CHECK(socket.connected());
  }
}
