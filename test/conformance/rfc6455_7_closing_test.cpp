// RFC 6455 5.5.1 and chapter 7: Close frames, their codes and reasons, who begins, and what follows
// a violation.
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

const char* suite = "RFC 6455 7 closing";

// 7.4.1 lists 1000-1003 and 1007-1011 and reserves 1004; 1005, 1006 and 1015 "MUST NOT be set as a
// status code in a Close control frame by an endpoint". IANA's registry adds 1012-1014. 7.4.2: "0-999
// are not used", 1000-2999 "are reserved for definition by this protocol", 3000-4999 are for use.
std::vector<Case> codes() {
  std::vector<Case> cases;
  for (const unsigned code :
       {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
        1013U, 1014U, 3000U, 3001U, 3500U, 3999U, 4000U, 4001U, 4500U, 4999U}) {
    const auto value = static_cast<std::uint16_t>(code);
    // 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code
    // it received."
    cases.push_back(
        {.name = "RFC 6455 7.4: the server's code " + std::to_string(code) + " is told and echoed",
         .server = {send(frame(0x81, "before") + close_frame(value))},
         .delivered = {text("before")},
         .end = closed_by_server(value)});
    cases.push_back({.name = "RFC 6455 7.1.6: the server's reason with code " +
                             std::to_string(code) + " is told",
                     .server = {send(close_frame(value, "words"))},
                     .end = closed_by_server(value, "words")});
  }
  for (const unsigned code :
       {0U,    1U,    255U,  256U,   500U,   998U,   999U,   1004U,  1005U, 1006U, 1015U,
        1016U, 1017U, 1099U, 1100U,  1500U,  1999U,  2000U,  2001U,  2500U, 2998U, 2999U,
        5000U, 5001U, 9999U, 10000U, 32767U, 32768U, 59395U, 65534U, 65535U}) {
    const auto value = static_cast<std::uint16_t>(code);
    const std::string which = "a Close frame with code " + std::to_string(code);
    cases.push_back({.name = "RFC 6455 7.4: " + which + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + close_frame(value))},
                     .delivered = {text("before")},
                     .end = fails(Errc::invalid_close_code, 1002)});
  }
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U}) {
    cases.push_back({.name = "RFC 6455 7.4: a Close frame with code " + std::to_string(code) +
                             " and a reason fails the connection with 1002",
                     .server = {send(close_frame(static_cast<std::uint16_t>(code), "words"))},
                     .end = fails(Errc::invalid_close_code, 1002)});
  }
  return cases;
}
const bool codes_registered = add_rows(suite, __FILE__, __LINE__, codes());

