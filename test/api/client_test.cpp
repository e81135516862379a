// The synchronous face: what WebSocket and create_connection do while nothing is late. Time limits:
// client_timeout_test.cpp; which exception for which failure: bad_*_test.cpp.
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
using websocket::Condition;
using websocket::create_connection;
using websocket::WebSocket;
using namespace std::chrono_literals;

TEST_SUITE("WebSocket") {
  TEST_CASE("moved to itself it stays as it is") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    WebSocket& same = socket;
    socket = std::move(same);
    REQUIRE(socket.connected());
    socket.send("still here");
    CHECK(socket.recv() == "still here");
  }

  TEST_CASE("the URL may go when connect() has returned: a later error still names the host") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.read_frame();
      connection.reset();
    });
    WebSocket socket(quick());
    socket.connect(std::string(server.url("/a/path/that/no/small/string/holds")));
    socket.send("now break");
    try {
      socket.recv();
      FAIL("nothing was told");
    } catch (const websocket::WebSocketConnectionClosedException& thrown) {
      CHECK(thrown.error().message.find("127.0.0.1:") != std::string::npos);
    }
  }

  TEST_CASE("both addresses are known while it is connected and when it has been, also in vain") {
    EchoServer server;
    const std::string address = server.url().substr(5, server.url().size() - 6);  // ws:// .../
    WebSocket socket(quick());
    CHECK(socket.remote_address().empty());
    socket.connect(server.url());
    CHECK(socket.remote_address() == address);
    CHECK(socket.local_address().starts_with("127.0.0.1:"));
    CHECK(socket.local_address() != address);
    socket.close();
    CHECK(socket.remote_address() == address);
    RawServer refuses([](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
    CHECK_THROWS_AS(socket.connect(refuses.url()), websocket::WebSocketBadStatusException);
    CHECK(socket.remote_address() == "127.0.0.1:" + std::to_string(refuses.port()));
    CHECK_THROWS(socket.connect("nowhere"));
    CHECK(socket.remote_address().empty());
  }

  TEST_CASE("where to connect to may be said by the former answer") {
    EchoServer server;
    const std::string elsewhere = server.url() + "a/path/that/no/small/string/holds";
    RawServer moved([&](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 302 Found\r\nLocation: " + elsewhere +
                       "\r\nContent-Length: 0\r\n\r\n");
    });
    WebSocket socket(quick());
    CHECK_THROWS_AS(socket.connect(moved.url()), websocket::WebSocketBadStatusException);
    socket.connect(socket.response().headers.get("Location").value());
    socket.send("there");
    CHECK(socket.recv() == "there");
  }

  TEST_CASE("create_connection, send, receive, close") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    CHECK(socket.connected());
    CHECK_FALSE(socket.is_ssl());
    CHECK(socket.response().status == 101);
    CHECK(socket.remote_address().starts_with("127.0.0.1:"));
    CHECK(socket.local_address().starts_with("127.0.0.1:"));
    socket.send("hello");
    CHECK(socket.recv() == "hello");
    const std::array<std::byte, 3> bytes{std::byte{0}, std::byte{255}, std::byte{10}};
    socket.send_bytes(bytes);
    const auto message = socket.recv_message();
    CHECK(message.is_binary());
    CHECK(message.data == std::string("\x00\xff\x0a", 3));
    socket.send_text("");
    const auto empty = socket.recv_message();
    CHECK(empty.is_text());
    CHECK(empty.data.empty());
    const auto info = socket.close();
    CHECK(info.code == 1000);
    CHECK(info.clean);
    CHECK_FALSE(info.by_peer);
    CHECK_FALSE(info.will_reconnect);
    CHECK_FALSE(socket.connected());
  }

  TEST_CASE("a big message comes back whole") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    std::string big(5U << 20U, '\0');
    for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 % 251);
    socket.send_bytes(big);
    CHECK(socket.recv() == big);
  }

  TEST_CASE("a server that sends as much as it is sent blocks nobody") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    const std::string message(1U << 20U, 'x');
    for (int i = 0; i < 20; ++i) socket.send_bytes(message);
    for (int i = 0; i < 20; ++i) REQUIRE(socket.recv() == message);
  }

  TEST_CASE("close again gives the same answer") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.read_frame();
      connection.write_close(4321, "as you like");
    });
    WebSocket socket = create_connection(server.url(), quick());
    for (int i = 0; i < 3; ++i) {
      const auto info = socket.close(1001, "bye");
      CHECK(info.code == 4321);
      CHECK(info.reason == "as you like");
      CHECK(info.clean);
      CHECK_FALSE(info.by_peer);
    }
  }

  TEST_CASE("close of what was never connected, or failed to connect, is 1006") {
    WebSocket socket(quick());
    CHECK(socket.close().code == 1006);
    const api_test::RefusingPort port;
    CHECK_THROWS_AS(socket.connect(port.url()), websocket::WebSocketAddressException);
    CHECK(socket.close().code == 1006);
    CHECK(socket.response().status == 0);
    CHECK_FALSE(socket.connected());
  }

  TEST_CASE("a server that does not answer the Close frame is 1006 after close_timeout") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    const auto info = socket.close();
    CHECK(info.code == 1006);
    CHECK_FALSE(info.clean);
    CHECK(socket.close().code == 1006);
  }

  TEST_CASE("close throws for what may not be sent, and changes nothing") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
      CAPTURE(code);
      CHECK_THROWS_AS(socket.close(static_cast<std::uint16_t>(code)), std::invalid_argument);
    }
    CHECK_THROWS_AS(socket.close(1000, std::string(124, 'x')), std::invalid_argument);
    CHECK_THROWS_AS(socket.close(1000, "\xc3"), std::invalid_argument);
    CHECK(socket.connected());
    socket.send("still there");
    CHECK(socket.recv() == "still there");
    CHECK(socket.close(3000, std::string(123, 'x')).code == 3000);
  }

  TEST_CASE("a server that closes: what came before is given first, then its code and reason") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("one");
      connection.write_text("two");
      connection.write_close(1001, "going away");
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    CHECK(socket.recv() == "one");
    CHECK(socket.recv() == "two");
    for (int i = 0; i < 3; ++i) {
      try {
        if (i < 2) {
          static_cast<void>(socket.recv());
        } else {
          socket.send("x");
        }
        FAIL_CHECK("it did not throw");
      } catch (const websocket::WebSocketConnectionClosedException& closed) {
        CHECK(closed.code() == Condition::closed);
        CHECK(closed.close_info().code == 1001);
        CHECK(closed.close_info().reason == "going away");
        CHECK(closed.close_info().by_peer);
        CHECK(closed.close_info().clean);
        CHECK(std::string(closed.what()).find("1001") != std::string::npos);
      }
    }
    const auto info = socket.close();
    CHECK(info.code == 1001);
    CHECK(info.by_peer);
  }

  TEST_CASE("send after the server's Close frame tells the server's code") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("fence");
      connection.write_close(1001, "going away");
      connection.read_frame();
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    CHECK(socket.recv() == "fence");
    CHECK(api_test::comes_true([&] {
      CHECK_FALSE(socket.try_recv(1ms));
      return !socket.connected();
    }));
    try {
      socket.send("x");
      FAIL_CHECK("it did not throw");
    } catch (const websocket::WebSocketConnectionClosedException& closed) {
      CHECK(closed.close_info().code == 1001);
      CHECK(closed.close_info().reason == "going away");
    }
  }

  TEST_CASE("connect again after close, and after the server was lost") {
    EchoServer server;
    WebSocket socket(quick());
    for (int i = 0; i < 10; ++i) {
      socket.connect(server.url());
      socket.send(std::to_string(i));
      CHECK(socket.recv() == std::to_string(i));
      if (i == 5) CHECK_THROWS_AS(socket.connect(server.url()), std::logic_error);
      CHECK(socket.connected());
      CHECK(socket.close().code == 1000);
    }
    RawServer lost([](RawConnection& connection) { connection.accept_handshake(); });
    socket.connect(lost.url());
    CHECK_THROWS_AS(static_cast<void>(socket.recv()),
                    websocket::WebSocketConnectionClosedException);
    const api_test::RefusingPort port;
    CHECK_THROWS_AS(socket.connect(port.url()), websocket::WebSocketAddressException);
    socket.connect(server.url());
    socket.send("back");
    CHECK(socket.recv() == "back");
  }

  TEST_CASE("messages of a former connection are not given after connecting again") {
    EchoServer server;
    RawServer talkative([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_text("one");
      connection.write_text("old");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocket socket(quick());
    socket.connect(talkative.url());
    CHECK(socket.recv() == "one");
    socket.close();
    socket.connect(server.url());
    socket.send("new");
    CHECK(socket.recv() == "new");
  }

  TEST_CASE("a moved WebSocket goes on, and the one it replaces is closed") {
    support::Mailbox<std::uint16_t> codes;
    RawServer replaced([&](RawConnection& connection) {
      connection.accept_handshake();
      codes.push(connection.read_frame().close_code());
    });
    EchoServer server;
    WebSocket socket = create_connection(replaced.url(), quick());
    WebSocket other = create_connection(server.url());
    other.send("sent before");
    socket = std::move(other);
    CHECK(codes.pop() == 1001);
    CHECK(socket.recv() == "sent before");
    WebSocket third(std::move(socket));
    third.send("and after");
    CHECK(third.recv() == "and after");
    third.close();
  }

  TEST_CASE("going out of scope closes with 1001 and does not wait") {
    support::Mailbox<std::uint16_t> codes;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      codes.push(connection.read_frame().close_code());
      connection.wait_for_end();
    });
    auto options = quick();
    options.close_timeout = 1h;
    const api_test::Watchdog watchdog("leaving the scope");
    { const WebSocket socket = create_connection(server.url(), options); }
    CHECK(codes.pop() == 1001);
  }

  TEST_CASE("pings are answered while recv waits, pongs are not shown") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_frame(true, 9, "are you there");
      const auto pong = connection.read_frame();
      CHECK(pong.opcode == 10);
      CHECK(pong.payload == "are you there");
      connection.write_frame(true, 10, "unasked");
      connection.write_text("done");
      const auto ping = connection.read_frame();
      CHECK(ping.opcode == 9);
      CHECK(ping.payload == "p");
      const auto second = connection.read_frame();
      CHECK(second.opcode == 10);
      CHECK(second.payload == "q");
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    CHECK(socket.recv() == "done");
    socket.ping("p");
    socket.pong("q");
    CHECK_THROWS_AS(static_cast<void>(socket.recv()),
                    websocket::WebSocketConnectionClosedException);
    CHECK(server.problems().empty());
  }

  TEST_CASE("fragments come as one message") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write_frame(false, 1, "a\xc3");
      connection.write_frame(true, 9, "between");
      connection.write_frame(false, 0, "\xa4");
      connection.write_frame(true, 0, "c");
      connection.wait_for_end();
    });
    WebSocket socket = create_connection(server.url(), quick());
    CHECK(socket.recv() ==
          "a\xc3\xa4"
          "c");
  }

  TEST_CASE("what has come and was not asked for yet stays, whatever others receive meanwhile") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      const std::string name = connection.read_frame().payload;
      std::string many;
      for (int i = 0; i < 100; ++i) {
        many += support::server_frame(true, 1, name + " " + std::to_string(i));
      }
      connection.write(many);
      connection.wait_for_end();
    });
    std::array<WebSocket, 3> sockets;
    for (std::size_t k = 0; k < sockets.size(); ++k) {
      sockets[k] = create_connection(server.url(), quick());
      sockets[k].send("socket " + std::to_string(k));
      CHECK(sockets[k].recv() == "socket " + std::to_string(k) + " 0");
    }
    for (int i = 1; i < 100; ++i) {
      for (std::size_t k = 0; k < sockets.size(); ++k) {
        CHECK(sockets[k].recv() == "socket " + std::to_string(k) + " " + std::to_string(i));
      }
    }
  }

  TEST_CASE("what may not be sent throws, and the connection stays") {
    EchoServer server;
    WebSocket socket = create_connection(server.url());
    CHECK_THROWS_AS(socket.send("\xff"), websocket::WebSocketPayloadException);
    CHECK_THROWS_AS(socket.send_text("\xed\xa0\x80"), websocket::WebSocketPayloadException);
    CHECK_THROWS_AS(socket.ping(std::string(126, 'x')), websocket::WebSocketPayloadException);
    CHECK_THROWS_AS(socket.pong(std::string(126, 'x')), websocket::WebSocketPayloadException);
    try {
      socket.ping(std::string(126, 'x'));
    } catch (const websocket::WebSocketException& refused) {
      CHECK(refused.code() == Condition::invalid_argument);
      CHECK(std::string(refused.what()).find("126") != std::string::npos);
    }
    socket.ping(std::string(125, 'x'));
    socket.send_bytes("\xff");
    CHECK(socket.recv() == "\xff");
  }

  TEST_CASE("everything but connect and close throws before connecting") {
    WebSocket socket;
    CHECK_FALSE(socket.connected());
    CHECK_FALSE(socket.is_ssl());
    CHECK(socket.subprotocol().empty());
    CHECK(socket.response().status == 0);
    CHECK(socket.local_address().empty());
    CHECK_THROWS_AS(socket.send("x"), websocket::WebSocketConnectionClosedException);
    CHECK_THROWS_AS(socket.ping(), websocket::WebSocketConnectionClosedException);
    CHECK_THROWS_AS(static_cast<void>(socket.recv()),
                    websocket::WebSocketConnectionClosedException);
    CHECK_THROWS_AS(static_cast<void>(socket.try_recv(0ms)),
                    websocket::WebSocketConnectionClosedException);
    CHECK_THROWS_AS(socket.close(1005), std::invalid_argument);
  }

  TEST_CASE("an exception may be copied and outlives its socket") {
    std::exception_ptr kept;
    try {
      const api_test::RefusingPort port;
      static_cast<void>(create_connection(port.url(), quick()));
    } catch (...) {
      kept = std::current_exception();
    }
    REQUIRE(kept);
    try {
      std::rethrow_exception(kept);
    } catch (const std::system_error& error) {
      CHECK(error.code() == Condition::refused);
      CHECK(error.code() == std::errc::connection_refused);
      CHECK(std::string(error.what()).find("127.0.0.1") != std::string::npos);
    }
  }
}
