// RFC 6455 5.4: messages in fragments, in every order, with control frames between them.
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 5.4 fragmentation";

// First bytes.
constexpr unsigned text_begins = 0x01, binary_begins = 0x02, middle = 0x00, last = 0x80;
constexpr unsigned whole_text = 0x81, whole_binary = 0x82;

// 5.4: "A fragmented message consists of a single frame with the FIN bit clear and an opcode other
// than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0, and
// terminated by a single frame with the FIN bit set and an opcode of 0."
std::vector<Case> right() {
  struct Row {
    const char* what;
    std::string bytes;
    std::vector<Delivery> delivered;
  };
  const std::string many_bytes(70000, 'm');
  std::string hundred = frame(binary_begins);
  for (int i = 0; i < 98; ++i) hundred += frame(middle, "x");
  hundred += frame(last, "x");
  const Row rows[] = {
      {"a text message of two fragments is put together",
       frame(text_begins, "Hel") + frame(last, "lo"),
       {text("Hello")}},
      {"a binary message of two fragments is put together",
       frame(binary_begins, "\x00\xff"s) + frame(last, "\xfe"),
       {binary("\x00\xff\xfe"s)}},
      {"a text message of three fragments is put together",
       frame(text_begins, "a") + frame(middle, "b") + frame(last, "c"),
       {text("abc")}},
      {"a message of a hundred fragments is put together", hundred, {binary(std::string(99, 'x'))}},
      {"the first fragment may be empty", frame(text_begins) + frame(last, "abc"), {text("abc")}},
      {"the last fragment may be empty", frame(text_begins, "abc") + frame(last), {text("abc")}},
      {"a middle fragment may be empty",
       frame(text_begins, "ab") + frame(middle) + frame(middle) + frame(last, "c"),
       {text("abc")}},
      {"all fragments of a text may be empty",
       frame(text_begins) + frame(middle) + frame(last),
       {text("")}},
      {"all fragments of a binary message may be empty",
       frame(binary_begins) + frame(last),
       {binary("")}},
      {"only a middle fragment may have a payload",
       frame(binary_begins) + frame(middle, "abc") + frame(last),
       {binary("abc")}},
      {"an empty message in one frame is a message",
       frame(whole_text) + frame(whole_binary),
       {text(""), binary("")}},
      {"fragments of one byte each",
       frame(text_begins, "a") + frame(middle, "b") + frame(middle, "c") + frame(middle, "d") +
           frame(last, "e"),
       {text("abcde")}},
      {"fragments with 7-bit, 16-bit and 64-bit lengths",
       frame(binary_begins, "a") + frame(middle, std::string(126, 'b')) + frame(last, many_bytes),
       {binary("a" + std::string(126, 'b') + many_bytes)}},
      {"fragments with 64-bit, 16-bit and 7-bit lengths",
       frame(text_begins, many_bytes) + frame(middle, std::string(125, 'b')) +
           frame(middle, std::string(126, 'c')) + frame(last, "d"),
       {text(many_bytes + std::string(125, 'b') + std::string(126, 'c') + "d")}},
      {"two fragmented messages, one after the other",
       frame(text_begins, "a") + frame(last, "b") + frame(binary_begins, "c") + frame(last, "d"),
       {text("ab"), binary("cd")}},
      {"whole and fragmented messages by turns",
       frame(whole_text, "1") + frame(text_begins, "2") + frame(last, "3") +
           frame(whole_binary, "4") + frame(binary_begins, "5") + frame(last, "6") +
           frame(whole_text, "7"),
       {text("1"), text("23"), binary("4"), binary("56"), text("7")}},
      {"a fragmented binary message need not be UTF-8",
       frame(binary_begins, "\xff") + frame(last, "\xc0\x80"s),
       {binary("\xff\xc0\x80"s)}},
      {"what looks like a frame within a fragment is payload",
       frame(text_begins, "\x01\x02"s) + frame(last, "\x08\x01"s),
       {text("\x01\x02\x08\x01"s)}},
  };
  std::vector<Case> cases;
  for (const auto& row : rows) {
    cases.push_back({.name = "RFC 6455 5.4: "s + row.what,
                     .server = {send(row.bytes + close_frame(1000))},
                     .delivered = row.delivered});
  }
  return cases;
}
const bool right_registered = add_rows(suite, __FILE__, __LINE__, right());

