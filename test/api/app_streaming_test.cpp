// WebSocketApp::on_cont_message: messages fragment by fragment, and where it is alone piece by
// piece, of any length in little memory.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/probe.hpp"

using api_test::Probe;
using api_test::quick;
using api_test::Watchdog;
using support::RawConnection;
using support::RawServer;
using websocket::CloseInfo;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Error;
using websocket::Message;
using websocket::Opcode;
using websocket::WebSocketApp;
using Events = std::vector<std::string>;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
// More than Limits allows when nothing is said.
constexpr std::size_t huge = 160 * mebibyte;
// No piece is longer than what one read brings.
constexpr std::size_t longest_piece = mebibyte;

ConnectOptions for_huge_messages() {
  ConnectOptions options = quick();
  options.limits.max_message_size = 2 * huge;
  return options;
}

// Only the header of a binary frame, or of its continuation.
std::string header(bool fin, unsigned opcode, std::uint64_t length) {
  std::string made{static_cast<char>((fin ? 0x80U : 0U) | opcode), 127};
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    made += static_cast<char>(static_cast<unsigned char>(length >> (shift - 8)));
  }
  return made;
}

// The bytes at that place of a huge message: no piece can be lost or told twice unnoticed.
std::string_view stretch(std::size_t at, std::size_t size) {
  constexpr std::size_t period = 251;
  static const std::string all = [] {
    std::string made(longest_piece + period, '\0');
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = static_cast<char>(static_cast<unsigned char>(i % period));
    }
    return made;
  }();
  return std::string_view(all).substr(at % period, size);
}

// What has been told of a huge message, which the server's thread may wait for.
class Received {
 public:
  void attach(WebSocketApp& app) {
    app.on_data = [this](WebSocketApp&, std::string_view data, Opcode opcode, bool) {
      const Opcode expected = size_ == 0 ? Opcode::binary : Opcode::continuation;
      right_ = right_ && opcode == expected;
      told_by_data_ = data.size();
    };
    app.on_cont_message = [this](WebSocketApp&, std::string_view piece, bool fin) {
      right_ = right_ && !ended_ && piece.size() == told_by_data_;
      right_ = right_ && piece == stretch(size_, piece.size());
      size_ += piece.size();
      ended_ = fin;
      came_ = size_;
    };
  }
  /// Whether that many bytes were told in time.
  bool wait_for(std::size_t size) {
    return api_test::comes_true([&] { return came_ >= size; });
  }
  void check() const {
    CHECK(right_);
    CHECK(ended_);
    CHECK(size_ == huge);
  }

 private:
  bool right_ = true;
  bool ended_ = false;
  std::size_t size_ = 0;
  std::size_t told_by_data_ = 0;
  std::atomic<std::size_t> came_{0};
};

// Writes a part of a huge message, and now and then waits until all that was written has been told:
// then nobody holds any of it.
void write_part(RawConnection& connection, Received& received, std::size_t at, std::size_t size) {
  for (std::size_t end = at + size; at < end; at += mebibyte) {
    connection.write(stretch(at, mebibyte));
    const bool is_looked_at = at / mebibyte % 16 == 15;
    if (is_looked_at) CHECK(received.wait_for(at + mebibyte));
  }
}

// A text message in one frame, a fragmented one, and one that comes in two halves.
RawServer::Script three_messages(support::Event& half_was_told) {
  return [&half_was_told](RawConnection& connection) {
    connection.accept_handshake();
    connection.write(support::server_frame(true, 1, "one") + support::server_frame(false, 2, "a") +
                     support::server_frame(true, 9, "p") + support::server_frame(false, 0, "") +
                     support::server_frame(true, 0, "b"));
    const std::string last = support::server_frame(true, 1, "later");
    connection.write(last.substr(0, 4));
    CHECK(half_was_told.wait());
    connection.write(last.substr(4));
    connection.write_close(1000);
    connection.wait_for_end();
  };
}

void write_down_data(WebSocketApp& app, Probe& probe) {
  app.on_data = [&](WebSocketApp&, std::string_view data, Opcode opcode, bool fin) {
    probe.add("data " + std::string(data) + " " + std::to_string(static_cast<int>(opcode)) +
              (fin ? " fin" : ""));
  };
}

}  // namespace

