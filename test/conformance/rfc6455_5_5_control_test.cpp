// RFC 6455 5.5: control frames; 5.5.2 and 5.5.3: pings and their pongs. Close frames' bodies are with
// chapter 7.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/play.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Condition;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 5.5 control frames";

struct Control {
  unsigned opcode;
  const char* name;
};
constexpr Control controls[] = {{8, "Close"}, {9, "Ping"}, {10, "Pong"}};

std::string payload_of(unsigned opcode, std::size_t size) {
  return opcode == 8 ? close_payload(1000, std::string(size - 2, 'r')) : std::string(size, 'p');
}

// 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
// fragmented."
std::vector<Case> wrong() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes, End end) {
    cases.push_back({.name = "RFC 6455 5.5: " + what + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + bytes)},
                     .delivered = {text("before")},
                     .end = std::move(end)});
  };
  for (const auto& [opcode, name] : controls) {
    const std::string a = "a "s + name + " frame ";
    const unsigned whole = 0x80U | opcode;
    const End too_long = fails(Errc::control_too_long, 1002);
    for (const std::size_t size : {126U, 127U, 1000U, 65535U, 65536U}) {
      add(a + "of " + std::to_string(size) + " bytes", frame(whole, payload_of(opcode, size)),
          too_long);
    }
    add(a + "of 126 bytes whose payload never comes", frame16(whole, 126), too_long);
    add(a + "that declares 2^63-1 bytes", frame64(whole, ~std::uint64_t{0} >> 1U), too_long);
    // 5.2 and 5.5 both forbid these; which of them is told first is not said.
    const End either = fails(Condition::protocol_violation, 1002);
    add(a + "of 125 bytes with a 16-bit length", frame16(whole, 125, payload_of(opcode, 125)),
        either);
    add(a + "of 2 bytes with a 64-bit length", frame64(whole, 2, payload_of(opcode, 2)), either);
    add(a + "with a 64-bit length whose first bit is set", frame64(whole, ~std::uint64_t{0}),
        either);

    const End fragmented = fails(Errc::fragmented_control, 1002);
    add(a + "without FIN", frame(opcode, payload_of(opcode, 2)), fragmented);
    add(a + "without FIN and payload", frame(opcode), fragmented);
    add(a + "in two fragments", frame(opcode, payload_of(opcode, 2)) + frame(0x80, "p"),
        fragmented);
    add(a + "without FIN within a fragmented message",
        frame(0x01, "a") + frame(opcode) + frame(0x80, "b"), fragmented);
    add(a + "without FIN whose payload never comes", raw({opcode, 100}), fragmented);
  }
  return cases;
}
const bool wrong_registered = add_rows(suite, __FILE__, __LINE__, wrong());

// 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response". 5.5.3: "A
// Pong frame sent in response to a Ping frame must have identical "Application data" as found in the
// message body of the Ping frame being replied to."
std::vector<Case> pings() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, const std::string& payload) {
    cases.push_back({.name = "RFC 6455 5.5.3: a ping " + what + " is answered by an identical pong",
                     .server = {send(frame(0x89, payload)), expect(10, payload),
                                send(frame(0x81, "behind") + close_frame(1000))},
                     .delivered = {ping(payload), text("behind")}});
  };
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 5U, 7U, 8U, 64U, 124U, 125U}) {
    add("of " + std::to_string(size) + " bytes", std::string(size, 'p'));
  }
  std::string bytes;
  for (unsigned byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  add("of the bytes 00 to 7C", bytes.substr(0, 125));
  add("of the bytes 7D to F9", bytes.substr(125, 125));
  add("of the bytes FA to FF", bytes.substr(250));
  add("that is not UTF-8", "\xff\xfe\xc0\x80"s);
  add("that looks like a Close frame", "\x88\x02\x03\xe8"s);
  add("of zeros", std::string(125, '\0'));

  std::vector<Step> in_turn;
  std::vector<Delivery> delivered;
  for (int i = 0; i < 50; ++i) {
    const std::string payload = "ping " + std::to_string(i);
    in_turn.push_back(send(frame(0x89, payload)));
    in_turn.push_back(expect(10, payload));
    delivered.push_back(ping(payload));
  }
  in_turn.push_back(send(close_frame(1000)));
  cases.push_back(
      {.name = "RFC 6455 5.5.2: fifty pings, each after the pong before it, are answered",
       .server = in_turn,
       .delivered = delivered});
  cases.push_back(
      {.name = "RFC 6455 5.5.2: a ping glued to the handshake's answer is answered",
       .server = {send(frame(0x89, "at once")), expect(10, "at once"), send(close_frame(1000))},
       .delivered = {ping("at once")}});
  cases.push_back({.name = "RFC 6455 5.5.2: a ping between two messages is answered",
                   .server = {send(frame(0x81, "a") + frame(0x89, "p") + frame(0x82, "b")),
                              expect(10, "p"), send(close_frame(1000))},
                   .delivered = {text("a"), ping("p"), binary("b")}});
  cases.push_back(
      {.name = "RFC 6455 5.5.2: a ping of which a part came is answered once it is whole",
       .server = {send(raw({0x89, 4}) + "pi"), send("ng"), expect(10, "ping"),
                  send(close_frame(1000))},
       .delivered = {ping("ping")}});
  // 5.5.2: "unless it already received a Close frame".
  cases.push_back({.name = "RFC 6455 5.5.2: a ping behind the server's Close frame is not answered",
                   .server = {send(close_frame(1000) + frame(0x89, "late"))}});
  // 5.5.1 lets nothing but the answer to a Close frame follow ours.
  cases.push_back({.name = "RFC 6455 5.5.1: no pong follows our Close frame",
                   .server = {expect(8, close_payload(1000)), send(frame(0x89, "late")),
                              send(close_frame(1000))},
                   .delivered = {ping("late")},
                   .end = closed_by_us(1000, 1000),
                   .client_closes = ClientClose{}});
  return cases;
}
const bool pings_registered = add_rows(suite, __FILE__, __LINE__, pings());

