// RFC 7692 6: the "Per-Message Compressed" bit (RSV1), fragments, control frames between them, and
// messages with and without compression by turns.
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 7692 6 frames";

constexpr unsigned compressed_text = 0xc1;
constexpr unsigned compressed_binary = 0xc2;
constexpr unsigned middle = 0x00;
constexpr unsigned last = 0x80;

// 7.2.3.1: "Hello".
const std::string hello = raw({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});

// ---- RSV1 where it does not belong

// 6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
// fragments of a data message. An endpoint receiving such a frame MUST _Fail the WebSocket
// Connection_."
std::vector<Case> reserved_bits() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, const std::string& bytes,
                       std::string lines = agreed()) {
    cases.push_back({.name = "RFC 7692 6: " + what + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + bytes + frame(0x81, "behind"))},
                     .delivered = {text("before")},
                     .end = fails(Errc::reserved_bits, 1002),
                     .more_lines = std::move(lines)});
  };
  add("RSV1 on a ping", frame(0xc9, "ping"));
  add("RSV1 on an empty ping", frame(0xc9));
  add("RSV1 on a pong", frame(0xca, "pong"));
  add("RSV1 on a Close frame", frame(0xc8, close_payload(1000)));
  add("RSV1 on a Close frame without a body", frame(0xc8));
  add("RSV1 on the ping within a compressed message",
      frame(0x41, hello.substr(0, 3)) + frame(0xc9) + frame(last, hello.substr(3)));
  add("RSV1 on the last fragment of a compressed message",
      frame(0x41, hello.substr(0, 3)) + frame(0xc0, hello.substr(3)));
  add("RSV1 on a middle fragment of a compressed message",
      frame(0x42, hello.substr(0, 3)) + frame(0x40, hello.substr(3)) + frame(last));
  add("RSV1 on an empty last fragment", frame(0x41, hello) + frame(0xc0));
  add("RSV1 on the last fragment of a message that is not compressed",
      frame(0x01, "a") + frame(0xc0, hello));
  add("RSV1 on a middle fragment of a message that is not compressed",
      frame(0x02, "a") + frame(0x40, hello));
  add("RSV1 on a continuation where no message had begun", frame(0xc0, hello));
  for (const auto& [bits, name] :
       {std::pair{2U, "RSV2"}, std::pair{1U, "RSV3"}, std::pair{3U, "RSV2 and RSV3"}}) {
    const std::string with = name + " on "s;
    add(with + "a text", frame(0x81U | bits << 4U, "text"));
    add(with + "a binary message", frame(0x82U | bits << 4U, "binary"));
    add(with + "a compressed text", frame(compressed_text | bits << 4U, hello));
    add(with + "the first fragment of a compressed text", frame(0x41U | bits << 4U, hello));
    add(with + "the last fragment of a compressed text",
        frame(0x41, hello.substr(0, 3)) + frame(last | bits << 4U, hello.substr(3)));
    add(with + "a ping", frame(0x89U | bits << 4U));
  }
  add("a compressed text that was not agreed on", frame(compressed_text, hello), "");
  add("a compressed binary message that was not agreed on", frame(compressed_binary, hello), "");
  add("an empty compressed text that was not agreed on", frame(compressed_text, raw({0x00})), "");
  add("the first fragment of a compressed text that was not agreed on",
      frame(0x41, hello.substr(0, 3)) + frame(last, hello.substr(3)), "");
  return cases;
}
const bool bits_registered = add_rows(suite, __FILE__, __LINE__, reserved_bits());

Case not_offered() {
  return {.name =
              "RFC 7692 6: a compressed text where it was not offered fails the connection with "
              "1002",
          .server = {send(frame(compressed_text, hello))},
          .end = fails(Errc::reserved_bits, 1002),
          .options = compressing({.enabled = false})};
}
const bool offer_registered = add_rows(suite, __FILE__, __LINE__, {not_offered()});

// RFC 6455 5.2 still holds.
std::vector<Case> still_wrong() {
  const auto row = [](const std::string& what, const std::string& bytes, Errc error) {
    return Case{.name = "RFC 7692 6: " + what + " fails the connection with 1002",
                .server = {send(bytes)},
                .end = fails(error, 1002),
                .more_lines = agreed()};
  };
  return {row("a reserved opcode with RSV1", frame(0xc3, hello), Errc::reserved_opcode),
          row("a masked compressed text", masked_frame(compressed_text, 0x12345678, hello),
              Errc::masked_frame),
          row("a compressed text within a compressed message",
              frame(0x41, hello.substr(0, 3)) + frame(compressed_text, hello),
              Errc::interrupted_message),
          row("a text within a compressed message",
              frame(0x42, hello.substr(0, 3)) + frame(0x81, "text"), Errc::interrupted_message),
          row("a compressed message within one that is not",
              frame(0x01, "a") + frame(compressed_text, hello), Errc::interrupted_message),
          row("a compressed text with a length that is not the shortest",
              frame16(compressed_text, hello.size(), hello), Errc::length_not_minimal)};
}
const bool wrong_registered = add_rows(suite, __FILE__, __LINE__, still_wrong());

// ---- fragments

std::string all_cut(unsigned opcode, const std::string& compressed, std::size_t at) {
  return frame(0x40U | opcode, compressed.substr(0, at)) + frame(last, compressed.substr(at));
}

