// permessage-deflate (RFC 7692 6 and 7.2) with foreign servers: both ends inflate what the other one
// compressed.
#include <doctest/doctest.h>

#include <random>
#include <thread>
#include <utility>

#include "deflate_talk.hpp"

using namespace interop;
using namespace std::chrono_literals;
using websocket::CompressionOptions;
using websocket::Message;
using websocket::Opcode;
using websocket::ReceivedMessage;
using websocket::WebSocketApp;

TEST_SUITE_BEGIN("RFC 7692 7.2 permessage-deflate, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("compressed messages of every size come back as they went", On, sizes) {
  if (skip_without_deflate(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{1000},
        std::size_t{65535}, std::size_t{65536}, std::size_t{1} << 20U}) {
    check_echo(*talk, repeated_whole("words, words, Wörter, ", size), Opcode::text);
    check_echo(*talk, noisy_letters(size), Opcode::text);
    check_echo(*talk, std::string(size, '\0'), Opcode::binary);
    check_echo(*talk, noise(size), Opcode::binary);
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(sizes, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("messages without a threshold, of every size up to 300, come back", On,
                          every_small_size) {
  if (skip_without_deflate(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"), with({.threshold = 0}));
  for (std::size_t size = 0; size <= 300; ++size) talk->send_bytes(noise(size));
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::optional<ReceivedMessage> received = talk->receive();
    REQUIRE(received.has_value());
    REQUIRE((received->data == noise(size)));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(every_small_size, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("two hundred messages that are alike come back as they went", On,
                          similar) {
  if (skip_without_deflate(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  const auto message = [](int number) {
    return repeated(R"({"symbol": "ABC", "price": )" + std::to_string(number) + "} ",
                    300 + static_cast<std::size_t>(number) % 7);
  };
  for (int number = 0; number < 200; ++number) talk->send_text(message(number));
  for (int number = 0; number < 200; ++number) REQUIRE(next_text(*talk) == message(number));
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(similar, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a strict parser takes every frame and misses none", On, counted) {
  if (skip_without_deflate(On::peer())) return;
  std::mt19937 random(7692);
  for (const CompressionOptions& compression :
       {CompressionOptions{}, CompressionOptions{.client_no_context_takeover = true},
        CompressionOptions{.client_max_window_bits = 8, .threshold = 0},
        CompressionOptions{.level = 0}, CompressionOptions{.level = 1},
        CompressionOptions{.level = 9}, CompressionOptions{.enabled = false}}) {
    CAPTURE(compression.level);
    CAPTURE(compression.client_max_window_bits);
    const std::unique_ptr<Talk> talk = On::talk();
    open(*talk, On::peer().url("/check"), with(compression));
    for (unsigned number = 0; number < 300; ++number) {
      const std::size_t size = random() % (number % 50 == 0 ? 200'000 : 1000);
      switch (number % 4) {
        case 0:
          talk->send_bytes(with_sum(noise(size, number)));
          break;
        case 1:
          talk->send_text(with_sum(noisy_letters(size, number)));
          break;
        case 2:
          talk->send_text(with_sum(repeated_whole("Zeile für Zeile, ", size)));
          talk->ping("in between");
          break;
        default:
          talk->send_bytes(with_sum(std::string(size, 'x')));
      }
    }
    const Report report = ask_for_report(*talk);
    CHECK(report.messages == 300);
    CHECK(report.wrong == 0);
    CHECK(talk->close(1000, "").info.clean);
  }
}
TEST_CASE_TEMPLATE_APPLY(counted, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a message may refer to those before it, unless that was ruled out", On,
                          takeover) {
  if (skip_without_deflate(On::peer())) return;
  const std::vector<std::string> messages = alike(200, 600);
  const std::size_t whole = size_of(messages);
  const std::string url = On::peer().url("/check?deflate=on");
  CHECK(wire_bytes(*On::talk(), url, {}, messages) < whole / 4);
  CHECK(wire_bytes(*On::talk(), url, {.client_no_context_takeover = true}, messages) > whole);
  CHECK(wire_bytes(*On::talk(), url, {.enabled = false}, messages) > whole);
}
TEST_CASE_TEMPLATE_APPLY(takeover, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a message refers back no further than the window", On, window) {
  if (skip_without_deflate(On::peer())) return;
  const std::vector<std::string> messages = alike(100, 1200);
  const std::size_t whole = size_of(messages);
  const std::string url = On::peer().url("/check?deflate=on");
  for (int bits = 8; bits <= 15; ++bits) {
    CAPTURE(bits);
    const std::size_t wire =
        wire_bytes(*On::talk(), url, {.client_max_window_bits = bits}, messages);
    if (bits <= 10) CHECK(wire > whole);
    if (bits >= 11) CHECK(wire < whole / 4);
  }
}
TEST_CASE_TEMPLATE_APPLY(window, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("messages below the threshold go out as they are", On, threshold) {
  if (skip_without_deflate(On::peer())) return;
  const std::string url = On::peer().url("/check");
  const std::vector<std::string> below(100, with_sum(std::string(255 - 40, 'x')));
  CHECK(wire_bytes(*On::talk(), url, {}, below) > size_of(below));
  CHECK(wire_bytes(*On::talk(), url, {.threshold = 0}, below) < size_of(below) / 4);
  const std::vector<std::string> at(100, with_sum(std::string(256 - 40, 'x')));
  CHECK(wire_bytes(*On::talk(), url, {}, at) < size_of(at) / 4);
  CHECK(wire_bytes(*On::talk(), url, {.threshold = 257}, at) > size_of(at));
}
TEST_CASE_TEMPLATE_APPLY(threshold, EveryPair);

// ---- fragments

// RFC 7692 6.1: "control frames MAY be injected in the middle of a fragmented message".
TEST_CASE_TEMPLATE_DEFINE("compressed fragments come as one message, pings between them answered",
                          On, fragments) {
  if (skip_without_deflate(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/fragmented?n=4&size=100000&step=9000"));
  CHECK(talk->response().headers.get("Sec-WebSocket-Extensions").has_value());
  for (int number = 0; number < 4; ++number) {
    const std::string expected = repeated("message " + std::to_string(number) + ", ", 100'000);
    REQUIRE((next_text(*talk) == expected));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(fragments, EveryPairWithFragments);

TEST_CASE_TEMPLATE_DEFINE("compressed fragments come one by one to who asked for them", Server,
                          streamed) {
  Peer& peer = shared(Server::kind);
  if (skip_without_deflate(peer)) return;
  std::string pieces;
  int frames = 0;
  int pings = 0;
  std::vector<std::string> messages;
  WebSocketApp app(peer.url("/fragmented?n=3&size=50000&step=7000"));
  app.on_ping = [&](WebSocketApp&, std::string_view) { ++pings; };
  app.on_message = [&](WebSocketApp&, const Message&) { FAIL_CHECK("a whole message came"); };
  app.on_cont_message = [&](WebSocketApp& self, std::string_view fragment, bool fin) {
    ++frames;
    pieces += fragment;
    if (!fin) return;
    messages.push_back(std::exchange(pieces, {}));
    if (messages.size() == 3) self.close();
  };
  CHECK_FALSE(app.run_forever());
  REQUIRE(messages.size() == 3);
  for (std::size_t number = 0; number < 3; ++number) {
    CHECK((messages[number] == repeated("message " + std::to_string(number) + ", ", 50'000)));
  }
  CHECK(frames >= 3 * 8);
  CHECK(pings >= 3 * 7);
}
TEST_CASE_TEMPLATE_INVOKE(streamed, PythonWebsockets, NodeWs);

// ---- threads, and connections one after the other

TEST_CASE_TEMPLATE_DEFINE("several threads send compressed messages at once", Server, threads) {
  Peer& peer = shared(Server::kind);
  if (skip_without_deflate(peer)) return;
  for (const CompressionOptions& compression :
       {CompressionOptions{}, CompressionOptions{.client_no_context_takeover = true},
        CompressionOptions{.client_max_window_bits = 9, .threshold = 0}}) {
    support::Event open_now;
    support::Mailbox<std::string> answers;
    WebSocketApp app(peer.url("/check?deflate=on"), with(compression));
    app.on_open = [&](WebSocketApp&) { open_now.set(); };
    app.on_message = [&](WebSocketApp&, const Message& message) {
      answers.push(std::string(message.data));
    };
    app.start();
    REQUIRE(open_now.wait());

    constexpr unsigned count = 300;
    constexpr unsigned senders = 4;
    const auto send_all = [&](unsigned sender) {
      for (unsigned number = 0; number < count; ++number) {
        const std::string start = "thread " + std::to_string(sender) + " says ";
        const std::string message = with_sum(repeated(start + std::to_string(number), number * 5));
        const auto result = number % 2 == 0 ? app.send_text(message) : app.send_bytes(message);
        if (result != websocket::SendResult::queued) return;
        if (number % 10 == 0) app.ping(start);
      }
    };
    std::vector<std::thread> all;
    for (unsigned sender = 0; sender < senders; ++sender) all.emplace_back(send_all, sender);
    for (std::thread& each : all) each.join();
    app.send("report");
    const Report report = read_report(answers.pop().value_or(""));
    CHECK(report.messages == senders * count);
    CHECK(report.wrong == 0);
    app.close();
    CHECK(app.wait_for(support::default_deadline));
  }
}
TEST_CASE_TEMPLATE_APPLY(threads, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("a new connection begins a new context", Server, reconnected) {
  Peer& peer = shared(Server::kind);
  if (skip_without_deflate(peer)) return;
  const std::vector<std::string> messages = alike(20, 600);
  const auto send_all = [&](WebSocketApp& app) {
    for (const std::string& message : messages) app.send_bytes(message);
    app.send("report");
  };
  std::vector<Report> reports;
  WebSocketApp app(peer.url("/check"));
  app.on_open = send_all;
  app.on_reconnect = send_all;
  app.on_message = [&](WebSocketApp& self, const Message& message) {
    reports.push_back(read_report(std::string(message.data)));
    if (reports.size() == 3) {
      self.close();
    } else {
      self.send("abort");
    }
  };
  websocket::RunOptions options;
  options.reconnect.emplace();
  options.reconnect->initial_delay = 10ms;
  app.run_forever(options);
  REQUIRE(reports.size() == 3);
  for (const Report& report : reports) {
    CHECK(report.messages == messages.size());
    CHECK(report.wrong == 0);
    CHECK(report.bytes_on_the_wire < size_of(messages) / 4);
  }
}
TEST_CASE_TEMPLATE_APPLY(reconnected, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("a server that comes back without the extension is sent plain messages",
                          Server, agreed_once) {
  Peer& peer = shared(Server::kind);
  if (skip_without_deflate(peer)) return;
  const std::vector<std::string> messages = alike(20, 600);
  std::vector<std::string> extensions;
  std::vector<Report> reports;
  const auto send_all = [&](WebSocketApp& app) {
    extensions.push_back(app.extensions());
    for (const std::string& message : messages) app.send_bytes(message);
    app.send("report");
  };
  WebSocketApp app(peer.url("/check?deflate=once&id=app"));
  app.on_open = send_all;
  app.on_reconnect = send_all;
  app.on_message = [&](WebSocketApp& self, const Message& message) {
    reports.push_back(read_report(std::string(message.data)));
    if (reports.size() == 2) {
      self.close();
    } else {
      self.send("abort");
    }
  };
  websocket::RunOptions options;
  options.reconnect.emplace();
  options.reconnect->initial_delay = 10ms;
  app.run_forever(options);
  REQUIRE(reports.size() == 2);
  CHECK(extensions[0].starts_with("permessage-deflate"));
  CHECK(extensions[1].empty());
  CHECK(reports[0].bytes_on_the_wire < size_of(messages) / 4);
  CHECK(reports[1].bytes_on_the_wire > size_of(messages));
  for (const Report& report : reports) {
    CHECK(report.messages == messages.size());
    CHECK(report.wrong == 0);
  }
}
TEST_CASE_TEMPLATE_APPLY(agreed_once, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("a socket that connects again begins a new context", Server,
                          connected_again) {
  Peer& peer = shared(Server::kind);
  if (skip_without_deflate(peer)) return;
  websocket::WebSocket socket;
  const std::string message = repeated("said on every connection, ", 2000);
  for (int run = 0; run < 3; ++run) {
    // The last one is made without the extension.
    socket.connect(peer.url(run < 2 ? "/echo" : "/echo?deflate=off"));
    CHECK(socket.extensions().empty() == (run == 2));
    for (int number = 0; number < 5; ++number) {
      socket.send(message);
      REQUIRE((socket.recv() == message));
    }
    CHECK(socket.close().clean);
  }
}
TEST_CASE_TEMPLATE_APPLY(connected_again, EveryServer);

TEST_SUITE_END();