// 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in
// network byte order) representing a status code [...]. Following the 2-byte integer, the body MAY
// contain UTF-8-encoded data".
std::vector<Case> bodies() {
  std::vector<Case> cases;
  // 7.1.5: "If this Close control frame contains no status code, _The WebSocket Connection Close
  // Code_ is considered to be 1005."
  cases.push_back({.name =
                       "RFC 6455 7.1.5: a Close frame without a body is 1005 and is answered by "
                       "one without a body",
                   .server = {send(frame(0x88))},
                   .end = closed_by_server(1005)});
  for (const unsigned byte : {0x00U, 0x03U, 0xe8U, 0xffU}) {
    cases.push_back({.name = "RFC 6455 5.5.1: a Close frame whose body is the byte " +
                             hex(raw({byte})) + " fails the connection with 1002",
                     .server = {send(frame(0x88, raw({byte})))},
                     .end = fails(Errc::invalid_close_payload, 1002)});
  }
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 63U, 64U, 121U, 122U, 123U}) {
    const std::string reason(size, 'r');
    cases.push_back({.name = "RFC 6455 5.5.1: a reason of " + std::to_string(size) +
                             " bytes comes as it was sent",
                     .server = {send(close_frame(1000, reason))},
                     .end = closed_by_server(1000, reason)});
  }
  for (const std::size_t size : {124U, 125U, 126U, 1000U}) {
    cases.push_back({.name = "RFC 6455 5.5: a reason of " + std::to_string(size) +
                             " bytes fails the connection with 1002",
                     .server = {send(close_frame(1000, std::string(size, 'r')))},
                     .end = fails(Errc::control_too_long, 1002)});
  }
  struct Reason {
    const char* what;
    std::string bytes;
  };
  std::string full = "x";  // 123 bytes, the last character of two bytes
  while (full.size() < 123) full += "\xc3\xa4";
  const Reason valid[] = {
      {"with characters of one to four bytes", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"of 123 bytes that ends with a character of two bytes", full},
      {"with a NUL", "a\0b"s},
      {"with the last character there is", "\xf4\x8f\xbf\xbf"},
      {"with line breaks", "a\r\nb"}};
  for (const auto& [what, reason] : valid) {
    cases.push_back({.name = "RFC 6455 5.5.1: a reason "s + what + " comes as it was sent",
                     .server = {send(close_frame(1001, reason))},
                     .end = closed_by_server(1001, reason)});
  }
  const Reason invalid[] = {
      {"of one byte FF", "\xff"},
      {"of one byte 80", "\x80"},
      {"cut within a character of two bytes", "abc\xc3"},
      {"cut within a character of three bytes", "abc\xe2\x82"},
      {"cut within a character of four bytes", "abc\xf0\x9f\x98"},
      {"of 123 bytes cut within its last character", std::string(121, 'r') + "\xe2\x82"},
      {"with a surrogate", "\xed\xa0\x80"},
      {"with an overlong NUL", "\xc0\x80"s},
      {"with an overlong slash of three bytes", "\xe0\x80\xaf"s},
      {"with a character above 10FFFF", "\xf4\x90\x80\x80"s},
      {"with a lone byte in its middle",
       "abc\xbf"
       "def"}};
  for (const auto& [what, reason] : invalid) {
    // 8.1: "a byte stream [that] is not, in fact, a valid UTF-8 stream"; 7.4.1: 1007.
    cases.push_back({.name = "RFC 6455 8.1: a reason "s + what + " fails the connection with 1007",
                     .server = {send(close_frame(1000, reason))},
                     .end = fails(Errc::invalid_utf8, 1007)});
  }
  return cases;
}
const bool bodies_registered = add_rows(suite, __FILE__, __LINE__, bodies());

