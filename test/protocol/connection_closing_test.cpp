// The closing table of connection.hpp, cell by cell, for both roles; and the end of the stream at
// every byte.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "protocol/connected.hpp"

using namespace protocol_test;
using State = protocol::Connection::State;

namespace {

const std::string lost = "closed 1006" + because(Errc::connection_lost);

void for_both_roles(const std::function<void(Role)>& run) {
  for (const Role role : {Role::client, Role::server}) {
    INFO((role == Role::client ? "as a client" : "as a server"));
    run(role);
  }
}

// Sides brought to a state, with nothing left to pull or to send.
struct Open : Side {
  explicit Open(Role own) : Side(own) {}
};
struct Closing : Side {
  explicit Closing(Role own) : Side(own) {
    connection.close(1000, "bye");
    CHECK(joined(sent()) == joined({"close 1000 'bye'"}));
    CHECK(connection.state() == State::closing);
  }
};
struct DrainingByPeer : Side {
  explicit DrainingByPeer(Role own) : Side(own) {
    push(peers_close(1001, "going"));
    CHECK(joined(take_told()) == joined({"closing"}));
    CHECK(joined(sent()) == joined({"close 1001"}));
    CHECK(connection.state() == State::draining);
  }
};
struct DrainingByUs : Closing {
  explicit DrainingByUs(Role own) : Closing(own) {
    push(peers_close(1000, "too"));
    CHECK(told.empty());
    CHECK(connection.state() == State::draining);
  }
};
struct Failed : Side {
  explicit Failed(Role own) : Side(own) {
    push(bad_bytes());
    CHECK(joined(take_told()) == joined({"closing"}));
    CHECK(joined(sent()) == joined({"close 1002"}));
    CHECK(connection.state() == State::draining);
  }
};

// The end, told once, and nothing possible after it.
void check_ended(Side& side, const std::string& end) {
  side.pull();
  CHECK(joined(side.take_told()) == joined({end}));
  CHECK(side.connection.state() == State::closed);
  CHECK_FALSE(side.connection.eof_expected());
  side.push(side.peers_text("late"));
  side.eof();
  side.connection.give_up();
  side.connection.give_up(base::Failure{Errc::ping_timeout, "late"});
  side.connection.close(1000, {});
  CHECK_FALSE(side.connection.send(Opcode::text, "late"));
  side.pull();
  CHECK(side.told.empty());
  CHECK_FALSE(side.connection.has_output());
}

// In that state close() says nothing and changes nothing, and nothing can be sent.
void check_close_does_nothing(Side& side) {
  const State before = side.connection.state();
  side.connection.close(1001, "again");
  CHECK_FALSE(side.connection.send(Opcode::text, "x"));
  CHECK_FALSE(side.connection.send(Opcode::ping, "x"));
  protocol::FrameBatch batch;
  batch.frames.append("whatever");
  CHECK_FALSE(side.connection.send_frames(batch));
  CHECK(batch.frames.view() == "whatever");
  side.pull();
  CHECK(side.told.empty());
  CHECK_FALSE(side.connection.has_output());
  CHECK(side.connection.state() == before);
}

// What comes in that state is discarded.
void check_discards(Side& side) {
  side.push(side.peers_text("x") + side.peers_ping("x") + side.peers_close(1003, "x") +
            side.bad_bytes());
  CHECK(side.told.empty());
  CHECK_FALSE(side.connection.has_output());
  CHECK(side.connection.state() == State::draining);
}

}  // namespace