// 5.4: "Control frames (see Section 5.5) MAY be injected in the middle of a fragmented message." "An
// endpoint MUST be capable of handling control frames in the middle of a fragmented message."
std::vector<Case> control_frames_between() {
  std::vector<Case> cases;
  const std::string pings[] = {"", "p", std::string(125, 'p')};
  for (const std::string& payload : pings) {
    const std::string which = "a ping of " + std::to_string(payload.size()) + " bytes ";
    cases.push_back({.name = "RFC 6455 5.4: " + which +
                             "between two fragments is answered before "
                             "the message has ended",
                     .server = {send(frame(text_begins, "a") + frame(0x89, payload)),
                                expect(10, payload), send(frame(last, "b") + close_frame(1000))},
                     .delivered = {ping(payload), text("ab")}});
    cases.push_back(
        {.name = "RFC 6455 5.4: " + which + "behind an empty first fragment is answered",
         .server = {send(frame(binary_begins) + frame(0x89, payload)), expect(10, payload),
                    send(frame(middle) + frame(0x89, payload)), expect(10, payload),
                    send(frame(last) + close_frame(1000))},
         .delivered = {ping(payload), ping(payload), binary("")}});
    cases.push_back(
        {.name = "RFC 6455 5.4: " + which + "within a character cut by fragments is answered",
         .server = {send(frame(text_begins, "\xe2") + frame(0x89, payload)), expect(10, payload),
                    send(frame(middle, "\x82") + frame(0x89, payload)), expect(10, payload),
                    send(frame(last, "\xac") + close_frame(1000))},
         .delivered = {ping(payload), ping(payload), text("\xe2\x82\xac")}});
    cases.push_back({.name = "RFC 6455 5.4: a pong of " + std::to_string(payload.size()) +
                             " bytes between two fragments changes nothing",
                     .server = {send(frame(text_begins, "a") + frame(0x8a, payload) +
                                     frame(last, "b") + close_frame(1000))},
                     .delivered = {pong(payload), text("ab")}});
  }
  cases.push_back(
      {.name = "RFC 6455 5.4: pings and pongs between all fragments of two messages",
       .server = {send(frame(0x8a, "0") + frame(text_begins, "a") + frame(0x8a, "1") +
                       frame(middle, "b") + frame(0x8a, "2") + frame(0x8a, "3") + frame(last, "c") +
                       frame(0x8a, "4") + frame(binary_begins, "d") + frame(0x89, "5")),
                  expect(10, "5"), send(frame(last, "e") + close_frame(1000))},
       .delivered = {pong("0"), pong("1"), pong("2"), pong("3"), text("abc"), pong("4"), ping("5"),
                     binary("de")}});
  cases.push_back(
      {.name = "RFC 6455 5.4: a ping between the two big fragments of a message",
       .server = {send(frame(binary_begins, std::string(100000, 'a')) + frame(0x89, "now")),
                  expect(10, "now"),
                  send(frame(last, std::string(100000, 'b')) + close_frame(1000))},
       .delivered = {ping("now"), binary(std::string(100000, 'a') + std::string(100000, 'b'))}});
  // 5.5.1 at any time: "The Close frame" is a control frame as well.
  for (const std::uint16_t code : {std::uint16_t{1000}, std::uint16_t{1001}, std::uint16_t{4999}}) {
    cases.push_back(
        {.name = "RFC 6455 5.4: a Close frame with code " + std::to_string(code) +
                 " within a fragmented message closes, and the message is not delivered",
         .server = {send(frame(text_begins, "a") + frame(middle, "b") + close_frame(code))},
         .end = closed_by_server(code)});
  }
  cases.push_back({.name = "RFC 6455 5.4: a Close frame without a body within a fragmented message",
                   .server = {send(frame(binary_begins, "a") + frame(0x88) + frame(last, "b"))},
                   .end = closed_by_server(1005)});
  return cases;
}
const bool control_registered = add_rows(suite, __FILE__, __LINE__, control_frames_between());

