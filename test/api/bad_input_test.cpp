// What a program may get wrong: it is told before a byte is sent, on both faces alike.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "api/probe.hpp"
#include "echo_server.hpp"

using api_test::both_faces;
using api_test::Face;
using api_test::Probe;
using api_test::quick;
using api_test::talk;
using support::RawConnection;
using support::RawServer;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;
using websocket::SendResult;
using websocket::Stage;
using websocket::WebSocketApp;
using namespace std::string_literals;

namespace {

void expect_invalid(const api_test::Outcome& outcome, Face face, const char* exception) {
  REQUIRE(outcome.errors.size() == 1);
  const auto& error = outcome.errors[0];
  CHECK(error.code == Condition::invalid_argument);
  CHECK_FALSE(error.message.empty());
  CHECK(error.message.find_first_of("\r\n\0"s) == std::string::npos);
  CHECK(error.attempt == 1);
  CHECK_FALSE(error.will_reconnect);
  CHECK(outcome.info.code == 1006);
  if (face == Face::app) {
    CHECK(outcome.returned);
  } else {
    CHECK(outcome.exception == exception);
  }
}

}  // namespace

TEST_SUITE("bad input: URLs") {
  TEST_CASE("a URL that cannot be used is told as Stage::url, and the constructor does not throw") {
    const std::string urls[] = {"",
                                "ws",
                                "ws:",
                                "ws://",
                                "ws:///path",
                                "ws://:80/",
                                "//127.0.0.1/",
                                "127.0.0.1:80",
                                "http://127.0.0.1/",
                                "ftp://127.0.0.1/",
                                "ws://127.0.0.1:0/",
                                "ws://127.0.0.1:65536/",
                                "ws://127.0.0.1:99999999999999999999/",
                                "ws://127.0.0.1:-1/",
                                "ws://127.0.0.1:8o/",
                                "ws://127.0.0.1/#fragment",
                                "ws://127.0.0.1/\r\nX-Evil: 1",
                                "ws://127.0.0.1\r\n/",
                                "ws://127.0.0.1/a b",
                                "ws://127.0.0.1/a\0b"s,
                                "ws://127.0.0.1\0.example/"s,
                                "ws://[::1/",
                                "ws://[nonsense]/",
                                "ws://" + std::string(100000, 'a') + " /"};
    for (const Face face : both_faces) {
      for (const std::string& url : urls) {
        CAPTURE(url.substr(0, 100));
        CAPTURE(api_test::name_of(face));
        const auto outcome = talk(face, url, quick());
        expect_invalid(outcome, face, "Url");
        CHECK(outcome.errors[0].stage == Stage::url);
        CHECK(outcome.errors[0].message.size() < 500);
      }
    }
  }

  TEST_CASE("a password in the URL shows in no sentence") {
    const api_test::RefusingPort port;
    const std::string address = "127.0.0.1:" + std::to_string(port.port());
    const std::string urls[] = {"ws://joe:s3cret@" + address + "/",
                                "ws://joe:s3cret@" + address + "/#x",
                                "http://joe:s3cret@" + address + "/",
                                "ws://joe:s3cret@" + address + "/a b",
                                "joe:s3cret@" + address,
                                "ws://joe:s3cret@/",
                                "ws://joe:s3cret@host:0/",
                                "ws://joe:s3cret\n@host/"};
    for (const Face face : both_faces) {
      for (const std::string& url : urls) {
        CAPTURE(url);
        const auto outcome = talk(face, url, quick());
        REQUIRE(outcome.errors.size() == 1);
        CAPTURE(outcome.errors[0].message);
        CHECK(outcome.errors[0].message.find("s3cret") == std::string::npos);
      }
    }
  }

  TEST_CASE("a host that has no address is Condition::address at Stage::resolve") {
    for (const Face face : both_faces) {
      const auto outcome = talk(face, "ws://no-such-host.invalid/", quick());
      REQUIRE(outcome.errors.size() == 1);
      CHECK(outcome.errors[0].code == Condition::address);
      CHECK(outcome.errors[0].stage == Stage::resolve);
      CHECK(outcome.errors[0].message.find("no-such-host.invalid") != std::string::npos);
      CHECK(outcome.exception == (face == Face::client ? "Address" : ""));
    }
  }

  TEST_CASE("a port that refuses is Condition::refused at Stage::connect") {
    const api_test::RefusingPort port;
    for (const Face face : both_faces) {
      for (const char* scheme : {"ws", "wss"}) {
        const auto outcome =
            talk(face, scheme + ("://127.0.0.1:" + std::to_string(port.port())), quick());
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Condition::refused);
        CHECK(outcome.errors[0].code == std::errc::connection_refused);
        CHECK(outcome.errors[0].stage == Stage::connect);
        CHECK(outcome.errors[0].message.find(std::to_string(port.port())) != std::string::npos);
        CHECK(outcome.exception == (face == Face::client ? "Address" : ""));
      }
    }
  }
}

