// What a side hears: messages, fragments, control frames, long payloads. What it refuses:
// message_reader_rules_test.cpp.
#include "protocol/message_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocol/heard.hpp"

using namespace protocol_test;
using protocol::MessageReader;
using protocol::Role;

namespace {

const std::string long_payload = wire::filling(70000);

}  // namespace

TEST_SUITE("RFC 6455 5.6: data frames") {
  TEST_CASE("a message comes out as it went in, whatever its length") {
    for (const std::size_t size : {0U, 1U, 124U, 125U, 126U, 127U, 128U, 4096U, 16383U, 16384U,
                                   16385U, 65535U, 65536U, 65537U}) {
      CAPTURE(size);
      const std::string payload = wire::filling(size);
      expect(wire::text(payload), {"text " + shown(payload)});
      expect(wire::binary(payload), {"binary " + shown(payload)});
    }
  }

  TEST_CASE("messages glued to one another come out one by one, empty ones too") {
    std::string bytes;
    Events events;
    for (std::size_t size = 0; size < 140; size += 3) {
      const std::string payload = wire::filling(size, static_cast<unsigned>(size) + 1);
      bytes += size % 2 == 0 ? wire::text(payload) : wire::binary(payload);
      events.push_back((size % 2 == 0 ? "text " : "binary ") + shown(payload));
    }
    expect(bytes, events);
  }

  TEST_CASE("a server unmasks what a client sends") {
    const wire::Key key = {0xff, 0x00, 0x5a, 0xc3};
    for (const std::size_t size : {0U, 1U, 3U, 125U, 126U, 5000U, 20000U, 70000U}) {
      CAPTURE(size);
      const std::string payload = wire::filling(size);
      expect(wire::masked({.opcode = 1, .payload = payload}, key), {"text " + shown(payload)},
             {.role = Role::server});
    }
    expect(wire::masked({.opcode = 1, .payload = "ab", .fin = false}) +
               wire::masked({.opcode = 9, .payload = "ping"}, key) +
               wire::masked({.opcode = 0, .payload = "cde"}, {1, 2, 3, 4}),
           {"ping 'ping'", "text 'abcde'"}, {.role = Role::server});
  }

  TEST_CASE("the bytes of binary messages are nobody's business") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    expect(wire::binary(all), {"binary " + shown(all)});
  }
}

TEST_SUITE("RFC 6455 5.4: fragmentation") {
  TEST_CASE("fragments become one message") {
    expect(wire::text("Hel", false) + wire::continuation("lo"), {"text 'Hello'"});
    expect(wire::binary("", false) + wire::continuation("", false) + wire::continuation(""),
           {"binary ''"});
    expect(wire::text("", false) + wire::continuation("a", false) + wire::continuation("", false) +
               wire::continuation("b", false) + wire::continuation("") + wire::text("next"),
           {"text 'ab'", "text 'next'"});
  }

  TEST_CASE("control frames come at once, between the fragments they stand between") {
    expect(wire::ping("1") + wire::text("a", false) + wire::ping("2") + wire::pong("3") +
               wire::continuation("b", false) + wire::ping() + wire::continuation("c") +
               wire::close(1000, "bye"),
           {"ping '1'", "ping '2'", "pong '3'", "ping ''", "text 'abc'",
            "close '\x03\xe8"
            "bye'"});
  }

  TEST_CASE("long fragments and short ones become one message") {
    const std::string whole = "<" + long_payload + "|" + long_payload + ">";
    expect(wire::binary("<", false) + wire::continuation(long_payload, false) + wire::ping("p") +
               wire::continuation("|", false) + wire::continuation(long_payload, false) +
               wire::continuation(">"),
           {"ping 'p'", "binary " + shown(whole)});
  }

  TEST_CASE("a message in very many fragments comes out in linear time") {
    std::string bytes = wire::text("x", false);
    for (int i = 0; i < 100000; ++i) bytes += wire::continuation("x", false);
    bytes += wire::continuation("x");
    Ear ear;
    ear.push(bytes);
    CHECK(joined(ear.told.events) == joined(Events{"text " + shown(std::string(100002, 'x'))}));
  }

  TEST_CASE("fragments that are wanted come one by one, with the frame's own opcode") {
    expect(wire::text("Hel", false) + wire::ping("p") + wire::continuation("lo", false) +
               wire::continuation(""),
           {"fragment text* 'Hel'", "ping 'p'", "fragment continuation* 'lo'",
            "fragment continuation ''"},
           {.wanted = Wanted::fragments});
    expect(wire::binary(long_payload, false) + wire::continuation(long_payload) + wire::text("a"),
           {"fragment binary* " + shown(long_payload),
            "fragment continuation " + shown(long_payload), "text 'a'"},
           {.wanted = Wanted::fragments});
  }

  TEST_CASE("a message that is not fragmented stays a message when fragments are wanted") {
    expect(wire::text("whole") + wire::binary(""), {"text 'whole'", "binary ''"},
           {.wanted = Wanted::fragments});
  }

  TEST_CASE("wanting fragments begins and ends with a message") {
    Ear ear;
    ear.push(wire::text("a", false));
    ear.reader.want(Wanted::fragments);
    ear.push(wire::continuation("b"));
    CHECK(joined(ear.told.events) == joined(Events{"text 'ab'"}));
    ear.push(wire::text("c", false));
    ear.reader.want(Wanted::messages);
    ear.push(wire::continuation("d"));
    ear.push(wire::text("e", false) + wire::continuation("f"));
    CHECK(joined(ear.told.events) == joined(Events{"text 'ab'", "fragment text* 'c'",
                                                   "fragment continuation 'd'", "text 'ef'"}));
  }
}

