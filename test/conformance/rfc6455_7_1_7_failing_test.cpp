// RFC 6455 7.1.7, _Fail the WebSocket Connection_: what follows a violation, and that the next
// connection works.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/play.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 7.1.7 failing";

struct Violation {
  const char* what;
  std::string bytes;
  Errc error;
  std::uint16_t code;
};

std::vector<Violation> violations() {
  return {
      {"reserved bits", frame(0xc1, "a"), Errc::reserved_bits, 1002},
      {"a reserved opcode", frame(0x83, "a"), Errc::reserved_opcode, 1002},
      {"a masked frame", masked_frame(0x81, 1, "a"), Errc::masked_frame, 1002},
      {"a length not minimal", frame16(0x81, 1, "a"), Errc::length_not_minimal, 1002},
      {"a length out of range", frame64(0x82, ~std::uint64_t{0}), Errc::length_out_of_range, 1002},
      {"a fragmented ping", frame(0x09, "a"), Errc::fragmented_control, 1002},
      {"a ping of 126 bytes", frame(0x89, std::string(126, 'p')), Errc::control_too_long, 1002},
      {"a continuation of nothing", frame(0x80, "a"), Errc::unexpected_continuation, 1002},
      {"a message within a message", frame(0x01, "a") + frame(0x81, "b"), Errc::interrupted_message,
       1002},
      {"a Close frame of one byte", frame(0x88, "\x03"), Errc::invalid_close_payload, 1002},
      {"close code 1006", close_frame(1006), Errc::invalid_close_code, 1002},
      {"a close reason that is not UTF-8", close_frame(1000, "\xff"), Errc::invalid_utf8, 1007},
      {"text that is not UTF-8", frame(0x81, "\xff"), Errc::invalid_utf8, 1007},
      {"a message too big", frame64(0x82, std::uint64_t{1} << 40U), Errc::message_too_big, 1009}};
}

// 7.1.7: "An endpoint MUST NOT continue to attempt to process data (including a responding Close
// frame) from the remote endpoint after being instructed to _Fail the WebSocket Connection_."
std::vector<Case> what_follows() {
  struct Following {
    const char* what;
    std::string bytes;
  };
  const Following followings[] = {
      {"a right message", frame(0x81, "behind")},
      {"a ping", frame(0x89, "behind")},
      {"a Close frame", close_frame(1000, "bye")},
      {"another violation", frame(0x81, "\xff") + frame(0xf3, "x") + frame(0x80, "y")},
      {"100000 bytes of garbage", std::string(100'000, '\xa5')}};
  std::vector<Case> cases;
  for (const Violation& violation : violations()) {
    for (const Following& following : followings) {
      cases.push_back({.name = "RFC 6455 7.1.7: "s + following.what + " behind " + violation.what +
                               " changes nothing: one error, one Close frame",
                       .server = {send(frame(0x81, "before") + violation.bytes + following.bytes)},
                       .delivered = {text("before")},
                       .end = fails(violation.error, violation.code)});
    }
    cases.push_back({.name = "RFC 6455 7.1.7: an end of TCP behind "s + violation.what +
                             " changes nothing: the violation is what is told",
                     .server = {send(violation.bytes), end_of_stream()},
                     .end = fails(violation.error, violation.code)});
  }
  auto impatient = patient();
  impatient.close_timeout = support::Milliseconds(50);
  cases.push_back({.name = "RFC 6455 7.1.1: a server that never ends TCP after a violation is left",
                   .server = {stay(), send(frame(0xc1, "a"))},
                   .end = fails(Errc::reserved_bits, 1002),
                   .options = impatient});
  return cases;
}
const bool following_registered = add_rows(suite, __FILE__, __LINE__, what_follows());

// The same objects, once failed, once used as if nothing had happened.
void fails_and_works_again(const Violation& violation) {
  const Case bad{
      .name = {}, .server = {send(violation.bytes)}, .end = fails(violation.error, violation.code)};
  const Case good{.name = {},
                  .server = {send(frame(0x01, "a") + frame(0x89, "p")), expect(10, "p"),
                             send(frame(0x80, "b") + close_frame(1001, "bye"))},
                  .delivered = {ping("p"), text("ab")},
                  .end = closed_by_server(1001, "bye")};
  websocket::WebSocketApp app(server().url(), patient());
  websocket::WebSocketApp streaming(server().url(), patient());
  websocket::WebSocket socket(patient());
  for (const Case* row : {&bad, &good, &bad, &good}) {
    play(*row, Face::app, Chunking::whole, [&] { return talk(app, *row, Face::app); });
    for (const Face face : {Face::streaming, Face::pieces}) {
      play(*row, face, Chunking::whole, [&] { return talk(streaming, *row, face); });
    }
    play(*row, Face::client, Chunking::whole, [&] { return talk(socket, server().url(), *row); });
  }
}

const bool again_registered = [] {
  for (const Violation& violation : violations()) {
    add_row(suite, __FILE__, __LINE__,
            "RFC 6455 7.1.7: after "s + violation.what + " the next connection works",
            [violation] { fails_and_works_again(violation); });
  }
  return true;
}();

}  // namespace