TEST_SUITE("bad input: options") {
  TEST_CASE("what must not go on the wire is refused before a byte is sent") {
    struct Row {
      const char* what;
      std::function<void(ConnectOptions&)> set;
    };
    std::vector<Row> rows;
    for (const std::string& bad : {"a\r\nX-Evil: 1"s, "a\rb"s, "a\nb"s, "a\0b"s}) {
      rows.push_back({"header value", [=](auto& o) { o.header = {{"X-A", bad}}; }});
      rows.push_back({"header name", [=](auto& o) { o.header = {{bad, "x"}}; }});
      rows.push_back({"factory value", [=](auto& o) {
                        o.header_factory = [=] { return websocket::Headers{{"X-A", bad}}; };
                      }});
      rows.push_back({"factory name", [=](auto& o) {
                        o.header_factory = [=] { return websocket::Headers{{bad, "x"}}; };
                      }});
      rows.push_back({"cookie", [=](auto& o) { o.cookie = bad; }});
      rows.push_back({"host", [=](auto& o) { o.host = bad; }});
      rows.push_back({"origin", [=](auto& o) { o.origin = bad; }});
      rows.push_back({"user agent", [=](auto& o) { o.user_agent = bad; }});
      rows.push_back({"subprotocol", [=](auto& o) { o.subprotocols = {"ok", bad}; }});
    }
    for (const char* name : {"", "X A", "X:A", "X-\xc3\xa4", "(X)", "X-A "}) {
      rows.push_back({"header name", [=](auto& o) { o.header = {{name, "x"}}; }});
    }
    for (const char* name : {"", "a b", "a,b", "\xc3\xa4", "a/b"}) {
      rows.push_back({"subprotocol", [=](auto& o) { o.subprotocols = {name}; }});
    }
    rows.push_back({"subprotocol twice", [](auto& o) { o.subprotocols = {"a", "a"}; }});
    for (const char* name : {"Sec-WebSocket-Key", "upgrade", "Connection", "Content-Length"}) {
      rows.push_back({"handshake's header", [=](auto& o) { o.header = {{name, "x"}}; }});
    }

    std::atomic<int> bytes{0};
    RawServer server([&](RawConnection& connection) { bytes += !connection.read_some().empty(); });
    for (const Face face : both_faces) {
      for (const Row& row : rows) {
        CAPTURE(row.what);
        CAPTURE(api_test::name_of(face));
        ConnectOptions options = quick();
        row.set(options);
        const auto outcome = talk(face, server.url(), options);
        expect_invalid(outcome, face, "");
        CHECK(outcome.errors[0].stage == Stage::handshake);
      }
    }
    CHECK(server.accepted() == 0);
    CHECK(bytes == 0);
  }

  TEST_CASE("a secret in a refused header shows in no sentence") {
    for (const Face face : both_faces) {
      for (const websocket::Headers& header :
           {websocket::Headers{{"Authorization", "Bearer s3cret\n"}},
            websocket::Headers{{"Authorization: Bearer s3cret", "x"}},
            websocket::Headers{{"Cookie", "s3cret\r\n"}}}) {
        auto options = quick();
        options.header = header;
        const auto outcome = talk(face, "ws://127.0.0.1:9/", options);
        REQUIRE(outcome.errors.size() == 1);
        CAPTURE(outcome.errors[0].message);
        CHECK(outcome.errors[0].message.find("s3cret") == std::string::npos);
      }
    }
  }

  TEST_CASE("sockets that cannot be had are invalid arguments") {
    samples::EchoServer server;
    for (const Face face : both_faces) {
      for (const websocket::SocketOptions& socket :
           {websocket::SocketOptions{.send_buffer_size = -1},
            websocket::SocketOptions{.local_address = "nonsense"},
            websocket::SocketOptions{.local_address = "192.0.2.1"}}) {
        auto options = quick();
        options.socket = socket;
        const auto outcome = talk(face, server.url(), options);
        expect_invalid(outcome, face, "");
      }
    }
  }

  TEST_CASE("TLS files that cannot be read are Condition::tls, before anybody is spoken to") {
    RawServer server([](RawConnection& connection) { connection.wait_for_end(); });
    const std::string url = "wss://127.0.0.1:" + std::to_string(server.port()) + "/";
    for (const Face face : both_faces) {
      for (const websocket::TlsOptions& tls :
           {websocket::TlsOptions{.ca_file = "/no/such/file.pem"},
            websocket::TlsOptions{.ca_pem = "nonsense"},
            websocket::TlsOptions{.cert_file = "/no/such/cert.pem"},
            websocket::TlsOptions{.ciphers = "NO-SUCH-CIPHER"},
            websocket::TlsOptions{.pinned_public_keys = {"nonsense"}}}) {
        auto options = quick();
        options.tls = tls;
        const auto outcome = talk(face, url, options);
        REQUIRE(outcome.errors.size() == 1);
        CHECK(outcome.errors[0].code == Condition::tls);
        CHECK(outcome.errors[0].stage == Stage::tls);
        CHECK(outcome.exception == (face == Face::client ? "Tls" : ""));
      }
    }
    CHECK(server.accepted() == 0);
  }
}

