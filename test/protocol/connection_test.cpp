// A connection while it is open: what is sent, what is answered, what a violation does. How it
// closes: connection_closing_test.cpp.
#include "protocol/connection.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "protocol/connected.hpp"

using namespace protocol_test;
using State = protocol::Connection::State;

namespace {

constexpr Role both_roles[] = {Role::client, Role::server};

std::string role_word(Role role) { return role == Role::client ? "client" : "server"; }

}  // namespace

TEST_SUITE("RFC 6455 5.1: sending") {
  TEST_CASE("a client masks every frame with a key of its own, a server masks none") {
    Side client;
    for (int i = 0; i < 700; ++i) CHECK(client.connection.send(Opcode::text, "the same"));
    client.connection.close(1000, {});
    std::set<wire::Key> keys;
    const auto frames = wire::parse(client.take_output());
    CHECK(frames.size() == 701);
    for (const wire::Frame& frame : frames) {
      REQUIRE(frame.key);
      CHECK(keys.insert(*frame.key).second);
    }
    Side server(Role::server);
    server.connection.send(Opcode::text, "plain");
    CHECK(server.take_output() == wire::text("plain"));
  }

  TEST_CASE("what is sent goes out in order, whatever size the steps have in which it leaves") {
    for (const Role role : both_roles) {
      CAPTURE(role_word(role));
      const std::string big = wire::filling(100000);
      for (const std::size_t step : {1U, 7U, 1000U, 1000000U}) {
        CAPTURE(step);
        Side side(role);
        side.connection.send(Opcode::text, "one");
        side.connection.send(Opcode::binary, big);
        side.connection.send(Opcode::text, "fragm", false);
        side.connection.send(Opcode::ping, "between");
        side.connection.send(Opcode::continuation, "ent");
        std::string all;
        while (side.connection.has_output()) {
          const std::string_view output = side.connection.output();
          const std::size_t size = std::min(step, output.size());
          all += output.substr(0, size);
          side.connection.consume_output(size);
        }
        CHECK(joined(wire::describe(all)) ==
              joined({"text 'one'", "binary '" + big + "'", "text* 'fragm'", "ping 'between'",
                      "continuation 'ent'"}));
      }
    }
  }

  TEST_CASE("frames put together elsewhere go out as they are, behind what waits, and are taken") {
    Side side;
    protocol::FrameBatch batch;
    protocol::append_frame(batch.frames, true, Opcode::text, "first", &side.keys);
    protocol::append_frame(batch.frames, true, Opcode::text, "second", &side.keys);
    CHECK(side.connection.send_frames(batch));
    CHECK(batch.frames.empty());
    protocol::append_frame(batch.frames, true, Opcode::text, "third", &side.keys);
    std::string all(side.connection.output().substr(0, 3));
    side.connection.consume_output(3);
    CHECK(side.connection.send_frames(batch));
    CHECK(batch.frames.empty());
    CHECK(side.connection.send(Opcode::text, "fourth"));
    all += side.take_output();
    CHECK(joined(wire::describe(all)) ==
          joined({"text 'first'", "text 'second'", "text 'third'", "text 'fourth'"}));
  }

  TEST_CASE("much memory is exchanged when all has left, a little never, and content never") {
    Side side;
    const std::string big = wire::filling(100000);
    websocket::base::Buffer other;
    other.prepare(200);
    side.connection.send(Opcode::binary, big);
    side.connection.exchange_memory(other);
    CHECK(other.capacity() == 200);
    CHECK(joined(side.sent()) == joined({"binary '" + big + "'"}));

    side.connection.exchange_memory(other);
    CHECK(other.empty());
    CHECK(other.capacity() > big.size());
    side.connection.exchange_memory(other);
    CHECK(other.capacity() > big.size());
    side.connection.send(Opcode::text, "a little");
    CHECK(joined(side.sent()) == joined({"text 'a little'"}));

    // What is too much to be kept goes its own way.
    side.connection.send(Opcode::binary, wire::filling(websocket::base::Buffer::most + 1));
    side.take_output();
    other.release();
    side.connection.exchange_memory(other);
    CHECK(other.capacity() == 0);
    side.connection.rest_output();
    CHECK_FALSE(side.connection.holds_much());
  }

  TEST_CASE("there is nothing to send before anything happened") {
    for (const Role role : both_roles) {
      Side side(role);
      CHECK_FALSE(side.connection.has_output());
      CHECK(side.connection.output().empty());
      CHECK(side.connection.state() == State::open);
      CHECK_FALSE(side.connection.eof_expected());
      CHECK_FALSE(side.connection.failed());
      side.pull();
      CHECK(side.told.empty());
    }
  }
}

