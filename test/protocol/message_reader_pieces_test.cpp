// Messages that are wanted in pieces, as their bytes arrive. Compressed ones:
// message_reader_pieces_deflate_test.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/piece_ear.hpp"

using namespace protocol_test;
using protocol::MessageReader;
using protocol::Role;

namespace {

constexpr std::uint64_t gigabyte = std::uint64_t{1} << 30U;

const std::string long_payload = wire::filling(70000);

// What those cuts come to, one by one.
Events pieces_of(const wire::Cuts& cuts, const Case& how = {}) {
  PieceEar ear = hear_pieces(cuts, how);
  if (ear.told.failure) FAIL_CHECK(ear.told.failure->message);
  return ear.pieces;
}

}  // namespace

TEST_SUITE("messages in pieces") {
  TEST_CASE("put together they are the messages, whatever their length and the cut") {
    for (const std::size_t size : {0U, 1U, 126U, 16384U, 70000U}) {
      CAPTURE(size);
      const std::string payload = wire::filling(size);
      expect_together(wire::text(payload) + wire::binary(payload),
                      {"text " + shown(payload), "binary " + shown(payload)});
    }
  }

  TEST_CASE("those of fragmented messages too, with control frames between") {
    expect_together(wire::ping("1") + wire::text("a", false) + wire::ping("2") +
                        wire::continuation(long_payload, false) + wire::pong(wire::filling(125)) +
                        wire::continuation("", false) + wire::ping() + wire::continuation("c") +
                        wire::binary("", false) + wire::continuation("") + wire::close(1000, "bye"),
                    {"ping '1'", "ping '2'", "pong " + shown(wire::filling(125)), "ping ''",
                     "text " + shown("a" + long_payload + "c"), "binary ''",
                     "close '\x03\xe8"
                     "bye'"});
  }

  TEST_CASE("a server unmasks what a client sends in pieces") {
    const wire::Key key = {0xff, 0x00, 0x5a, 0xc3};
    expect_together(wire::masked({.opcode = 1, .payload = long_payload, .fin = false}, key) +
                        wire::masked({.opcode = 9, .payload = "ping"}, key) +
                        wire::masked({.opcode = 0, .payload = "cde"}, {1, 2, 3, 4}),
                    {"ping 'ping'", "text " + shown(long_payload + "cde")}, {.role = Role::server});
  }

  TEST_CASE("a frame that is in the read buffer whole is one piece") {
    const std::string bytes = wire::text("whole") + wire::binary("") + wire::text("a", false) +
                              wire::continuation("", false) + wire::continuation("b");
    CHECK(pieces_of({bytes}) ==
          Events{"text 'whole'", "binary ''", "text* 'a'", "continuation* ''", "continuation 'b'"});
  }

  TEST_CASE("any other frame is a piece for each read that brought something of it") {
    const std::string bytes = wire::text("abcdef") + wire::binary("x", false) +
                              wire::continuation("yz") + wire::text("next");
    const std::string_view all = bytes;
    const wire::Cuts cuts = {all.substr(0, 1), all.substr(1, 1), all.substr(2, 1),
                             all.substr(3, 4), all.substr(7, 7), all.substr(14)};
    CHECK(joined(pieces_of(cuts)) ==
          joined({"text* 'a'", "continuation* 'bcde'", "continuation 'f'", "binary* 'x'",
                  "continuation* 'y'", "continuation 'z'", "text 'next'"}));
  }

  TEST_CASE("a gigabyte in one frame is given as it comes, and nothing of it is held") {
    MessageReader reader(Role::client, {.max_message_size = 2 * gigabyte}, true);
    reader.want(Wanted::pieces);
    std::vector<char> scratch(std::size_t{1} << 20U, 'x');
    const auto read = [&](std::size_t size) {
      REQUIRE(reader.prepare(scratch).data() == scratch.data());
      reader.commit(size);
      const auto received = reader.next();
      REQUIRE(received);
      CHECK_FALSE(reader.next());
      return std::get<protocol::FragmentReceived>(*received);
    };
    const std::string header = wire::bytes({.opcode = 1, .announced = gigabyte});
    reader.feed({const_cast<char*>(header.data()), header.size()});
    CHECK_FALSE(reader.next());
    for (std::uint64_t came = 0; came < gigabyte; came += scratch.size()) {
      const auto piece = read(scratch.size());
      REQUIRE(piece.data.data() == scratch.data());
      REQUIRE(piece.data.size() == scratch.size());
      REQUIRE(piece.opcode == (came == 0 ? Opcode::text : Opcode::continuation));
      REQUIRE(piece.fin == (came + scratch.size() == gigabyte));
    }
    CHECK(reader.between_frames());
  }
}