TEST_SUITE("bad input: sending and closing") {
  TEST_CASE("text that is not UTF-8 and pings over 125 bytes are invalid and do no harm") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) {
      CHECK(self.send("\xff") == SendResult::invalid);
      CHECK(self.send_text("cut\xe2\x82") == SendResult::invalid);
      CHECK(self.send("\xed\xa0\x80") == SendResult::invalid);
      CHECK(self.send("\xc0\xaf") == SendResult::invalid);
      CHECK(self.ping(std::string(126, 'x')) == SendResult::invalid);
      CHECK(self.buffered_amount() == 0);
      CHECK(self.ping(std::string(125, 'x')) == SendResult::queued);
      CHECK(self.send_bytes("\xff") == SendResult::queued);
    };
    app.on_message = [&](WebSocketApp& self, const websocket::Message& message) {
      CHECK(message.is_binary());
      CHECK(message.data == "\xff");
      self.close();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.count("pong " + std::string(125, 'x')) == 1);
  }

  TEST_CASE("close with what may not be sent throws and changes nothing") {
    samples::EchoServer server;
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_open = [](WebSocketApp& self) {
      for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
        CAPTURE(code);
        CHECK_THROWS_AS(self.close(static_cast<std::uint16_t>(code)), std::invalid_argument);
      }
      CHECK_THROWS_AS(self.close(1000, std::string(124, 'x')), std::invalid_argument);
      CHECK_THROWS_AS(self.close(1000, "\xff"), std::invalid_argument);
      CHECK(self.state() == websocket::State::open);
      CHECK(self.send("x") == SendResult::queued);
    };
    app.on_message = [](WebSocketApp& self, std::string_view) {
      self.close(4999, std::string(123, 'x'));
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == std::vector<std::string>{"close 4999"});
  }

  TEST_CASE("every code that may be sent is sent") {
    samples::EchoServer server;
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                           3000, 3999, 4000, 4999}) {
      CAPTURE(code);
      auto socket = websocket::create_connection(server.url());
      CHECK(socket.close(static_cast<std::uint16_t>(code)).code == code);
    }
  }

  TEST_CASE("a ping payload over 125 bytes for the keepalive throws and starts nothing") {
    WebSocketApp app("ws://127.0.0.1:9/", quick());
    const websocket::RunOptions options{.ping_payload = std::string(126, 'x')};
    CHECK_THROWS_AS(app.start(options), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(app.run_forever(options)), std::invalid_argument);
    CHECK(app.state() == websocket::State::idle);
  }

  TEST_CASE("wait, wait_for and close on an app that was never started return at once") {
    WebSocketApp app("nonsense", quick());
    app.wait();
    CHECK(app.wait_for(std::chrono::hours(1)));
    app.close();
    CHECK(app.state() == websocket::State::idle);
    CHECK(app.send("x") == SendResult::closed);
  }
}