TEST_SUITE("RFC 6455 5.5: control frames") {
  TEST_CASE("every payload size up to 125 comes out as it went in") {
    for (std::size_t size = 0; size <= 125; size += size < 5 ? 1 : 24) {
      const std::string payload = wire::filling(size);
      expect(wire::ping(payload) + wire::pong(payload) +
                 wire::bytes({.opcode = 8, .payload = payload}),
             {"ping " + shown(payload), "pong " + shown(payload), "close " + shown(payload)});
    }
  }

  TEST_CASE("a ping's payload need not be UTF-8") {
    expect(wire::ping("\xff\xc3"), {"ping '\xff\xc3'"});
  }
}

namespace {

// The first thing that it tells of these bytes.
std::optional<protocol::Received> receive(MessageReader& reader, std::vector<char>& scratch,
                                          std::string_view bytes) {
  while (!bytes.empty()) {
    const auto into = reader.prepare(scratch);
    const std::size_t size = std::min(into.size(), bytes.size());
    std::copy_n(bytes.begin(), size, into.begin());
    bytes.remove_prefix(size);
    reader.commit(size);
    if (auto received = reader.next()) return received;
  }
  return std::nullopt;
}

}  // namespace

TEST_SUITE("reading without copying") {
  TEST_CASE("a message that came whole is a view of the read buffer") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(4096);
    const std::string bytes = wire::text("one") + wire::binary("two");
    const auto into = reader.prepare(scratch);
    REQUIRE(into.data() == scratch.data());
    REQUIRE(into.size() == scratch.size());
    std::copy(bytes.begin(), bytes.end(), into.begin());
    reader.commit(bytes.size());
    for (const char* const expected : {"one", "two"}) {
      const auto received = reader.next();
      REQUIRE(received);
      const auto* message = std::get_if<protocol::MessageReceived>(&*received);
      REQUIRE(message != nullptr);
      CHECK(message->data == expected);
      CHECK(message->data.data() >= scratch.data());
      CHECK(message->data.data() < scratch.data() + scratch.size());
    }
    CHECK_FALSE(reader.next());
  }

  TEST_CASE("a long payload is read past the read buffer, straight to where it is kept") {
    Ear ear;
    const std::string payload = wire::filling(1 << 20);
    ear.push(wire::binary(payload));
    CHECK(joined(ear.told.events) == joined(Events{"binary " + shown(payload)}));
    CHECK(ear.most_prepared_outside >= 16384);
  }

  TEST_CASE("a message that was kept is given away as what it was kept in") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(65536);
    for (const std::size_t size : {65'536U, 200'000U, 1'000'000U, 3'000'000U, 70'000U}) {
      CAPTURE(size);
      const std::string payload = wire::filling(size);
      const auto received = receive(reader, scratch, wire::binary(payload));
      REQUIRE(received);
      const std::string_view view = std::get<protocol::MessageReceived>(*received).data;
      const char* const where = view.data();
      REQUIRE(reader.has_kept(view));
      const std::string taken = reader.take_kept();
      CHECK(taken == payload);
      CHECK(taken.data() == where);
      CHECK(taken.capacity() <= size + size / 4);
      CHECK_FALSE(reader.has_kept(view));
      CHECK_FALSE(reader.next());
    }
    // A view of the scratch, of a control frame's place, or of something else is not the reader's.
    const auto message = receive(reader, scratch, wire::text("short"));
    REQUIRE(message);
    CHECK_FALSE(reader.has_kept(std::get<protocol::MessageReceived>(*message).data));
    REQUIRE(receive(reader, scratch, wire::binary(wire::filling(100'000))));
    CHECK_FALSE(reader.has_kept("something else"));
    reader.forget_given();
    scratch.resize(4);
    const auto control = receive(reader, scratch, wire::ping("are you there"));
    REQUIRE(control);
    const std::string_view payload = std::get<protocol::ControlReceived>(*control).payload;
    CHECK(payload == "are you there");
    CHECK_FALSE(reader.has_kept(payload));
  }

  TEST_CASE(
      "a short message that was put together in much memory is not given away with all of that") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(65536);
    REQUIRE(receive(reader, scratch, wire::binary(wire::filling(300'000))));
    reader.forget_given();
    REQUIRE(reader.holds_much());
    std::vector<char> small(10);
    const auto received = receive(reader, small, wire::text("hello, hello, hello"));
    REQUIRE(received);
    REQUIRE(reader.has_kept(std::get<protocol::MessageReceived>(*received).data));
    const std::string taken = reader.take_kept();
    CHECK(taken == "hello, hello, hello");
    CHECK(taken.capacity() < 100);
    CHECK_FALSE(reader.next());
  }

  TEST_CASE("a very long message's memory goes when its view is not needed any more") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(65536);
    const std::string payload = wire::filling(3 << 20);
    for (int i = 0; i < 2; ++i) {
      const auto received = receive(reader, scratch, wire::binary(payload));
      REQUIRE(received);
      REQUIRE(std::get<protocol::MessageReceived>(*received).data == payload);
      CHECK(reader.holds_much());
      reader.forget_given();
      CHECK_FALSE(reader.holds_much());
      CHECK_FALSE(reader.next());
    }
    const auto received = receive(reader, scratch, wire::text("short"));
    REQUIRE(received);
    CHECK(std::get<protocol::MessageReceived>(*received).data == "short");
    reader.forget_given();
    CHECK_FALSE(reader.next());
  }

  TEST_CASE("behind a long message little is read at once, until something else came") {
    Ear ear(Role::client, {}, true, std::size_t{128} << 10U);
    std::vector<char> scratch(std::size_t{128} << 10U);
    // Where it would read to, without any bytes.
    const auto size_of_next_read = [&] {
      const std::size_t size = ear.reader.prepare(scratch).size();
      ear.reader.commit(0);
      CHECK_FALSE(ear.reader.next());
      return size;
    };
    const std::string long_one = wire::binary(wire::filling(200'000));
    const std::string_view bytes = long_one;
    CHECK(size_of_next_read() == scratch.size());
    for (int i = 0; i < 3; ++i) {
      ear.push(bytes.substr(0, bytes.size() - 10));
      CHECK(size_of_next_read() < 8192);
      ear.push(bytes.substr(bytes.size() - 10));
      CHECK(size_of_next_read() < 8192);
      CHECK(size_of_next_read() < 8192);
    }
    std::string next;
    SUBCASE("a short message") { next = wire::text("short"); }
    SUBCASE("a ping") { next = wire::ping("p"); }
    SUBCASE("a ping that is cut, read along with the end of a long one") {
      ear.push(bytes.substr(0, bytes.size() - 10));
      next = std::string(bytes.substr(bytes.size() - 10)) + wire::ping("ping").substr(0, 4);
    }
    SUBCASE("what is dropped, since something wrong was read along with the end of a long one") {
      ear.push(bytes.substr(0, bytes.size() - 10));
      next = std::string(bytes.substr(bytes.size() - 10)) + wire::bytes({.opcode = 3});
    }
    SUBCASE("a long one that is given in pieces") {
      ear.reader.want(Wanted::pieces);
      next = long_one;
    }
    ear.push(next);
    CHECK(size_of_next_read() == scratch.size());
  }

  TEST_CASE("a long message's memory is as long as the message") {
    Wanted wanted = Wanted::messages;
    bool is_last = true;
    SUBCASE("a whole message") {}
    SUBCASE("a fragment that is given as it is") {
      wanted = Wanted::fragments;
      is_last = false;
    }
    for (const std::size_t size : {200'000U, 1U << 20U, (1U << 20U) + 60'000U, 1'048'500U}) {
      for (const std::size_t piece : {3000U, 70'000U, 131'072U}) {
        CAPTURE(size);
        CAPTURE(piece);
        Ear ear(Role::client, {}, true, std::size_t{128} << 10U);
        ear.takes_strings = false;
        ear.reader.want(wanted);
        const std::string bytes = wire::binary(wire::filling(size), is_last);
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
          ear.push(std::string_view(bytes).substr(at, piece));
        }
        CHECK(ear.told.events.size() == 1);
        // It is kept for the next one, as twice as much would not be.
        CHECK(ear.reader.holds_much());
      }
    }
  }

  TEST_CASE("of an announced length as much is put aside at once as a message has had before") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(std::size_t{128} << 10U);
    const auto memory_when_announced = [&](std::size_t size) {
      const std::string bytes = wire::binary(wire::filling(size));
      const std::string_view frame = bytes;
      CHECK_FALSE(receive(reader, scratch, frame.substr(0, 100)));
      reader.prepare(scratch);
      reader.commit(0);
      CHECK_FALSE(reader.next());
      const std::size_t memory = reader.memory();
      const auto received = receive(reader, scratch, frame.substr(100));
      REQUIRE(received);
      REQUIRE(reader.has_kept(std::get<protocol::MessageReceived>(*received).data));
      CHECK(reader.take_kept().size() == size);
      CHECK_FALSE(reader.next());
      return memory;
    };
    constexpr std::size_t little = 200'000;
    const std::size_t megabytes = std::size_t{3} << 20U;
    CHECK(memory_when_announced(megabytes) < little);
    CHECK(memory_when_announced(megabytes) >= megabytes);
    CHECK(memory_when_announced(300'000) >= 300'000);
    CHECK(memory_when_announced(megabytes + 1) < little);
    CHECK(memory_when_announced(megabytes) >= megabytes);
    for (int i = 0; i < 6; ++i) memory_when_announced(70'000);
    CHECK(memory_when_announced(megabytes) < little);
    CHECK(memory_when_announced(megabytes) >= megabytes);
    reader.rest();
    CHECK(memory_when_announced(megabytes) < little);
  }

  TEST_CASE("a long message that comes in crumbs moves seldom, whether it is believed in or not") {
    std::uint64_t announced = 0;
    SUBCASE("a long one") { announced = std::uint64_t{4} << 20U; }
    SUBCASE("a very long one") { announced = std::uint64_t{100} << 20U; }
    Limits limits;
    limits.max_message_size = std::size_t{1} << 30U;
    MessageReader reader(Role::client, limits, true);
    std::vector<char> scratch(65536);
    CHECK_FALSE(receive(
        reader, scratch,
        wire::bytes(
            {.opcode = 2, .length = wire::Length::sixty_four_bits, .announced = announced})));
    int moves = 0;
    const char* end = nullptr;
    constexpr std::size_t crumb = 100;
    for (std::size_t come = 0; come < 600'000; come += crumb) {
      const auto into = reader.prepare(scratch);
      REQUIRE(into.size() >= crumb);
      if (into.data() != end) ++moves;
      std::fill_n(into.data(), crumb, 'x');
      end = into.data() + crumb;
      reader.commit(crumb);
      REQUIRE_FALSE(reader.next());
    }
    CHECK(moves < 12);
  }

  TEST_CASE(
      "a read that brings nothing puts nothing aside, and a fragment that only begins a little") {
    bool is_last = true;
    SUBCASE("a message in one frame") {}
    SUBCASE("a fragment") { is_last = false; }
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(65536);
    CHECK_FALSE(
        receive(reader, scratch,
                wire::bytes({.opcode = 2, .fin = is_last, .announced = std::uint64_t{50} << 20U})));
    const auto read = [&](std::size_t size) {
      const auto into = reader.prepare(scratch);
      std::fill_n(into.data(), size, 'x');
      reader.commit(size);
      CHECK_FALSE(reader.next());
    };
    read(1);
    const std::size_t memory = reader.memory();
    CHECK(memory <= std::size_t{256} << 10U);
    for (int i = 0; i < 20; ++i) read(0);
    CHECK(reader.memory() == memory);
    for (int i = 0; i < 20; ++i) read(1);
    CHECK(reader.memory() == memory);
  }

  TEST_CASE("of a long message much is read at once, where there is room for it") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(std::size_t{128} << 10U);
    std::string long_one = wire::binary(wire::filling(std::size_t{2} << 20U));
    const auto longest_read = [&] {
      std::size_t longest = 0;
      for (std::string_view bytes = long_one; !bytes.empty();) {
        const auto into = reader.prepare(scratch);
        const std::size_t size = std::min(into.size(), bytes.size());
        longest = std::max(longest, size);
        std::copy_n(bytes.begin(), size, into.begin());
        bytes.remove_prefix(size);
        reader.commit(size);
        if (!bytes.empty()) REQUIRE_FALSE(reader.next());
      }
      REQUIRE(reader.next());
      return longest;
    };
    for (int i = 0; i < 2; ++i) {
      const std::size_t longest = longest_read();
      CHECK(longest >= std::size_t{256} << 10U);
      CHECK(longest <= std::size_t{1} << 20U);  // the loop's other connections wait meanwhile
    }
  }

  TEST_CASE("a long message of many fragments moves seldom, however long it becomes") {
    MessageReader reader(Role::client, {}, true);
    std::vector<char> scratch(65536);
    const std::string payload = wire::filling(20'000);
    int moves = 0;
    const char* end = nullptr;
    for (int i = 0; i < 400; ++i) {
      const std::string frame =
          i == 0 ? wire::binary(payload, false) : wire::continuation(payload, false);
      for (std::string_view bytes = frame; !bytes.empty();) {
        const std::size_t header = frame.size() - payload.size();
        const auto into = reader.prepare(scratch);
        const bool is_begin = bytes.size() == frame.size();
        const std::size_t size = is_begin ? header : std::min(into.size(), bytes.size());
        std::copy_n(bytes.begin(), size, into.begin());
        bytes.remove_prefix(size);
        if (!is_begin && into.data() != end) ++moves;
        if (!is_begin) end = into.data() + size;
        reader.commit(size);
        REQUIRE_FALSE(reader.next());
      }
    }
    CHECK(moves < 20);
  }

  TEST_CASE("a payload under 16 KiB goes through the read buffer") {
    Ear ear;
    const std::string bytes = wire::binary(wire::filling(16383));
    for (const std::string_view cut : wire::cut_every(bytes, 100)) ear.push(cut);
    CHECK(ear.most_prepared_outside == 0);
  }

  TEST_CASE("where it reads to never reaches beyond the frame") {
    const std::string payload = wire::filling(100000);
    const std::string bytes = wire::binary(payload) + wire::text("next");
    for (const std::size_t first : {10U, 11U, 5000U, 65536U, 90000U}) {
      CAPTURE(first);
      Ear ear;
      ear.push(std::string_view(bytes).substr(0, first));
      ear.push(std::string_view(bytes).substr(first));
      CHECK(joined(ear.told.events) == joined(Events{"binary " + shown(payload), "text 'next'"}));
    }
  }

  TEST_CASE("a read that brought nothing changes nothing") {
    Ear ear;
    const std::string payload = wire::filling(50000);
    const std::string bytes =
        wire::text("a", false) + wire::ping("p") + wire::continuation(payload);
    for (const std::string_view cut : wire::cut_every(bytes, 3)) {
      std::vector<char> other(64, 'x');
      ear.reader.prepare(other);
      ear.reader.commit(0);
      CHECK_FALSE(ear.reader.next());
      ear.push(cut);
    }
    CHECK(joined(ear.told.events) == joined(Events{"ping 'p'", "text " + shown("a" + payload)}));
  }

  TEST_CASE("whether the next byte begins a frame is known at every byte") {
    const std::vector<std::string> frames = {wire::text("Hello"), wire::ping(),
                                             wire::text("a", false), wire::pong("p"),
                                             wire::continuation(wire::filling(300))};
    Ear ear;
    CHECK(ear.reader.between_frames());
    for (const std::string& frame : frames) {
      for (std::size_t i = 0; i < frame.size(); ++i) {
        ear.push(std::string_view(frame).substr(i, 1));
        CHECK(ear.reader.between_frames() == (i + 1 == frame.size()));
      }
    }
  }
}