TEST_SUITE("WebSocketApp: messages of any length") {
  TEST_CASE("a huge message in one frame is told as it comes, and not held") {
    const Watchdog watchdog("a huge message in one frame");
    Received received;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write(header(true, 2, huge));
      write_part(connection, received, 0, huge);
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), for_huge_messages());
    received.attach(app);
    CHECK_FALSE(app.run_forever());
    received.check();
    CHECK(server.problems().empty());
  }

  TEST_CASE("a huge message in huge fragments is told as it comes, with the pings between") {
    const Watchdog watchdog("a huge message in fragments");
    constexpr std::size_t part = huge / 5;
    Received received;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      for (std::size_t at = 0; at < huge; at += part) {
        connection.write(support::server_frame(true, 9, "between"));
        connection.write(header(at + part == huge, at == 0 ? 2 : 0, part));
        write_part(connection, received, at, part);
      }
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), for_huge_messages());
    received.attach(app);
    int pings = 0;
    app.on_ping = [&](WebSocketApp&, std::string_view) { ++pings; };
    CHECK_FALSE(app.run_forever());
    received.check();
    CHECK(pings == 5);
    CHECK(server.problems().empty());
  }

  TEST_CASE("behind a dispatcher no more is read while handlers lag, and all of it is told") {
    const Watchdog watchdog("a huge message behind a dispatcher");
    support::Event stalled;
    std::atomic<std::size_t> written{0};
    Received received;
    RawServer server([&](RawConnection& connection) {
      connection.accept_handshake();
      connection.write(header(true, 2, huge));
      std::string rest;
      // TCP pushes back when nobody takes anything.
      support::Mailbox<std::size_t> progress;
      std::thread watcher([&] {
        while (const auto size = progress.pop(support::Milliseconds(300))) written = *size;
        stalled.set();
      });
      for (std::size_t at = 0; at < huge; at += mebibyte) {
        connection.write(stretch(at, mebibyte));
        progress.push(at + mebibyte);
      }
      watcher.join();
      connection.write_close(1000);
      connection.wait_for_end();
    });
    support::Mailbox<std::function<void()>> queue;
    WebSocketApp app(server.url(), for_huge_messages());
    received.attach(app);
    bool ended = false;
    app.on_close = [&](WebSocketApp&, const CloseInfo& info) { ended = info.code == 1000; };
    app.start({.dispatcher = [&](std::function<void()> work) { queue.push(std::move(work)); }});
    REQUIRE(stalled.wait());
    CHECK(written < huge / 2);
    while (!ended) {
      const auto work = queue.pop();
      REQUIRE(work);
      (*work)();
    }
    app.wait();
    received.check();
    CHECK(server.problems().empty());
  }

  TEST_CASE("the limit holds for the whole of a message in pieces") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      connection.write(support::server_frame(false, 2, std::string(600, 'x')) +
                       support::server_frame(true, 0, std::string(600, 'x')));
      connection.wait_for_end();
    });
    ConnectOptions options = quick();
    options.limits.max_message_size = 1000;
    WebSocketApp app(server.url(), options);
    std::size_t came = 0;
    std::vector<Error> errors;
    app.on_cont_message = [&](WebSocketApp&, std::string_view piece, bool) {
      came += piece.size();
    };
    app.on_error = [&](WebSocketApp&, const Error& error) { errors.push_back(error); };
    CHECK(app.run_forever());
    CHECK(came == 600);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].code == Condition::too_big);
  }
}

TEST_SUITE("WebSocketApp: where messages go") {
  TEST_CASE("with on_cont_message alone every message goes there, on_data before each piece") {
    support::Event half_was_told;
    RawServer server(three_messages(half_was_told));
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    app.on_message = nullptr;
    write_down_data(app, probe);
    app.on_cont_message = [&](WebSocketApp&, std::string_view piece, bool fin) {
      probe.add("piece " + std::string(piece) + (fin ? " fin" : ""));
      if (piece == "la") half_was_told.set();
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == Events{"open", "data one 1 fin", "piece one fin", "data a 2", "piece a",
                                   "ping p", "data  0", "piece ", "data b 0 fin", "piece b fin",
                                   "data la 1", "piece la", "data ter 0 fin", "piece ter fin",
                                   "close 1000"});
  }

  TEST_CASE("with both handlers what comes in one frame goes to on_message, and as a whole") {
    support::Event half_was_told;
    half_was_told.set();
    RawServer server(three_messages(half_was_told));
    WebSocketApp app(server.url(), quick());
    Probe probe;
    probe.attach(app);
    write_down_data(app, probe);
    app.on_cont_message = [&](WebSocketApp&, std::string_view piece, bool fin) {
      probe.add("fragment " + std::string(piece) + (fin ? " fin" : ""));
    };
    CHECK_FALSE(app.run_forever());
    CHECK(probe.events() == Events{"open", "data one 1 fin", "message one", "data a 2",
                                   "fragment a", "ping p", "data  0", "fragment ", "data b 0 fin",
                                   "fragment b fin", "data later 1 fin", "message later",
                                   "close 1000"});
  }

  TEST_CASE("a handler that makes way for the other one loses no message behind it") {
    RawServer server([](RawConnection& connection) {
      connection.accept_handshake();
      std::string all;
      for (int i = 0; i < 6; ++i) all += support::server_frame(true, 1, std::to_string(i));
      connection.write(all);
      connection.write_close(1000);
      connection.wait_for_end();
    });
    WebSocketApp app(server.url(), quick());
    Events events;
    std::function<void(WebSocketApp&)> swap_handlers = [&](WebSocketApp& self) {
      if (self.on_message) {
        self.on_message = nullptr;
        self.on_cont_message = [&](WebSocketApp& again, std::string_view piece, bool fin) {
          events.push_back("piece " + std::string(piece) + (fin ? " fin" : ""));
          swap_handlers(again);
        };
      } else {
        self.on_cont_message = nullptr;
        self.on_message = [&](WebSocketApp& again, const Message& message) {
          events.push_back("message " + std::string(message.data));
          swap_handlers(again);
        };
      }
    };
    swap_handlers(app);
    CHECK_FALSE(app.run_forever());
    CHECK(events == Events{"message 0", "piece 1 fin", "message 2", "piece 3 fin", "message 4",
                           "piece 5 fin"});
  }
}
