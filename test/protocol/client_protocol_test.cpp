// A client's connection from its first byte to its last: the handshake, and frames right behind it.
#include "protocol/client_protocol.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/connected.hpp"
#include "protocol/handshake_key.hpp"

using namespace protocol_test;
using protocol::ClientProtocol;
using State = ClientProtocol::State;

namespace {

const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
// RFC 6455 1.3 has this value for that key.
const std::string answer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const std::string refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry";
const std::string request = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

struct Client {
  explicit Client(Limits limits = {})
      : protocol({.bytes = request, .key = key, .subprotocols = {}}, limits, true, keys) {}

  protocol::MaskKeys keys = different_keys();
  ClientProtocol protocol;
  Events told;
  std::vector<char> scratch = std::vector<char>(1 << 14);

  void push(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> into = protocol.prepare(scratch);
      const std::size_t size = std::min(into.size(), bytes.size());
      std::copy_n(bytes.begin(), size, into.begin());
      bytes.remove_prefix(size);
      protocol.commit(size);
      pull();
      if (into.data() == scratch.data()) std::fill_n(into.begin(), size, '\x7e');
    }
  }
  void eof() {
    protocol.commit_eof();
    pull();
  }
  void broken(base::Failure failure) {
    protocol.commit_eof(std::move(failure));
    pull();
  }
  void pull() {
    while (auto event = protocol.next_event()) told.push_back(event_word(*event));
    if (protocol.state() != State::closed) CHECK_FALSE(protocol.has_input());
  }
  Events take_told() { return std::exchange(told, {}); }
  std::string take_output() {
    std::string all;
    while (protocol.has_output()) {
      const std::string_view output = protocol.output();
      REQUIRE_FALSE(output.empty());
      all += output.substr(0, 1);
      protocol.consume_output(1);
    }
    return all;
  }
};

}  // namespace

TEST_SUITE("RFC 6455 4: opening") {
  TEST_CASE("the request is what goes out first, in any steps; nothing else before the answer") {
    Client client;
    CHECK(client.protocol.state() == State::connecting);
    CHECK_FALSE(client.protocol.send(Opcode::text, "too early"));
    protocol::FrameBatch batch;
    batch.frames.append("too early");
    CHECK_FALSE(client.protocol.send_frames(batch));
    CHECK(client.take_output() == request);
    CHECK_FALSE(client.protocol.has_output());
    CHECK_FALSE(client.protocol.eof_expected());
    CHECK_FALSE(client.protocol.handshake_done());
  }

  TEST_CASE(
      "the answer and the frames behind it, in one segment, cut at every byte and in every cut") {
    const std::string big = wire::filling(40000);
    const std::string session = answer + wire::text("hello") + wire::ping("p") + wire::binary(big) +
                                wire::close(1000, "bye");
    const Events expected = {"opened",   "text 'hello'",
                             "ping 'p'", "binary " + shown(big),
                             "closing",  "closed 1000 'bye' clean by peer"};
    const auto run = [&](const wire::Cuts& cuts) {
      Client client;
      client.take_output();
      for (const std::string_view cut : cuts) client.push(cut);
      CHECK(joined(wire::describe(client.take_output())) == joined({"pong 'p'", "close 1000"}));
      client.eof();
      CHECK(joined(client.told) == joined(expected));
      CHECK(client.protocol.state() == State::closed);
      CHECK(client.protocol.answer()->response.unpack().status == 101);
    };
    wire::in_every_cut(session, run);
    for (std::size_t cut = 0; cut < answer.size() + 40; ++cut) {
      CAPTURE(cut);
      const std::string_view all = session;
      run({all.substr(0, cut), all.substr(cut)});
    }
  }

  TEST_CASE("opened is told before the frames behind it are looked at") {
    Client client;
    const std::string bytes = answer + wire::bytes({.opcode = 3});
    const auto into = client.protocol.prepare(client.scratch);
    std::copy(bytes.begin(), bytes.end(), into.begin());
    client.protocol.commit(bytes.size());
    const auto first = client.protocol.next_event();
    REQUIRE(first);
    CHECK(event_word(*first) == "opened");
    CHECK(client.protocol.state() == State::open);
    CHECK(client.protocol.has_input());
    const auto second = client.protocol.next_event();
    REQUIRE(second);
    CHECK(event_word(*second) == "closing");
    CHECK(client.protocol.failed());
  }

  TEST_CASE("an answer and the end of the stream in one go are an opening and a lost link") {
    Client client;
    const std::string bytes = answer + wire::text("last words");
    const auto into = client.protocol.prepare(client.scratch);
    std::copy(bytes.begin(), bytes.end(), into.begin());
    client.protocol.commit(bytes.size());
    client.broken(base::Failure{Errc::connection_lost, "reset"});
    CHECK(joined(client.told) ==
          joined({"opened", "text 'last words'", "closed 1006" + because(Errc::connection_lost)}));
  }
}

