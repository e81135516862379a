// Messages in pieces as an outbox queues them, uncompressed: RFC 6455 5.4, and app.hpp of
// send_fragment.
#include <doctest/doctest.h>

#include "parts/outbox_ground.hpp"

using namespace parts;

namespace {

SendResult piece(Ground& ground, Opcode opcode, std::string_view data, bool fin) {
  return ground.outbox.push_fragment(opcode, data, fin).result;
}

}  // namespace

TEST_SUITE("Outbox: messages in pieces") {
  TEST_CASE("the first piece has the opcode, the others continue it, the last has FIN") {
    Ground ground;
    for (const std::string_view text : {"a", "b", "c"}) {
      CHECK(ground.piece(text, text == "c") == SendResult::queued);
    }
    CHECK(ground.words() == Words{"text* 'a'", "continuation* 'b'", "continuation 'c'"});
  }

  TEST_CASE("pieces go out as they are given") {
    Ground ground;
    ground.piece("a", false);
    CHECK(ground.words() == Words{"text* 'a'"});
    ground.piece("b", false);
    CHECK(ground.words() == Words{"continuation* 'b'"});
    ground.piece("c", true);
    CHECK(ground.words() == Words{"continuation 'c'"});
  }

  TEST_CASE("the first piece decides between text and binary") {
    Ground ground;
    piece(ground, Opcode::binary, "\xff", false);
    CHECK(piece(ground, Opcode::text, "\xfe", false) == SendResult::queued);
    CHECK(piece(ground, Opcode::binary, "", true) == SendResult::queued);
    CHECK(ground.words() == Words{"binary* '\xff'", "continuation* '\xfe'", "continuation"});
    piece(ground, Opcode::text, "a", false);
    CHECK(piece(ground, Opcode::binary, "\xff", true) == SendResult::invalid);
  }

  TEST_CASE("one piece that is the last as well is an ordinary message") {
    Ground ground;
    CHECK(ground.piece("whole", true) == SendResult::queued);
    CHECK(ground.send("next") == SendResult::queued);
    CHECK(ground.words() == Words{"text 'whole'", "text 'next'"});
  }

  TEST_CASE("pieces may be empty") {
    Ground ground;
    for (const bool fin : {false, false, true}) {
      CHECK(ground.piece("", fin) == SendResult::queued);
    }
    CHECK(ground.piece("", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text*", "continuation*", "continuation", "text"});
  }

  TEST_CASE("what others send waits behind the last piece, in its order; pings do not wait") {
    Ground ground;
    ground.send("before");
    ground.piece("a", false);
    ground.send("one");
    ground.ping("p");
    ground.piece("b", false);
    ground.outbox.push(Opcode::binary, "two");
    CHECK(ground.words() == Words{"text 'before'", "text* 'a'", "ping 'p'", "continuation* 'b'"});
    ground.ping("q");
    ground.piece("c", true);
    ground.send("three");
    CHECK(ground.words() ==
          Words{"ping 'q'", "continuation 'c'", "text 'one'", "binary 'two'", "text 'three'"});
  }

  TEST_CASE("the next message in pieces goes out behind what waited for the one before") {
    Ground ground;
    ground.piece("a", false);
    ground.send("one");
    ground.piece("b", true);
    ground.piece("c", false);
    ground.send("two");
    ground.piece("d", true);
    CHECK(ground.words() == Words{"text* 'a'", "continuation 'b'", "text 'one'", "text* 'c'",
                                  "continuation 'd'", "text 'two'"});
  }

  TEST_CASE("what waits counts as buffered, and is counted once") {
    Ground ground;
    ground.piece("a", false);
    ground.send("one");
    CHECK(ground.outbox.size() == 2 * header + 4);
    ground.leave();
    CHECK(ground.outbox.size() == header + 3);
    ground.piece("b", true);
    CHECK(ground.outbox.size() == 2 * header + 4);
    ground.leave();
    CHECK(ground.outbox.size() == 0);
  }
}

TEST_SUITE("Outbox: refused pieces") {
  TEST_CASE("a first piece that is refused begins nothing") {
    Ground ground(room_for(30));
    CHECK(ground.piece(std::string(25, 'x'), false) == SendResult::buffer_full);
    CHECK(ground.send("other") == SendResult::queued);
    CHECK(ground.words() == Words{"text 'other'"});
    CHECK(ground.piece("again", false) == SendResult::queued);
    CHECK(ground.piece("", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text* 'again'", "continuation"});
  }

  TEST_CASE("a refused first piece decides nothing") {
    Ground ground(room_for(30));
    CHECK(piece(ground, Opcode::binary, std::string(25, 'x'), false) == SendResult::buffer_full);
    CHECK(piece(ground, Opcode::text, "\xff", false) == SendResult::invalid);
    CHECK(piece(ground, Opcode::text, "a", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text 'a'"});
  }

  TEST_CASE("any piece that is refused can be given again when there is room") {
    const Words pieces = {"0123456789abcd", "0123456789abcde", "0123456789abcdef"};
    for (std::size_t refused = 0; refused < pieces.size(); ++refused) {
      INFO("refused: piece ", refused);
      Ground ground(room_for(30));
      Words seen;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool fin = i + 1 == pieces.size();
        if (i == refused) {
          CHECK(ground.ping("123456789") == SendResult::queued);
          CHECK(ground.piece(pieces[i], fin) == SendResult::buffer_full);
          CHECK(ground.piece(pieces[i], fin) == SendResult::buffer_full);
          CHECK(ground.words() == Words{"ping '123456789'"});
        }
        CHECK(ground.piece(pieces[i], fin) == SendResult::queued);
        for (std::string& word : ground.words()) seen.push_back(std::move(word));
      }
      CHECK(seen == Words{"text* '" + pieces[0] + "'", "continuation* '" + pieces[1] + "'",
                          "continuation '" + pieces[2] + "'"});
    }
  }

  TEST_CASE("while a last piece is refused others go on waiting") {
    Ground ground(room_for(30));
    ground.piece("a", false);
    ground.send("other");
    ground.outbox.set_in_flight(20);
    CHECK(ground.piece("0123456789", true) == SendResult::buffer_full);
    CHECK(ground.words() == Words{"text* 'a'"});
    CHECK(ground.piece("0123456789", true) == SendResult::queued);
    CHECK(ground.words() == Words{"continuation '0123456789'", "text 'other'"});
  }

  // Nothing that waits can leave before the last piece: were that refused for want of room, there
  // would never be any.
  TEST_CASE("what waits behind a message cannot keep its last piece from going out") {
    Ground ground(room_for(100));
    ground.piece("a", false);
    CHECK(ground.send(std::string(80, 'x')) == SendResult::queued);
    CHECK(ground.send(std::string(80, 'x')) == SendResult::buffer_full);
    ground.leave();
    CHECK(ground.piece("0123456789", true) == SendResult::queued);
    ground.leave();
    ground.leave();
    CHECK(ground.outbox.size() == 0);
    CHECK(ground.send(std::string(80, 'x')) == SendResult::queued);
  }
}

TEST_SUITE("Outbox: UTF-8 in pieces") {
  TEST_CASE("a character may be cut anywhere") {
    const std::string_view text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    Ground ground;
    for (const char& byte : text) {
      const bool fin = &byte == &text.back();
      CHECK(ground.piece({&byte, 1}, fin) == SendResult::queued);
    }
    std::string received;
    for (const auto& frame : wire::parse(ground.leave())) received += frame.payload;
    CHECK(received == text);
  }

  TEST_CASE("an empty piece may be within a character") {
    Ground ground;
    CHECK(ground.piece("\xe2\x82", false) == SendResult::queued);
    CHECK(ground.piece("", false) == SendResult::queued);
    CHECK(ground.piece("\xac", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text* '\xe2\x82'", "continuation*", "continuation '\xac'"});
  }

  TEST_CASE("a message may not end within a character") {
    Ground ground;
    CHECK(ground.piece("\xe2", true) == SendResult::invalid);
    CHECK(ground.piece("\xe2", false) == SendResult::queued);
    CHECK(ground.piece("", true) == SendResult::invalid);
    CHECK(ground.piece("\x82", true) == SendResult::invalid);
    CHECK(ground.piece("\x82\xac", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text* '\xe2'", "continuation '\x82\xac'"});
  }

  TEST_CASE("a piece that is invalid in its place is not queued, and another may be given") {
    Ground ground;
    CHECK(ground.piece("\xff", false) == SendResult::invalid);
    CHECK(ground.piece("\x82", false) == SendResult::invalid);
    CHECK(ground.piece("\xed", false) == SendResult::queued);
    CHECK(ground.piece("\xa0\x80", false) == SendResult::invalid);  // a surrogate
    CHECK(ground.piece("a", false) == SendResult::invalid);
    CHECK(ground.piece("\x9f\xbf", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text* '\xed'", "continuation '\x9f\xbf'"});
  }

  TEST_CASE("an invalid first piece begins nothing: others do not wait") {
    Ground ground;
    CHECK(ground.piece("\xff", false) == SendResult::invalid);
    CHECK(ground.send("other") == SendResult::queued);
    CHECK(ground.words() == Words{"text 'other'"});
    CHECK(ground.lose() == 0);
    ground.reopen();
    CHECK(ground.piece("first", true) == SendResult::queued);
  }

  TEST_CASE("a piece that was refused for want of room has not moved on within the character") {
    Ground ground(room_for(30));
    CHECK(ground.piece("\xe2\x82", false) == SendResult::queued);
    const std::string rest = "\xac" + std::string(20, 'x') + "\xe2";
    CHECK(ground.piece(rest, false) == SendResult::buffer_full);
    ground.leave();
    CHECK(ground.piece(rest, false) == SendResult::queued);
    ground.leave();
    CHECK(ground.piece("\x82\xac", true) == SendResult::queued);
  }

  TEST_CASE("binary pieces may be anything") {
    Ground ground;
    CHECK(piece(ground, Opcode::binary, "\xff\xc3", false) == SendResult::queued);
    CHECK(piece(ground, Opcode::binary, "\xe2", true) == SendResult::queued);
  }

  TEST_CASE("the next message begins between characters") {
    Ground ground;
    CHECK(piece(ground, Opcode::binary, "\xe2\x82", true) == SendResult::queued);
    CHECK(ground.piece("\xac", false) == SendResult::invalid);
    CHECK(ground.piece("a", true) == SendResult::queued);
  }
}

// app.hpp: "When the connection ends, so does the message: the next piece is `closed`, and the one
// after it begins a new message."
TEST_SUITE("Outbox: the connection ends between pieces") {
  TEST_CASE("the next piece is closed though there is a new connection, and the one after begins") {
    Ground ground;
    ground.piece("a", false);
    const bool was_taken = [&] {
      bool taken = false;
      SUBCASE("the first piece had not left") {}
      SUBCASE("the first piece had left") { taken = !ground.leave().empty(); }
      return taken;
    }();
    CAPTURE(was_taken);
    CHECK(ground.lose() == 0);
    ground.reopen();
    CHECK(ground.piece("b", false) == SendResult::closed);
    CHECK(ground.piece("new", false) == SendResult::queued);
    CHECK(ground.piece("er", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text* 'new'", "continuation 'er'"});
  }

  TEST_CASE("a last piece that comes too late is closed as well") {
    Ground ground;
    ground.piece("a", false);
    ground.lose();
    ground.reopen();
    CHECK(ground.piece("b", true) == SendResult::closed);
    CHECK(ground.piece("new", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text 'new'"});
  }

  TEST_CASE("a piece that was told before the new connection came is told once") {
    Ground ground;
    ground.piece("a", false);
    ground.lose();
    CHECK(ground.piece("b", false) == SendResult::closed);
    CHECK(ground.piece("c", false) == SendResult::closed);
    ground.reopen();
    CHECK(ground.piece("new", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text 'new'"});
  }

  TEST_CASE("a piece that was told after shut is told once") {
    Ground ground;
    ground.piece("a", false);
    ground.outbox.shut();
    CHECK(ground.piece("b", false) == SendResult::closed);
    ground.lose();
    ground.reopen();
    CHECK(ground.piece("new", true) == SendResult::queued);
  }

  TEST_CASE("what others send on the new connection does not wait and is not closed") {
    Ground ground;
    ground.piece("a", false);
    ground.send("lost");
    CHECK(ground.lose() == 1);
    ground.reopen();
    CHECK(ground.send("one") == SendResult::queued);
    CHECK(ground.ping("p") == SendResult::queued);
    CHECK(ground.piece("b", false) == SendResult::closed);
    CHECK(ground.send("two") == SendResult::queued);
    CHECK(ground.words() == Words{"text 'one'", "ping 'p'", "text 'two'"});
  }

  TEST_CASE("it holds across two connections that came and went") {
    Ground ground;
    ground.piece("a", false);
    ground.lose();
    ground.reopen();
    ground.lose();
    ground.reopen();
    CHECK(ground.piece("b", false) == SendResult::closed);
    CHECK(ground.piece("new", true) == SendResult::queued);
  }

  TEST_CASE("where no message was under way the next piece begins one") {
    Ground ground;
    SUBCASE("none ever was") {}
    SUBCASE("the last one was whole") {
      ground.piece("a", false);
      ground.piece("b", true);
    }
    SUBCASE("its first piece was refused") {
      CHECK(ground.piece("\xff", false) == SendResult::invalid);
    }
    ground.lose();
    ground.reopen();
    CHECK(ground.piece("new", true) == SendResult::queued);
    CHECK(ground.words() == Words{"text 'new'"});
  }

  TEST_CASE("the new message is checked from its beginning") {
    Ground ground;
    CHECK(ground.piece("\xe2\x82", false) == SendResult::queued);
    ground.lose();
    ground.reopen();
    CHECK(ground.piece("\xac", false) == SendResult::closed);
    CHECK(ground.piece("\xac", false) == SendResult::invalid);
    CHECK(ground.piece("a", true) == SendResult::queued);
  }
}