TEST_SUITE("RFC 6455 5.5.2 and 5.5.3: ping and pong") {
  TEST_CASE("a ping is answered at once with its payload, before it is told") {
    for (const Role role : both_roles) {
      CAPTURE(role_word(role));
      for (const std::size_t size : {0U, 1U, 125U}) {
        Side side(role);
        const std::string payload = wire::filling(size);
        const std::string bytes = side.peers_ping(payload);
        const auto into = side.connection.prepare(side.scratch);
        std::copy(bytes.begin(), bytes.end(), into.begin());
        side.connection.commit(bytes.size());
        const auto event = side.connection.next_event();
        REQUIRE(event);
        CHECK(side.connection.has_output());
        CHECK(event_word(*event) == "ping " + shown(payload));
        CHECK(joined(side.sent()) ==
              joined({size == 0 ? std::string("pong") : "pong '" + payload + "'"}));
      }
    }
  }

  TEST_CASE("pings that are answered at once are all answered") {
    Side side;
    for (const char* const payload : {"1", "2", "3"}) {
      side.push(side.peers_ping(payload));
      CHECK(joined(side.sent()) == joined({std::string("pong '") + payload + "'"}));
    }
  }

  TEST_CASE("pings that come together are answered one by one, in their order") {
    Side side;
    std::string pings;
    Events pongs;
    for (int i = 0; i < 10; ++i) {
      pings += side.peers_ping("payload-" + std::to_string(i));
      pongs.push_back("pong 'payload-" + std::to_string(i) + "'");
    }
    side.push(pings);
    CHECK(joined(side.sent()) == joined(pongs));
  }

  TEST_CASE("while a lot waits to be sent only the latest pong is kept, and memory stays flat") {
    for (const Role role : both_roles) {
      CAPTURE(role_word(role));
      Side side(role);
      side.connection.send(Opcode::text, "stuck");
      for (int i = 0; i < 10000; ++i) side.push(side.peers_ping(std::to_string(i)));
      CHECK(side.told.size() == 10000);
      CHECK(side.connection.output().size() < 5000);
      const Events sent = side.sent();
      CHECK(sent.front() == "text 'stuck'");
      CHECK(sent[1] == "pong '0'");
      CHECK(sent.back() == "pong '9999'");

      side.connection.send(Opcode::text, std::string(5000, 'x'));
      for (int i = 0; i < 10; ++i) side.push(side.peers_ping(std::to_string(i)));
      CHECK(side.sent().size() == 2);
    }
  }

  TEST_CASE("a pong that waits goes out ahead of what is sent later") {
    Side side;
    side.connection.send(Opcode::text, "stuck");
    side.push(side.peers_ping("p"));
    side.connection.send(Opcode::text, "later");
    CHECK(joined(side.sent()) == joined({"text 'stuck'", "pong 'p'", "text 'later'"}));

    side.connection.send(Opcode::text, "stuck");
    side.push(side.peers_ping("p"));
    protocol::FrameBatch batch;
    protocol::append_frame(batch.frames, true, Opcode::text, "later", &side.keys);
    side.connection.send_frames(batch);
    CHECK(joined(side.sent()) == joined({"text 'stuck'", "pong 'p'", "text 'later'"}));

    side.connection.send(Opcode::text, "stuck");
    side.push(side.peers_ping("p"));
    side.connection.close(1000, "bye");
    CHECK(joined(side.sent()) == joined({"text 'stuck'", "pong 'p'", "close 1000 'bye'"}));
  }

  TEST_CASE("a pong that waits does not cut a frame that is half on its way") {
    Side side;
    side.connection.send(Opcode::text, "half");
    std::string all(side.connection.output().substr(0, 5));
    side.connection.consume_output(5);
    side.push(side.peers_ping("p"));
    all += side.take_output();
    CHECK(joined(wire::describe(all)) == joined({"text 'half'", "pong 'p'"}));
  }

  TEST_CASE("a pong nobody asked for is told and not answered") {
    Side side;
    side.push(wire::pong("hello"));
    CHECK(joined(side.told) == joined({"pong 'hello'"}));
    CHECK_FALSE(side.connection.has_output());
  }
}