// 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another
// message"; a frame of opcode 0 "denotes a continuation frame" (5.2), which needs something to
// continue.
std::vector<Case> wrong() {
  struct Row {
    const char* what;
    std::string bytes;
    Errc error;
  };
  const Errc nothing_begun = Errc::unexpected_continuation;
  const Errc interrupted = Errc::interrupted_message;
  const Row rows[] = {
      {"a last fragment where no message had begun", frame(last, "a"), nothing_begun},
      {"a middle fragment where no message had begun", frame(middle, "a"), nothing_begun},
      {"an empty last fragment where no message had begun", frame(last), nothing_begun},
      {"an empty middle fragment where no message had begun", frame(middle), nothing_begun},
      {"a continuation whose payload never comes where no message had begun", raw({0x80, 100}),
       nothing_begun},
      {"a continuation behind a whole text", frame(whole_text, "a") + frame(last, "b"),
       nothing_begun},
      {"a continuation behind a whole binary message",
       frame(whole_binary, "a") + frame(middle, "b"), nothing_begun},
      {"a continuation behind the last fragment",
       frame(text_begins, "a") + frame(last, "b") + frame(last, "c"), nothing_begun},
      {"a continuation behind a pong", frame(0x8a, "p") + frame(last, "a"), nothing_begun},
      {"a whole text within a fragmented text", frame(text_begins, "a") + frame(whole_text, "b"),
       interrupted},
      {"a whole binary message within a fragmented text",
       frame(text_begins, "a") + frame(whole_binary, "b"), interrupted},
      {"a whole text within a fragmented binary message",
       frame(binary_begins, "a") + frame(whole_text, "b"), interrupted},
      {"a whole binary message within a fragmented binary message",
       frame(binary_begins, "a") + frame(whole_binary, "b"), interrupted},
      {"a fragmented text within a fragmented text",
       frame(text_begins, "a") + frame(text_begins, "b"), interrupted},
      {"a fragmented binary message within a fragmented text",
       frame(text_begins, "a") + frame(binary_begins, "b"), interrupted},
      {"a fragmented text within a fragmented binary message",
       frame(binary_begins, "a") + frame(text_begins, "b"), interrupted},
      {"a fragmented binary message within a fragmented binary message",
       frame(binary_begins, "a") + frame(binary_begins, "b"), interrupted},
      {"an empty text within a fragmented message of nothing yet",
       frame(text_begins) + frame(whole_text), interrupted},
      {"a new message behind the middle fragment",
       frame(text_begins, "a") + frame(middle, "b") + frame(whole_text, "c"), interrupted},
      {"a new message where a ping came in between",
       frame(text_begins, "a") + frame(0x8a, "p") + frame(whole_text, "c"), interrupted},
      {"a new message whose payload never comes within a fragmented one",
       frame(text_begins, "a") + raw({0x81, 100}), interrupted},
  };
  std::vector<Case> cases;
  for (const auto& row : rows) {
    std::vector<Delivery> delivered;
    if (row.bytes.starts_with(frame(whole_text, "a"))) delivered = {text("a")};
    if (row.bytes.starts_with(frame(whole_binary, "a"))) delivered = {binary("a")};
    if (row.bytes.starts_with(frame(text_begins, "a") + frame(last, "b"))) delivered = {text("ab")};
    if (row.bytes.find(frame(0x8a, "p")) != std::string::npos) delivered = {pong("p")};
    cases.push_back({.name = "RFC 6455 5.4: "s + row.what + " fails the connection with 1002",
                     .server = {send(row.bytes + frame(whole_text, "behind"))},
                     .delivered = delivered,
                     .end = fails(row.error, 1002)});
  }
  return cases;
}
const bool wrong_registered = add_rows(suite, __FILE__, __LINE__, wrong());

// 7.4.1, 1009 and 10.4: the number of fragments is limited too.
std::vector<Case> limits() {
  auto options = patient();
  options.limits.max_fragments = 5;
  const std::string five =
      frame(binary_begins, "1") + frame(middle, "2") + frame(middle, "3") + frame(middle, "4");
  return {{.name = "RFC 6455 10.4: a message of as many fragments as are allowed is received",
           .server = {send(five + frame(last, "5") + five + frame(last, "5") + close_frame(1000))},
           .delivered = {binary("12345"), binary("12345")},
           .options = options},
          {.name = "RFC 6455 10.4: a message of a fragment too many fails the connection with 1009",
           .server = {send(five + frame(middle, "5") + frame(last, "6"))},
           .end = fails(Errc::too_many_fragments, 1009),
           .options = options},
          {.name = "RFC 6455 10.4: an empty fragment too many fails the connection with 1009",
           .server = {send(frame(text_begins) + frame(middle) + frame(middle) + frame(middle) +
                           frame(middle) + frame(middle))},
           .end = fails(Errc::too_many_fragments, 1009),
           .options = options}};
}
const bool limits_registered = add_rows(suite, __FILE__, __LINE__, limits());

}  // namespace