// 6.1 and 7.2.3.1: what is compressed is the message; it is cut into frames afterwards, anywhere.
std::vector<Case> fragments() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, const std::string& bytes,
                       std::vector<Delivery> delivered) {
    cases.push_back({.name = "RFC 7692 6.1: " + what,
                     .server = {send(bytes + close_frame(1000))},
                     .delivered = std::move(delivered),
                     .more_lines = agreed()});
  };
  for (std::size_t at = 0; at <= hello.size(); ++at) {
    add("a message cut behind byte " + std::to_string(at) + " of its compressed form is received",
        all_cut(1, hello, at), {text("Hello")});
  }
  add("a message with one byte in each fragment is received", fragmented(2, hello, 1),
      {binary("Hello")});
  const std::string big = noise(3000) + std::string(60'000, 'x') + noise(3000);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{7}, std::size_t{125}, std::size_t{126}, std::size_t{4096}}) {
    add("a big message in fragments of " + std::to_string(size) + " bytes is received",
        fragmented(2, deflated(big), size), {binary(big)});
  }
  add("empty fragments at the beginning, in the middle and at the end are nothing",
      frame(0x41) + frame(middle) + frame(middle, hello.substr(0, 4)) + frame(middle) +
          frame(middle, hello.substr(4)) + frame(middle) + frame(last),
      {text("Hello")});
  add("an empty message may come in fragments",
      frame(0x41) + frame(middle, raw({0x00})) + frame(last), {text("")});
  add("characters may be cut between fragments",
      fragmented(1, deflated("Grüße, \xf0\x9f\x99\x82!"), 1), {text("Grüße, \xf0\x9f\x99\x82!")});
  const std::string euros = repeated("\xe2\x82\xac", 30'000);
  add("characters may be cut between what fragments inflate to", fragmented(1, deflated(euros), 5),
      {text(euros)});
  return cases;
}
const bool fragments_registered = add_rows(suite, __FILE__, __LINE__, fragments());

// RFC 6455 5.4: "Control frames MAY be injected in the middle of a fragmented message"; RFC 7692 6:
// they are not compressed.
std::vector<Case> control_frames() {
  std::vector<Case> cases;
  cases.push_back(
      {.name = "RFC 7692 6: a ping between compressed fragments is answered at once",
       .server = {send(frame(0x41, hello.substr(0, 3)) + frame(0x89, "now")), expect(10, "now"),
                  send(frame(last, hello.substr(3)) + close_frame(1000))},
       .delivered = {ping("now"), text("Hello")},
       .more_lines = agreed()});
  cases.push_back({.name = "RFC 7692 6: what looks compressed in a ping is sent back as it came",
                   .server = {send(frame(0x89, hello)), expect(10, hello),
                              send(frame(compressed_text, hello) + close_frame(1000))},
                   .delivered = {ping(hello), text("Hello")},
                   .more_lines = agreed()});
  cases.push_back(
      {.name = "RFC 7692 6: pings and pongs between all compressed fragments of two messages",
       .server = {send(frame(0x8a, "0") + frame(0x41, hello.substr(0, 1)) + frame(0x8a, "1") +
                       frame(middle, hello.substr(1, 2)) + frame(0x8a, "2") +
                       frame(last, hello.substr(3)) + frame(0x8a, "3") +
                       frame(0x42, raw({0xf2, 0x00})) + frame(0x89, "4")),
                  expect(10, "4"), send(frame(last, raw({0x11, 0x00, 0x00})) + close_frame(1000))},
       .delivered = {pong("0"), pong("1"), pong("2"), text("Hello"), pong("3"), ping("4"),
                     binary("Hello")},
       .more_lines = agreed()});
  cases.push_back({.name = "RFC 7692 6: a Close frame within a compressed message closes",
                   .server = {send(frame(0x41, hello) + close_frame(1001, "going"))},
                   .end = closed_by_server(1001, "going"),
                   .more_lines = agreed()});
  return cases;
}
const bool control_registered = add_rows(suite, __FILE__, __LINE__, control_frames());

// ---- compressed or not, message by message

// 6: "A sender can decide for each message whether to compress it".
std::vector<Case> by_turns() {
  const std::string again = raw({0xf2, 0x00, 0x11, 0x00, 0x00});
  const auto row = [](const std::string& what, const std::string& bytes,
                      std::vector<Delivery> delivered) {
    return Case{.name = "RFC 7692 6: " + what,
                .server = {send(bytes + close_frame(1000))},
                .delivered = std::move(delivered),
                .more_lines = agreed()};
  };
  return {
      row("messages that are not compressed are received as they are",
          frame(0x81, "text") + frame(0x82, hello), {text("text"), binary(hello)}),
      row("compressed and plain messages by turns are received",
          frame(compressed_text, hello) + frame(0x81, "plain") + frame(compressed_text, again) +
              frame(0x82, "plain") + frame(compressed_binary, again),
          {text("Hello"), text("plain"), text("Hello"), binary("plain"), binary("Hello")}),
      row("a plain message is no part of the window",
          frame(compressed_text, hello) + frame(0x82, noise(50'000)) +
              frame(compressed_text, again),
          {text("Hello"), binary(noise(50'000)), text("Hello")}),
      row("fragmented messages, compressed and plain by turns, are received",
          frame(0x01, "pl") + frame(last, "ain") + all_cut(1, hello, 3) + frame(0x02, "pl") +
              frame(last, "ain") + all_cut(2, again, 2),
          {text("plain"), text("Hello"), binary("plain"), binary("Hello")}),
      row("plain empty messages are received",
          frame(0x81) + frame(compressed_text, hello) + frame(0x82) + frame(0x01) + frame(last),
          {text(""), text("Hello"), binary(""), text("")}),
  };
}
const bool turns_registered = add_rows(suite, __FILE__, __LINE__, by_turns());

}  // namespace
