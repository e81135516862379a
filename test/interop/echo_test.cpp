// Messages to and from foreign servers: RFC 6455 5.4 (fragments), 5.6 (text and binary), 6 (sending
// and receiving).
#include <doctest/doctest.h>

#include <array>
#include <thread>

#include "talk.hpp"

using namespace interop;
using websocket::Message;
using websocket::Opcode;
using websocket::ReceivedMessage;
using websocket::WebSocketApp;

namespace {

// Around each change of the length's form in RFC 6455 5.2, and one that needs many reads.
constexpr std::array<std::size_t, 10> sizes{0,   1,     124,   125,   126,
                                            127, 65535, 65536, 65537, std::size_t{1} << 20U};

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

// Characters of one to four bytes, so that buffers end within them.
std::string letters(std::size_t size) {
  constexpr std::string_view alphabet = "aü€🙂";
  std::string text;
  while (text.size() + alphabet.size() <= size) text += alphabet;
  return text.append(size - text.size(), '.');
}

}  // namespace

TEST_SUITE_BEGIN("6. Sending and receiving data, with foreign servers");

TEST_CASE_TEMPLATE_DEFINE("binary messages of every size come back as they went", On, binary) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const std::string sent = pattern(size);
    talk->send_bytes(sent);
    const std::optional<ReceivedMessage> received = talk->receive();
    REQUIRE(received.has_value());
    CHECK(received->opcode == Opcode::binary);
    CHECK((received->data == sent));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(binary, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("texts of every size and character come back as they went", On, text) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const std::string sent = letters(size);
    talk->send_text(sent);
    const std::optional<ReceivedMessage> received = talk->receive();
    REQUIRE(received.has_value());
    CHECK(received->opcode == Opcode::text);
    CHECK((received->data == sent));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(text, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("ten thousand messages come in the order the server sent them", On,
                          many_received) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/count?n=10000&size=20"));
  for (int number = 0; number < 10'000; ++number) {
    std::string expected = std::to_string(number);
    expected.resize(20, '.');
    REQUIRE(next_text(*talk) == expected);
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(many_received, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("big messages one after the other come whole", On, big_received) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/count?n=20&size=1000000&kind=binary"));
  for (int number = 0; number < 20; ++number) {
    std::string expected = std::to_string(number);
    expected.resize(1'000'000, '.');
    const std::optional<ReceivedMessage> received = talk->receive();
    REQUIRE(received.has_value());
    CHECK(received->is_binary());
    CHECK((received->data == expected));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(big_received, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("messages sent in a row are answered in their order", On, in_a_row) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/echo"));
  for (int number = 0; number < 1000; ++number) talk->send_text(std::to_string(number));
  for (int number = 0; number < 1000; ++number) {
    REQUIRE(next_text(*talk) == std::to_string(number));
  }
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(in_a_row, EveryPair);

TEST_CASE_TEMPLATE_DEFINE("a message in fragments comes as one, also when a character is cut", On,
                          fragments) {
  if (skip_without(On::peer())) return;
  const std::unique_ptr<Talk> talk = On::talk();
  open(*talk, On::peer().url("/fragments"));
  CHECK(next_text(*talk) == "Grüße, Jürgen 🙂");
  const std::optional<ReceivedMessage> binary = talk->receive();
  REQUIRE(binary.has_value());
  CHECK(binary->is_binary());
  CHECK(binary->data == std::string("\x00\x01\xFF", 3));
  CHECK(talk->close(1000, "").info.clean);
}
TEST_CASE_TEMPLATE_APPLY(fragments, EveryPairWithFragments);

TEST_CASE_TEMPLATE_DEFINE("on_cont_message gets the fragments one by one, on_message no part",
                          Server, streamed) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  struct Fragment {
    std::string data;
    bool fin;
  };
  support::Mailbox<Fragment> fragments_seen;
  support::Mailbox<Opcode> opcodes;
  support::Mailbox<std::string> messages;
  WebSocketApp app(peer.url("/fragments"));
  app.on_data = [&](WebSocketApp&, std::string_view, Opcode opcode, bool) { opcodes.push(opcode); };
  app.on_cont_message = [&](WebSocketApp&, std::string_view fragment, bool fin) {
    fragments_seen.push({std::string(fragment), fin});
  };
  app.on_message = [&](WebSocketApp&, const Message& message) {
    messages.push(std::string(message.data));
  };
  app.start();

  const auto next_message = [&] {
    std::string whole;
    for (;;) {
      const std::optional<Fragment> fragment = fragments_seen.pop();
      REQUIRE(fragment.has_value());
      whole += fragment->data;
      if (fragment->fin) return whole;
    }
  };
  CHECK(next_message() == "Grüße, Jürgen 🙂");
  CHECK(next_message() == std::string("\x00\x01\xFF", 3));
  app.close();
  REQUIRE(app.wait_for(support::default_deadline));
  CHECK(messages.empty());
  CHECK(opcodes.pop() == Opcode::text);
  CHECK(opcodes.pop() == Opcode::continuation);
}
TEST_CASE_TEMPLATE_INVOKE(streamed, PythonWebsockets, NodeWs);

TEST_CASE_TEMPLATE_DEFINE("messages of two threads each keep their order", Server, two_threads) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  support::Event open_now;
  support::Mailbox<std::string> echoes;
  WebSocketApp app(peer.url("/echo"));
  app.on_open = [&](WebSocketApp&) { open_now.set(); };
  app.on_message = [&](WebSocketApp&, const Message& message) {
    echoes.push(std::string(message.data));
  };
  app.start();
  REQUIRE(open_now.wait());

  constexpr int count = 1000;
  const auto send_all = [&](const std::string& name) {
    for (int number = 0; number < count; ++number) app.send(name + std::to_string(number));
  };
  std::thread left(send_all, "left ");
  std::thread right(send_all, "right ");
  left.join();
  right.join();
  int next_left = 0;
  int next_right = 0;
  for (int number = 0; number < 2 * count; ++number) {
    const std::optional<std::string> echo = echoes.pop();
    REQUIRE(echo.has_value());
    if (echo->starts_with("left")) {
      REQUIRE(*echo == "left " + std::to_string(next_left++));
    } else {
      REQUIRE(*echo == "right " + std::to_string(next_right++));
    }
  }
  app.close();
  CHECK(app.wait_for(support::default_deadline));
}
TEST_CASE_TEMPLATE_APPLY(two_threads, EveryServer);

TEST_CASE_TEMPLATE_DEFINE("try_recv without a message leaves the connection whole", Server,
                          patience) {
  Peer& peer = shared(Server::kind);
  if (skip_without(peer)) return;
  websocket::WebSocket socket = websocket::create_connection(peer.url("/echo"));
  CHECK_FALSE(socket.try_recv(std::chrono::milliseconds(0)).has_value());
  CHECK_FALSE(socket.try_recv(std::chrono::milliseconds(20)).has_value());
  socket.set_timeout(std::chrono::milliseconds(20));
  CHECK_THROWS_AS(socket.recv(), websocket::WebSocketTimeoutException);
  CHECK(socket.connected());
  socket.send("still there");
  const auto message = socket.try_recv(support::default_deadline);
  REQUIRE(message.has_value());
  CHECK(message->data == "still there");
  CHECK(socket.close().clean);
}
TEST_CASE_TEMPLATE_APPLY(patience, EveryServer);

TEST_SUITE_END();