TEST_SUITE("RFC 6455 4.1: an answer that does not open") {
  TEST_CASE("another status than 101 is told with its body") {
    wire::in_every_cut(refusal, [&](const wire::Cuts& cuts) {
      Client client;
      for (const std::string_view cut : cuts) client.push(cut);
      CHECK(joined(client.told) == joined({"closed 1006" + because(Errc::bad_status)}));
      CHECK(client.protocol.state() == State::closed);
      CHECK(client.protocol.answer()->response.unpack().status == 404);
      CHECK(client.protocol.answer()->response.unpack().body == "sorry");
      CHECK(client.protocol.failed());
      client.eof();
      client.protocol.give_up();
      client.pull();
      CHECK(client.told.size() == 1);
    });
  }

  TEST_CASE("a wrong accept value is refused and what follows is dropped") {
    Client client;
    std::string wrong = answer;
    wrong.replace(wrong.find("s3pPL"), 5, "AAAAA");
    client.push(wrong + wire::text("x"));
    client.push(wire::text("y"));
    CHECK(joined(client.told) == joined({"closed 1006" + because(Errc::invalid_accept)}));
    CHECK_FALSE(client.protocol.send(Opcode::text, "x"));
  }

  TEST_CASE("the end of the stream at every byte of the handshake is one failure") {
    for (std::size_t size = 0; size < answer.size(); ++size) {
      CAPTURE(size);
      Client client;
      client.push(std::string_view(answer).substr(0, size));
      CHECK(client.told.empty());
      client.eof();
      CHECK(joined(client.told) == joined({"closed 1006" + because(Errc::handshake_closed)}));
      client.eof();
      CHECK(client.told.size() == 1);
    }
  }

  TEST_CASE("a stream that broke within the handshake tells why") {
    Client client;
    client.push("HTTP/1.1 1");
    client.protocol.commit_eof(base::Failure{Errc::connection_lost, "reset by peer",
                                             std::make_error_code(std::errc::connection_reset)});
    const auto event = client.protocol.next_event();
    REQUIRE(event);
    REQUIRE(std::holds_alternative<protocol::Closed>(*event));
    const auto& failure = std::get<protocol::Closed>(*event).failure;
    REQUIRE(failure);
    CHECK(failure->code == Errc::handshake_closed);
    CHECK(failure->message.find("reset by peer") != std::string::npos);
    CHECK(failure->cause == std::errc::connection_reset);
  }

  TEST_CASE("an answer's body that does not come can be given up on: what there is is told") {
    Client client;
    client.push(std::string_view(refusal).substr(0, refusal.size() - 2));
    CHECK(client.told.empty());
    CHECK(client.protocol.in_body());
    client.protocol.give_up();
    client.pull();
    CHECK(joined(client.told) == joined({"closed 1006" + because(Errc::bad_status)}));
    CHECK(client.protocol.answer()->response.unpack().body == "sor");
    CHECK_FALSE(client.protocol.in_body());
  }
}

TEST_SUITE("RFC 6455 7: closing before it is open") {
  TEST_CASE("close() while connecting gives up without an error") {
    Client client;
    client.take_output();
    client.protocol.close(1000, "never mind");
    CHECK(client.protocol.state() == State::closed);
    client.pull();
    CHECK(joined(client.told) == joined({"closed 1006"}));
    CHECK_FALSE(client.protocol.has_output());
    client.push(answer + wire::text("x"));
    client.eof();
    client.protocol.close(1000, {});
    client.pull();
    CHECK(client.told.size() == 1);
  }

  TEST_CASE("giving up while connecting tells what it was for") {
    Client client;
    client.protocol.give_up(base::Failure{Errc::connect_timeout, "too slow"});
    client.pull();
    CHECK(joined(client.told) == joined({"closed 1006" + because(Errc::connect_timeout)}));
  }

  TEST_CASE("after opening it closes as a connection does") {
    Client client;
    client.take_output();
    client.push(answer);
    client.protocol.close(1000, "bye");
    CHECK(client.protocol.state() == State::closing);
    CHECK(client.protocol.eof_expected());
    CHECK(joined(wire::describe(client.take_output())) == joined({"close 1000 'bye'"}));
    client.push(wire::close(1000));
    CHECK(client.protocol.state() == State::draining);
    client.eof();
    CHECK(joined(client.told) == joined({"opened", "closed 1000 clean"}));
  }
}