TEST_SUITE("messages in pieces: what is refused") {
  TEST_CASE("text that is not UTF-8, at its first wrong byte, after what was right") {
    expect_broken(wire::text("good") + wire::text("ab\xff"
                                                  "cdef"),
                  6 + 5, Errc::invalid_utf8, "ab", {"text 'good'"});
    expect_broken(wire::text("a\xe2\x82", false) + wire::ping("p") + wire::continuation("\xac\xc0"),
                  5 + 3 + 4, Errc::invalid_utf8, "a\xe2\x82\xac", {"ping 'p'"});
    std::string late = wire::filling(40000);
    late[30000] = '\xff';
    expect_broken(wire::text(late), 4 + 30001, Errc::invalid_utf8, late.substr(0, 30000));
  }

  TEST_CASE("text that ends within a character, at its end") {
    expect_broken(wire::text("a\xe2\x82"), 5, Errc::invalid_utf8, "a\xe2");
    expect_broken(wire::text("\xe2\x82", false) + wire::continuation(""), 6, Errc::invalid_utf8,
                  "\xe2\x82");
  }

  TEST_CASE("a piece may end within a character") {
    const std::string text = "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9";
    expect_together(wire::text(text) + wire::text(text.substr(0, 5), false) +
                        wire::continuation(text.substr(5)),
                    {"text '" + text + "'", "text '" + text + "'"});
  }

  TEST_CASE("a new message within a fragmented one, a continuation without one") {
    expect_broken(wire::text("abc", false) + wire::text("b"), 7, Errc::interrupted_message, "abc");
    expect_broken(wire::text("abc", false) + wire::ping() + wire::binary("b", false), 9,
                  Errc::interrupted_message, "abc", {"ping ''"});
    expect_broken(wire::text("abc") + wire::continuation("d"), 7, Errc::unexpected_continuation, "",
                  {"text 'abc'"});
  }

  TEST_CASE("more than the limit, counted over the whole message, at the header") {
    const Case how{.limits = {.max_message_size = 10}};
    expect_together(wire::text("12345", false) + wire::continuation("67890"), {"text '1234567890'"},
                    how);
    expect_broken(wire::binary(std::string(11, 'x')), 2, Errc::message_too_big, "", {}, how);
    expect_broken(
        wire::text("12345", false) + wire::continuation("67890", false) + wire::continuation("1"),
        14 + 2, Errc::message_too_big, "1234567890", {}, how);
    expect_broken(wire::bytes({.opcode = 2, .announced = std::uint64_t{1} << 62U}), 10,
                  Errc::message_too_big, "");
  }

  TEST_CASE("too many fragments: those count, not their pieces") {
    const Case how{.limits = {.max_fragments = 2}};
    const std::string whole = wire::text("one", false) + wire::continuation("two");
    expect_together(wire::text(wire::filling(100)) + whole,
                    {"text " + shown(wire::filling(100)), "text 'onetwo'"}, how);
    expect_broken(
        wire::text("one", false) + wire::continuation("two", false) + wire::continuation("three"),
        5 + 5 + 2, Errc::too_many_fragments, "onetwo", {}, how);
  }
}

TEST_SUITE("what messages are wanted as") {
  TEST_CASE("it changes with the next message, not within one") {
    Ear ear;
    ear.reader.want(Wanted::pieces);
    const std::string cut = wire::text("abc");
    ear.push(cut.substr(0, 3));
    ear.reader.want(Wanted::messages);
    ear.push(cut.substr(3));
    CHECK(joined(ear.told.events) ==
          joined(Events{"fragment text* 'a'", "fragment continuation 'bc'"}));
    ear.told = {};

    ear.push(cut.substr(0, 3));
    ear.reader.want(Wanted::pieces);
    ear.push(cut.substr(3) + wire::text("d"));
    CHECK(joined(ear.told.events) == joined(Events{"text 'abc'", "fragment text 'd'"}));
    ear.told = {};

    ear.push(wire::text("e", false));
    ear.reader.want(Wanted::fragments);
    const std::string last = wire::continuation("fg");
    ear.push(last.substr(0, 3));
    ear.push(last.substr(3) + wire::text("h"));
    CHECK(joined(ear.told.events) ==
          joined(Events{"fragment text* 'e'", "fragment continuation* 'f'",
                        "fragment continuation 'g'", "text 'h'"}));
  }

  TEST_CASE("a long payload begun whole is read straight to where it is kept until it ends") {
    Ear ear;
    const std::string bytes = wire::binary(wire::filling(300000));
    ear.push(bytes.substr(0, 20));
    ear.reader.want(Wanted::pieces);
    ear.push(bytes.substr(20) + wire::binary("x"));
    CHECK(ear.most_prepared_outside >= 16384);
    CHECK(joined(ear.told.events) ==
          joined(Events{"binary " + shown(wire::filling(300000)), "fragment binary 'x'"}));
  }
}

TEST_SUITE("RFC 6455 5.5: control frames that are cut") {
  TEST_CASE("one cut by a read leaves alone what was kept of the message around it") {
    const std::string ping = wire::ping(wire::filling(125));
    const std::string bytes = wire::text("ab", false) + ping + wire::continuation("cd", false) +
                              ping + ping + wire::continuation("ef");
    for (const Wanted wanted : {Wanted::messages, Wanted::fragments, Wanted::pieces}) {
      Ear ear;
      ear.reader.want(wanted);
      for (const std::string_view cut : wire::cut_every(bytes, 7)) ear.push(cut);
      const auto pings = std::count(ear.told.events.begin(), ear.told.events.end(),
                                    "ping " + shown(wire::filling(125)));
      CHECK(pings == 3);
      if (wanted == Wanted::messages) CHECK(ear.told.events.back() == "text 'abcdef'");
    }
  }
}