TEST_SUITE("RFC 6455 7: closing, from open") {
  TEST_CASE("close() sends a Close frame and waits for the peer's") {
    for_both_roles([](Role role) {
      Closing side(role);
      CHECK(side.connection.eof_expected());
      CHECK_FALSE(side.connection.failed());
      Side without_code(role);
      without_code.connection.close(1005, {});
      CHECK(joined(without_code.sent()) == joined({"close"}));
    });
  }

  TEST_CASE("the peer's Close frame is echoed with its code, and its words are kept") {
    for_both_roles([](Role role) {
      DrainingByPeer side(role);
      CHECK(side.connection.eof_expected());
      CHECK_FALSE(side.connection.failed());
      side.eof();
      check_ended(side, "closed 1001 'going' clean by peer");

      Side without_code(role);
      without_code.push(without_code.peers({.opcode = 8}));
      CHECK(joined(without_code.sent()) == joined({"close"}));
      without_code.eof();
      CHECK(joined(without_code.told) == joined({"closing", "closed 1005 clean by peer"}));
    });
  }

  TEST_CASE("what waited goes out before the echo, in order") {
    for_both_roles([](Role role) {
      Side side(role);
      side.connection.send(Opcode::text, "one");
      side.connection.send(Opcode::text, "two");
      side.push(side.peers_close(1000));
      CHECK(joined(side.sent()) == joined({"text 'one'", "text 'two'", "close 1000"}));
    });
  }

  TEST_CASE("the end of the stream is a lost link: 1006, not clean, with an error") {
    for_both_roles([](Role role) {
      Open side(role);
      side.eof();
      check_ended(side, lost);
    });
  }

  TEST_CASE("a stream that broke tells why") {
    for_both_roles([](Role role) {
      Open side(role);
      side.connection.commit_eof(base::Failure{Errc::connection_lost, "reset",
                                               std::make_error_code(std::errc::connection_reset)});
      const auto event = side.connection.next_event();
      REQUIRE(event);
      REQUIRE(std::holds_alternative<protocol::Closed>(*event));
      const auto& closed = std::get<protocol::Closed>(*event);
      REQUIRE(closed.failure);
      CHECK(closed.failure->message == "reset");
      CHECK(closed.failure->cause == std::errc::connection_reset);
    });
  }

  TEST_CASE("giving up is 1006, with what it was given for") {
    for_both_roles([](Role role) {
      Open side(role);
      side.connection.give_up(base::Failure{Errc::ping_timeout, "no pong"});
      check_ended(side, "closed 1006" + because(Errc::ping_timeout));
      Open without(role);
      without.connection.give_up();
      check_ended(without, "closed 1006");
    });
  }
}

TEST_SUITE("RFC 6455 7: closing, after our Close frame") {
  TEST_CASE("close() again does nothing, and sending is over") {
    for_both_roles([](Role role) {
      Closing side(role);
      check_close_does_nothing(side);
    });
  }

  TEST_CASE("messages that come before the peer's Close frame are told; pings are not answered") {
    for_both_roles([](Role role) {
      Closing side(role);
      side.push(side.peers_text("late") + side.peers_ping("p"));
      CHECK(joined(side.take_told()) == joined({"text 'late'", "ping 'p'"}));
      CHECK_FALSE(side.connection.has_output());
      CHECK(side.connection.state() == State::closing);
    });
  }

  TEST_CASE("the peer's Close frame is not echoed; its code and words are the ones told") {
    for_both_roles([](Role role) {
      DrainingByUs side(role);
      CHECK_FALSE(side.connection.has_output());
      CHECK(side.connection.eof_expected());
      side.eof();
      check_ended(side, "closed 1000 'too' clean");
    });
  }

  TEST_CASE("the end of the stream is 1006, not clean, and no error") {
    for_both_roles([](Role role) {
      Closing side(role);
      side.eof();
      check_ended(side, "closed 1006");
      Closing broken(role);
      broken.broken(base::Failure{Errc::connection_lost, "reset"});
      check_ended(broken, "closed 1006");
    });
  }

  TEST_CASE("bad bytes are discarded, with all that follows") {
    for_both_roles([](Role role) {
      Closing side(role);
      side.push(side.bad_bytes() + side.peers_text("after") + side.peers_close(1000));
      CHECK(side.told.empty());
      CHECK_FALSE(side.connection.has_output());
      side.eof();
      check_ended(side, "closed 1006");
    });
  }

  TEST_CASE("a Close frame that is wrong is no clean answer and no error") {
    for_both_roles([](Role role) {
      Closing side(role);
      side.push(side.peers({.opcode = 8, .payload = "x"}));
      CHECK_FALSE(side.connection.has_output());
      side.eof();
      check_ended(side, "closed 1006");
    });
  }

  TEST_CASE("giving up is 1006, not clean, and no error") {
    for_both_roles([](Role role) {
      Closing side(role);
      side.connection.give_up();
      check_ended(side, "closed 1006");
    });
  }

  TEST_CASE("a message half received is no obstacle") {
    for_both_roles([](Role role) {
      Side side(role);
      const std::string half = side.peers({.opcode = 2, .payload = "ha", .announced = 50000});
      side.push(half);
      side.connection.close(1000, {});
      CHECK(joined(side.sent()) == joined({"close 1000"}));
      side.connection.give_up();
      check_ended(side, "closed 1006");
    });
  }
}