TEST_SUITE("RFC 6455 7.1.7: failing the connection") {
  struct Violation {
    wire::Frame frame;
    Errc code;
    std::string answer;
  };
  const Violation violations[] = {
      {{.opcode = 3}, Errc::reserved_opcode, "close 1002"},
      {{.payload = "x", .reserved = 4}, Errc::reserved_bits, "close 1002"},
      {{.opcode = 9, .payload = "x", .fin = false}, Errc::fragmented_control, "close 1002"},
      {{.opcode = 0, .payload = "x"}, Errc::unexpected_continuation, "close 1002"},
      {{.opcode = 8, .payload = "x"}, Errc::invalid_close_payload, "close 1002"},
      {{.opcode = 8, .payload = wire::close_payload(1005)}, Errc::invalid_close_code, "close 1002"},
      {{.opcode = 8, .payload = wire::close_payload(1000, "\xff")},
       Errc::invalid_utf8,
       "close 1007"},
      {{.payload = "\xff"}, Errc::invalid_utf8, "close 1007"},
      {{.opcode = 2, .payload = std::string(2000, 'x')}, Errc::message_too_big, "close 1009"},
  };

  TEST_CASE("each violation: the right code goes out, the rest is discarded, the end tells why") {
    for (const Role role : both_roles) {
      CAPTURE(role_word(role));
      for (const Violation& violation : violations) {
        CAPTURE(make_error_code(violation.code).message());
        const std::string bad = Side(role).peers(violation.frame);
        const std::string all = Side(role).peers_text("before") + bad +
                                Side(role).peers_text("after") + Side(role).peers_ping("after") +
                                Side(role).peers_close(1000) + bad;
        wire::in_every_cut(all, [&](const wire::Cuts& cuts) {
          Side side(role, {.max_message_size = 1000});
          for (const std::string_view cut : cuts) side.push(cut);
          CHECK(joined(side.take_told()) == joined({"text 'before'", "closing"}));
          CHECK(side.connection.state() == State::draining);
          CHECK(side.connection.eof_expected());
          CHECK(side.connection.failed());
          CHECK(joined(side.sent()) == joined({violation.answer}));
          CHECK_FALSE(side.connection.send(Opcode::text, "no more"));
          side.eof();
          CHECK(joined(side.take_told()) == joined({"closed 1006" + because(violation.code)}));
        });
      }
    }
  }

  TEST_CASE("a masked frame from the server fails the connection with 1002") {
    Side side;
    side.push(wire::masked({.payload = "x"}));
    CHECK(joined(side.sent()) == joined({"close 1002"}));
    side.eof();
    CHECK(joined(side.told) == joined({"closing", "closed 1006" + because(Errc::masked_frame)}));
  }

  TEST_CASE("an unmasked frame from the client fails the connection with 1002") {
    Side side(Role::server);
    side.push(wire::text("x"));
    CHECK(side.take_output() == wire::close(1002));
    side.eof();
    CHECK(joined(side.told) == joined({"closing", "closed 1006" + because(Errc::unmasked_frame)}));
  }

  TEST_CASE("what waited to be sent goes out before the Close frame, a waiting pong does not") {
    Side side;
    const std::string waiting(5000, 'x');
    side.connection.send(Opcode::text, waiting);
    side.push(side.peers_ping("p") + side.bad_bytes());
    CHECK(joined(side.sent()) == joined({"text '" + waiting + "'", "close 1002"}));
  }

  TEST_CASE("what was sent before the program could know goes out before our Close frame") {
    struct Words final : protocol::Connection::LastWords {
      explicit Words(Side& side) : side(side) { side.connection.set_last_words(this); }
      void add_last_words() override {
        ++asked;
        CHECK(side.connection.send(Opcode::text, "last words"));
      }
      Side& side;
      int asked = 0;
    };
    for (const bool violates : {true, false}) {
      Side side;
      Words words(side);
      side.push(side.peers_text("hello"));
      CHECK(words.asked == 0);
      side.push(violates ? side.bad_bytes() : side.peers_close(1001));
      CHECK(joined(side.sent()) ==
            joined({"text 'last words'", violates ? "close 1002" : "close 1001"}));
      side.push(side.peers_close(1000) + side.bad_bytes());
      CHECK(words.asked == 1);
    }
    Side closed;
    Words words(closed);
    closed.connection.close(1000, {});
    closed.push(closed.peers_close(1000));
    CHECK(words.asked == 0);
  }

  TEST_CASE("garbage right after a violation makes no second fault") {
    Side side(Role::client, {.max_message_size = 100});
    side.push(wire::binary(std::string(101, 'x')) + std::string(5000, '\xff'));
    side.push(std::string(70000, '\xff'));
    CHECK(joined(side.take_told()) == joined({"closing"}));
    CHECK(joined(side.sent()) == joined({"close 1009"}));
    side.eof();
    CHECK(joined(side.told) == joined({"closed 1006" + because(Errc::message_too_big)}));
  }
}