// 5.5.3: "A Pong frame MAY be sent unsolicited. This serves as a unidirectional heartbeat. A response
// to an unsolicited Pong frame is not expected."
std::vector<Case> pongs() {
  std::vector<Case> cases;
  for (const std::size_t size : {0U, 1U, 124U, 125U}) {
    const std::string payload(size, 'o');
    cases.push_back(
        {.name = "RFC 6455 5.5.3: an unsolicited pong of " + std::to_string(size) +
                 " bytes is not answered",
         .server = {send(frame(0x8a, payload) + frame(0x81, "behind") + close_frame(1000))},
         .delivered = {pong(payload), text("behind")}});
  }
  std::string ten;
  std::vector<Delivery> delivered;
  for (int i = 0; i < 10; ++i) {
    ten += frame(0x8a, std::to_string(i));
    delivered.push_back(pong(std::to_string(i)));
  }
  cases.push_back({.name = "RFC 6455 5.5.3: ten unsolicited pongs in one segment are not answered",
                   .server = {send(ten + close_frame(1000))},
                   .delivered = delivered});
  cases.push_back({.name = "RFC 6455 5.5.3: a pong that is not UTF-8 is no violation",
                   .server = {send(frame(0x8a, "\xff\xc0"s) + close_frame(1000))},
                   .delivered = {pong("\xff\xc0"s)}});
  cases.push_back({.name = "RFC 6455 5.5.3: pongs and pings by turns: pings alone are answered",
                   .server = {send(frame(0x8a, "a") + frame(0x89, "b")), expect(10, "b"),
                              send(frame(0x8a, "c") + frame(0x89, "d")), expect(10, "d"),
                              send(frame(0x8a, "e") + close_frame(1000))},
                   .delivered = {pong("a"), ping("b"), pong("c"), ping("d"), pong("e")}});
  // 5.5.2: "A Ping frame may serve either as a keepalive or as a means to verify that the remote
  // endpoint is still responsive."
  for (const std::size_t size : {0U, 1U, 125U}) {
    const std::string payload(size, 'q');
    cases.push_back({.name = "RFC 6455 5.5.2: our ping of " + std::to_string(size) +
                             " bytes goes out as it is and its pong comes back",
                     .server = {expect(9, payload), send(frame(0x8a, payload) + close_frame(1000))},
                     .delivered = {pong(payload)},
                     .client_sends = {ping(payload)}});
  }
  cases.push_back({.name = "RFC 6455 5.5.3: a pong to another ping than ours changes nothing",
                   .server = {expect(9, "ours"), send(frame(0x8a, "theirs") + frame(0x8a, "ours") +
                                                      close_frame(1000))},
                   .delivered = {pong("theirs"), pong("ours")},
                   .client_sends = {ping("ours")}});
  return cases;
}
const bool pongs_registered = add_rows(suite, __FILE__, __LINE__, pongs());

// 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
// previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently
// processed Ping frame."
void answers_many(std::size_t count, std::size_t payload_size, bool within_a_message) {
  const auto payload_of_ping = [&](std::size_t i) {
    const std::string digits = std::to_string(i);
    return digits + std::string(payload_size - digits.size(), '.');
  };
  Case row{.name = {}};
  for (std::size_t i = 0; i < count; ++i) row.delivered.push_back(ping(payload_of_ping(i)));
  if (within_a_message) row.delivered.push_back(text("ab"));
  for (const Face face : all_faces) {
    Seen seen;
    std::size_t answered = 0;
    server().serve_next([&](support::RawConnection& connection) {
      connection.accept_handshake();
      std::string all = within_a_message ? frame(0x01, "a") : "";
      for (std::size_t i = 0; i < count; ++i) all += frame(0x89, payload_of_ping(i));
      if (within_a_message) all += frame(0x80, "b");
      connection.write(all);
      std::string unread;
      std::size_t next = 0;
      while (next < count) {
        const auto frame = next_frame(connection, unread);
        if (!frame) throw support::RawError("it ended before the last ping was answered");
        const std::string wrong = complaint(*frame);
        if (!wrong.empty()) throw support::RawError(wrong);
        if (frame->opcode != 10) throw support::RawError("a frame that is no pong came");
        while (next < count && frame->payload != payload_of_ping(next)) ++next;
        if (next == count) throw support::RawError("a pong is none of the pings, or out of order");
        ++next;
        ++answered;
      }
      connection.write(close_frame(1000));
      seen.close = next_frame(connection, unread);
      connection.shutdown();
      connection.wait_for_end();
    });
    const Told told = talk(face, server().url(), row);
    CHECK(server().wait() == "");
    auto expected = row.delivered;
    if (face == Face::client) std::erase_if(expected, [](auto& d) { return d.kind == Kind::ping; });
    CHECK(told.delivered == expected);
    CHECK(answered >= 1);
    REQUIRE(seen.close);
    CHECK(seen.close->close_code() == 1000);
  }
}

}  // namespace

TEST_SUITE("RFC 6455 5.5 control frames") {
  TEST_CASE("RFC 6455 5.5.3: of a thousand pings in one go the last is answered, none wrongly") {
    answers_many(1000, 10, false);
  }
  TEST_CASE("RFC 6455 5.5.3: of ten thousand pings of 125 bytes the last is answered") {
    answers_many(10'000, 125, false);
  }
  TEST_CASE("RFC 6455 5.5.3: of a thousand pings within a message the last is answered") {
    answers_many(1000, 10, true);
  }
}