// 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame." 1.4: "After
// receiving a control frame indicating the connection should be closed, a peer discards any further
// data received."
std::vector<Case> behind_close() {
  struct Row {
    const char* what;
    std::string bytes;
  };
  const Row rows[] = {{"a text message", frame(0x81, "late")},
                      {"a binary message", frame(0x82, "late")},
                      {"a ping", frame(0x89, "late")},
                      {"a pong", frame(0x8a, "late")},
                      {"another Close frame", close_frame(1001, "other words")},
                      {"a half frame", raw({0x81, 100})},
                      {"a frame with reserved bits", frame(0xf1, "late")},
                      {"a masked frame", masked_frame(0x81, 7, "late")},
                      {"text that is not UTF-8", frame(0x81, "\xff")},
                      {"a length out of range", frame64(0x82, ~std::uint64_t{0})},
                      {"100000 bytes of garbage", std::string(100'000, '\xff')}};
  std::vector<Case> cases;
  for (const auto& [what, bytes] : rows) {
    cases.push_back({.name = "RFC 6455 1.4: "s + what + " behind a Close frame is discarded",
                     .server = {send(frame(0x81, "before") + close_frame(1000, "bye") + bytes)},
                     .delivered = {text("before")},
                     .end = closed_by_server(1000, "bye")});
  }
  return cases;
}
const bool behind_registered = add_rows(suite, __FILE__, __LINE__, behind_close());

// 7.1.2, _Start the WebSocket Closing Handshake_: by us. 7.1.5: the code is the one in the first
// Close frame received.
std::vector<Case> begun_by_us() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::vector<Step> server, ClientClose closing,
                       End end) {
    cases.push_back({.name = "RFC 6455 7.1.2: " + what,
                     .server = std::move(server),
                     .end = std::move(end),
                     .client_closes = std::move(closing)});
  };
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    const auto value = static_cast<std::uint16_t>(code);
    add("our code " + std::to_string(code) + " arrives, and the same in answer is clean",
        {expect(8, close_payload(value, "our words")), send(close_frame(value, "their words"))},
        {.code = value, .reason = "our words"}, closed_by_us(value, value, "their words"));
  }
  for (const std::size_t size : {0U, 1U, 122U, 123U}) {
    const std::string reason(size, 'r');
    add("our reason of " + std::to_string(size) + " bytes arrives as it is",
        {expect(8, close_payload(1000, reason)), send(close_frame(1000))}, {.reason = reason},
        closed_by_us(1000, 1000));
  }
  add("another code in answer is told",
      {expect(8, close_payload(1000)), send(close_frame(4001, "no"))}, {},
      closed_by_us(1000, 4001, "no"));
  add("an answer without a body is 1005", {expect(8, close_payload(1000)), send(frame(0x88))}, {},
      closed_by_us(1000, 1005));
  add("what comes behind the answer is discarded",
      {expect(8, close_payload(1000)), send(close_frame(1000) + frame(0x81, "late"))}, {},
      closed_by_us(1000, 1000));
  add("a second answer changes nothing",
      {expect(8, close_payload(1000)), send(close_frame(1000, "1") + close_frame(1001, "2"))}, {},
      closed_by_us(1000, 1000, "1"));
  add("an end of TCP in place of an answer is 1006 and no error",
      {expect(8, close_payload(1000)), end_of_stream()}, {}, closed_without_answer(1000));
  add("an end of TCP within the answer is 1006 and no error",
      {expect(8, close_payload(1000)), send(raw({0x88, 5, 0x03})), end_of_stream()}, {},
      closed_without_answer(1000));
  cases.push_back({.name =
                       "RFC 6455 7.1.2: closing in the middle of the server's fragmented message "
                       "is clean",
                   .server = {send(frame(0x81, "now") + frame(0x01, "half of")),
                              expect(8, close_payload(1000)), send(close_frame(1000))},
                   .delivered = {text("now")},
                   .end = closed_by_us(1000, 1000),
                   .client_closes = ClientClose{.after_messages = 1}});
  auto impatient = patient();
  impatient.close_timeout = support::Milliseconds(50);
  cases.push_back({.name = "RFC 6455 7.1.1: a server that never answers our Close frame is left",
                   .server = {expect(8, close_payload(1000)), stay()},
                   .end = closed_without_answer(1000),
                   .options = impatient,
                   .client_closes = ClientClose{}});
  cases.push_back({.name = "RFC 6455 7.1.1: a server that never ends TCP after its Close frame is "
                           "left",
                   .server = {stay(), send(close_frame(1000, "bye"))},
                   .end = closed_by_server(1000, "bye"),
                   .options = impatient});
  return cases;
}
const bool by_us_registered = add_rows(suite, __FILE__, __LINE__, begun_by_us());

// 7.1.5: "If _The WebSocket Connection is Closed_ and no Close control frame was received by the
// endpoint [...], _The WebSocket Connection Close Code_ is considered to be 1006."
std::vector<Case> ends_of_tcp() {
  struct Row {
    const char* what;
    std::string bytes;
    std::vector<Delivery> delivered;
  };
  const std::vector<Row> rows = {{"at once", "", {}},
                                 {"after a message", frame(0x81, "a"), {text("a")}},
                                 {"after one byte of a frame", raw({0x81}), {}},
                                 {"within a 16-bit length", raw({0x81, 126, 1}), {}},
                                 {"within a 64-bit length", raw({0x81, 127, 0, 0, 0}), {}},
                                 {"behind a frame's header", raw({0x81, 5}), {}},
                                 {"within a payload", raw({0x81, 5}) + "he", {}},
                                 {"within a ping", raw({0x89, 5}) + "he", {}},
                                 {"within a Close frame", raw({0x88, 2, 0x03}), {}},
                                 {"between two fragments", frame(0x01, "a"), {}},
                                 {"within a character", frame(0x01, "\xe2\x82"), {}}};
  std::vector<Case> cases;
  for (const auto& [what, bytes, delivered] : rows) {
    cases.push_back({.name = "RFC 6455 7.1.5: an end of TCP "s + what + " is 1006",
                     .server = {send(bytes), end_of_stream()},
                     .delivered = delivered,
                     .end = lost()});
  }
  return cases;
}
const bool ends_registered = add_rows(suite, __FILE__, __LINE__, ends_of_tcp());

}  // namespace