TEST_SUITE("RFC 6455 7.1.1: draining until the stream ends") {
  TEST_CASE("close() does nothing, sending is over, what comes is discarded") {
    for_both_roles([](Role role) {
      DrainingByPeer by_peer(role);
      check_close_does_nothing(by_peer);
      check_discards(by_peer);
      DrainingByUs by_us(role);
      check_close_does_nothing(by_us);
      check_discards(by_us);
      Failed failed(role);
      check_close_does_nothing(failed);
      check_discards(failed);
    });
  }

  TEST_CASE("the end of the stream, in order or not, is the end as recorded") {
    for_both_roles([](Role role) {
      const auto ends = [](Side& side, bool in_order, const std::string& end) {
        in_order ? side.eof() : side.broken({Errc::connection_lost, "reset"});
        check_ended(side, end);
      };
      for (const bool in_order : {true, false}) {
        DrainingByPeer by_peer(role);
        ends(by_peer, in_order, "closed 1001 'going' clean by peer");
        DrainingByUs by_us(role);
        ends(by_us, in_order, "closed 1000 'too' clean");
        Failed failed(role);
        ends(failed, in_order, "closed 1006" + because(Errc::reserved_opcode));
      }
    });
  }

  TEST_CASE("giving up is the end as recorded") {
    for_both_roles([](Role role) {
      DrainingByPeer by_peer(role);
      by_peer.connection.give_up();
      check_ended(by_peer, "closed 1001 'going' clean by peer");
      DrainingByUs by_us(role);
      by_us.connection.give_up(base::Failure{Errc::ping_timeout, "no pong"});
      check_ended(by_us, "closed 1000 'too' clean");
      Failed failed(role);
      failed.connection.give_up();
      check_ended(failed, "closed 1006" + because(Errc::reserved_opcode));
    });
  }

  TEST_CASE("no pong follows our Close frame, also when one was waiting") {
    for_both_roles([](Role role) {
      Side side(role);
      side.connection.send(Opcode::text, "stuck");
      side.push(side.peers_ping("p") + side.peers_close(1000));
      const Events sent = side.sent();
      REQUIRE_FALSE(sent.empty());
      CHECK(sent.front() == "text 'stuck'");
      CHECK(sent.back() == "close 1000");
    });
  }

  TEST_CASE("both sides close at the same time") {
    Side client;
    Side server(Role::server);
    client.connection.close(1000, "from the client");
    server.connection.close(1001, "from the server");
    const std::string from_client = client.take_output();
    client.push(server.take_output());
    server.push(from_client);
    CHECK_FALSE(client.connection.has_output());
    CHECK_FALSE(server.connection.has_output());
    client.eof();
    server.eof();
    CHECK(joined(client.told) == joined({"closed 1001 'from the server' clean"}));
    CHECK(joined(server.told) == joined({"closed 1000 'from the client' clean"}));
  }
}

TEST_SUITE("the end of the stream at every byte") {
  TEST_CASE("what came whole is told, then one end") {
    for_both_roles([](Role role) {
      Side maker(role);
      const std::string frames[] = {maker.peers_text("one"), maker.peers_ping("p"),
                                    maker.peers({.opcode = 2, .payload = "a", .fin = false}),
                                    maker.peers({.opcode = 0, .payload = wire::filling(200)}),
                                    maker.peers_close(1000, "bye")};
      const std::string told[] = {"text 'one'", "ping 'p'", "",
                                  "binary " + shown("a" + wire::filling(200)), "closing"};
      std::string session;
      std::vector<std::size_t> ends;
      for (const std::string& frame : frames) {
        session += frame;
        ends.push_back(session.size());
      }
      for (std::size_t size = 0; size <= session.size(); ++size) {
        CAPTURE(size);
        for (const std::size_t piece : {std::size_t{1}, session.size()}) {
          Side side(role);
          const std::string cut = session.substr(0, size);
          for (const std::string_view bytes : wire::cut_every(cut, piece)) side.push(bytes);
          side.eof();
          Events expected;
          for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i] <= size && !told[i].empty()) expected.push_back(told[i]);
          }
          expected.push_back(size == session.size() ? "closed 1000 'bye' clean by peer" : lost);
          CHECK(joined(side.take_told()) == joined(expected));
          CHECK(side.connection.state() == State::closed);
        }
      }
    });
  }
}
