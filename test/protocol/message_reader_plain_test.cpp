// The short way of plain messages, one by one and in a row: what it gives, where it stops, and that
// what it does not take is left for next().
#include <doctest/doctest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/heard.hpp"

using namespace protocol_test;
using protocol::MessageReader;
using protocol::Role;

namespace {

using Words = std::vector<std::string>;

// A reader that was given some bytes, and what it then gives.
struct Given {
  explicit Given(std::string given, Role role = Role::client, Limits limits = {})
      : reader(role, limits, true) {
    feed(std::move(given));
  }

  std::string bytes;
  MessageReader reader;

  void feed(std::string more) {
    bytes = std::move(more);
    const std::span<char> into = reader.prepare(bytes);
    REQUIRE(into.data() == bytes.data());
    reader.commit(bytes.size());
  }
  // In a row, as long as fewer than that were taken.
  Words row(std::size_t most = 100) {
    Words taken;
    reader.take_plain_messages([&](const protocol::MessageReceived& message) {
      taken.push_back(opcode_word(message.opcode) + " " + shown(message.data));
      return taken.size() < most;
    });
    return taken;
  }
  bool has_next() { return reader.next().has_value(); }
};

}  // namespace

TEST_SUITE("MessageReader: the short way") {
  TEST_CASE("messages in a row are given one by one, text and binary, short and longer ones") {
    const std::string longer = wire::filling(300);
    Given given(wire::text("one") + wire::binary("") + wire::text(longer));
    CHECK(given.row() == Words{"text 'one'", "binary ''", "text " + shown(longer)});
    CHECK_FALSE(given.reader.has_input());
    CHECK(given.row().empty());
  }

  TEST_CASE("who has enough is given no more, and the rest stays") {
    Given given(wire::text("one") + wire::text("two") + wire::text("three"));
    CHECK(given.row(1) == Words{"text 'one'"});
    protocol::MessageReceived second{};
    REQUIRE(given.reader.next_plain_message(second));
    CHECK(second.data == "two");
    CHECK(given.row() == Words{"text 'three'"});
  }

  TEST_CASE("a row ends where something else comes, and goes on behind it") {
    for (const std::string& between :
         {wire::ping("p"), wire::text("a", false) + wire::continuation("b"),
          wire::bytes({.opcode = 2, .payload = wire::filling(70000)})}) {
      Given given(wire::text("one") + between + wire::text("two"));
      CHECK(given.row() == Words{"text 'one'"});
      CHECK(given.row().empty());
      CHECK(given.has_next());
      CHECK(given.row() == Words{"text 'two'"});
      CHECK_FALSE(given.has_next());
    }
  }

  TEST_CASE("within a message in fragments no frame is a message") {
    Given given(wire::text("a", false) + wire::ping("p"));
    CHECK(given.has_next());
    CHECK(given.row().empty());
    given.feed(wire::text("b"));
    CHECK(given.row().empty());
    CHECK(given.has_next());  // the violation that it is
    CHECK(given.row().empty());
  }

  TEST_CASE("what has come in part is not given, and what follows it is") {
    const std::string frame = wire::text("whole") + wire::text("cut");
    for (std::size_t size = wire::text("whole").size() + 1; size < frame.size(); ++size) {
      CAPTURE(size);
      Given given(frame.substr(0, size));
      CHECK(given.row() == Words{"text 'whole'"});
      CHECK_FALSE(given.has_next());
      given.feed(frame.substr(size) + wire::text("last"));
      CHECK(given.row().empty());
      CHECK(given.has_next());
      CHECK(given.row() == Words{"text 'last'"});
    }
  }

  TEST_CASE("what breaks the rules is left to next()") {
    Limits limits;
    limits.max_message_size = 10;
    for (const std::string& bytes :
         {wire::text("\xff"), wire::text("eleven bytes"), wire::masked({.payload = "x"}),
          std::string("\x81\x7e\x00\x05hello", 9)}) {
      Given given(bytes, Role::client, limits);
      CHECK(given.row().empty());
      CHECK(given.has_next());
    }
    // From a client an unmasked frame is none.
    Given given(wire::text("x"), Role::server);
    CHECK(given.row().empty());
    CHECK(given.has_next());
  }

  TEST_CASE(
      "where pieces are wanted there are no plain messages, until they are not wanted any more") {
    Given given(wire::text("one"));
    given.reader.want(Wanted::pieces);
    CHECK(given.row().empty());
    given.reader.want(Wanted::fragments);
    CHECK(given.row() == Words{"text 'one'"});
  }

  TEST_CASE("a message that had to be kept is not in the way, and its memory is not forgotten") {
    Given given(wire::text("ke", false) + wire::continuation("pt") + wire::text("next"));
    CHECK(given.has_next());
    CHECK(given.row() == Words{"text 'next'"});
    CHECK_FALSE(given.reader.has_input());
    CHECK(given.reader.may_have_more());  // it has something to forget
    CHECK_FALSE(given.has_next());
    CHECK_FALSE(given.reader.may_have_more());
  }
}
