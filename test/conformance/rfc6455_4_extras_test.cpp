// RFC 6455 4.1: subprotocols and extensions in the server's answer, the lines of HTTP around them
// (RFC 9110, RFC 9112), and frames glued behind the answer.
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 4 the answer's other lines";

ConnectOptions offering(std::vector<std::string> subprotocols) {
  auto options = patient();
  options.subprotocols = std::move(subprotocols);
  return options;
}

// 4.1, 6: "If the response includes a |Sec-WebSocket-Protocol| header field and this header field
// indicates the use of a subprotocol that was not present in the client's handshake [...], the client
// MUST _Fail the WebSocket Connection_."
std::vector<Case> subprotocols() {
  std::vector<Case> cases;
  const auto right = [&](const std::string& what, ConnectOptions options, const std::string& lines,
                         const std::string& chosen) {
    cases.push_back({.name = "RFC 6455 4.1: " + what,
                     .server = {send(close_frame(1000))},
                     .options = std::move(options),
                     .subprotocol = chosen,
                     .more_lines = lines});
  };
  const auto wrong = [&](const std::string& what, ConnectOptions options,
                         const std::string& lines) {
    cases.push_back({.name = "RFC 6455 4.1: " + what + " fails the handshake",
                     .end = refused(Errc::unexpected_subprotocol),
                     .options = std::move(options),
                     .more_lines = lines});
  };
  const std::string field = "Sec-WebSocket-Protocol: ";
  const auto two = offering({"chat", "superchat"});
  right("the only offered subprotocol may be chosen", offering({"chat"}), field + "chat\r\n",
        "chat");
  right("the first offered subprotocol may be chosen", two, field + "chat\r\n", "chat");
  right("the second offered subprotocol may be chosen", two, field + "superchat\r\n", "superchat");
  right("none of the offered subprotocols need be chosen", two, "", "");
  right("a chosen subprotocol may have white space around it", two, field + "\t chat \t\r\n",
        "chat");
  right("the field of the subprotocol may be in lower case", two,
        "sec-websocket-protocol: superchat\r\n", "superchat");
  right("a subprotocol of all the marks of a token may be chosen",
        offering({"!#$%&'*+-.^_`|~09aZ"}), field + "!#$%&'*+-.^_`|~09aZ\r\n",
        "!#$%&'*+-.^_`|~09aZ");
  wrong("a subprotocol where none was offered", patient(), field + "chat\r\n");
  wrong("another subprotocol than the offered one", offering({"chat"}), field + "talk\r\n");
  wrong("a subprotocol in another case", offering({"chat"}), field + "Chat\r\n");
  wrong("a prefix of an offered subprotocol", offering({"chat"}), field + "cha\r\n");
  wrong("an offered subprotocol with more behind it", offering({"chat"}), field + "chat2\r\n");
  wrong("both offered subprotocols", two, field + "chat, superchat\r\n");
  wrong("an offered subprotocol and a comma", two, field + "chat,\r\n");
  wrong("an offered subprotocol in quotes", two, field + "\"chat\"\r\n");
  wrong("an empty subprotocol where some were offered", two, field + "\r\n");
  wrong("an empty subprotocol where none was offered", patient(), field + "\r\n");
  // 11.3.4: it "MUST NOT appear more than once in an HTTP response."
  wrong("the same subprotocol in two fields", two, field + "chat\r\n" + field + "chat\r\n");
  wrong("two subprotocols in two fields", two, field + "chat\r\n" + field + "superchat\r\n");
  wrong("an offered and an unknown subprotocol in two fields", two,
        field + "chat\r\n" + field + "talk\r\n");
  return cases;
}
const bool subprotocols_registered = add_rows(suite, __FILE__, __LINE__, subprotocols());

// 4.1, 5: "If the response includes a |Sec-WebSocket-Extensions| header field and this header field
// indicates the use of an extension that was not present in the client's handshake [...], the client
// MUST _Fail the WebSocket Connection_." 9.1: "If a value is received by either the client or the
// server during negotiation that does not conform to the ABNF below, the recipient of such malformed
// data MUST immediately _Fail the WebSocket Connection_."
std::vector<Case> extensions() {
  std::vector<Case> cases;
  auto offering_none = patient();
  offering_none.compression.enabled = false;
  for (const std::string value : {"x-unknown", "permessage-deflate", "permessage-bzip2",
                                  "deflate-stream", "x-webkit-deflate-frame", "x-unknown; a=b",
                                  "x-unknown, permessage-deflate", ", x-unknown"}) {
    cases.push_back({.name = "RFC 6455 4.1: the extension \"" + value +
                             "\" that was not offered fails the handshake",
                     .end = refused_extension(),
                     .options = offering_none,
                     .more_lines = "Sec-WebSocket-Extensions: " + value + "\r\n"});
  }
  cases.push_back({.name =
                       "RFC 6455 4.1: an extension in the second field that was not offered fails "
                       "the handshake",
                   .end = refused_extension(),
                   .options = offering_none,
                   .more_lines = "Sec-WebSocket-Extensions: ,\r\nsec-websocket-extensions: x\r\n"});
  for (const std::string value :
       {"", ",", " , ,", ";", "=", "x y", "x;", "x; ;", "x; =b", "x; a=", "x; a=b c", "x; a=\"b",
        "x; a=\"\"", "x; a=\"b c\"", "\"x\"", "x; a; ,", "x/y"}) {
    cases.push_back({.name = "RFC 6455 9.1: the extensions \"" + value +
                             "\" that are none by the grammar fail the handshake",
                     .end = refused_extension(),
                     .options = offering_none,
                     .more_lines = "Sec-WebSocket-Extensions: " + value + "\r\n"});
  }
  return cases;
}
const bool extensions_registered = add_rows(suite, __FILE__, __LINE__, extensions());

std::string right_head(std::string_view accept, const std::string& first_lines,
                       const std::string& line_end = "\r\n") {
  return "HTTP/1.1 101 Switching Protocols" + line_end + first_lines + "Upgrade: websocket" +
         line_end + "Connection: Upgrade" + line_end +
         "Sec-WebSocket-Accept: " + std::string(accept) + line_end + line_end;
}

// RFC 9112 5: field-line = field-name ":" OWS field-value OWS
std::vector<Case> lines_taken() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, const std::string& first_lines,
                       const std::string& line_end = "\r\n") {
    cases.push_back({.name = name,
                     .server = {send(frame(0x81, "hello") + close_frame(1000))},
                     .delivered = {text("hello")},
                     .answer = [=](std::string_view accept) {
                       return right_head(accept, first_lines, line_end);
                     }});
  };
  add("RFC 9110 5.1: unknown header fields are ignored", "Server: x\r\nX-Y: z\r\nDate: now\r\n");
  add("RFC 9110 5.5: an empty header field is taken", "X-Empty:\r\nX-White: \t \r\n");
  add("RFC 9110 5.5: a header field may hold bytes above 7F", "X-Text: \xc3\xa4\xff\x80\r\n");
  add("RFC 9110 5.5: a header field may hold tabs and quotes", "X-Text: a\tb \"c:d\" (e)\r\n");
  add("RFC 9110 5.6.2: a field's name may hold all the marks of a token",
      "!#$%&'*+-.^_`|~09aZ: x\r\n");
  add("RFC 9110 5.2: a field may come twice", "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n");
  add("RFC 9110 5.5: a header field of 8000 bytes is taken",
      "X: " + std::string(8000, 'x') + "\r\n");
  // RFC 9112 2.2: "a recipient MAY recognize a single LF as a line terminator and ignore any
  // preceding CR."
  add("RFC 9112 2.2: a head whose lines end with LF alone is taken", "", "\n");
  add("RFC 9112 2.2: a single line that ends with LF alone is taken", "X: y\n");
  // RFC 9112 5.2: "A user agent that receives an obs-fold in a response message that is not within a
  // "message/http" container MUST replace each received obs-fold with one or more SP octets prior
  // to interpreting the field value".
  add("RFC 9112 5.2: a folded line that begins with a space is part of the field before",
      "X-Folded: a\r\n b\r\n");
  add("RFC 9112 5.2: a folded line that begins with a tab is part of the field before",
      "X-Folded: a\r\n\tb\r\n \tc\r\n");
  cases.push_back({.name = "RFC 9112 5.2: a folded Connection is the list it would be on one line",
                   .server = {send(close_frame(1000))},
                   .answer = [](std::string_view accept) {
                     return "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: keep-alive,\r\n"
                            " Upgrade\r\nSec-WebSocket-Accept: " +
                            std::string(accept) + "\r\n\r\n";
                   }});
  // RFC 9112 6.3: a 1xx answer "is always terminated by the first empty line after the header
  // fields, regardless of the header fields present in the message, and thus cannot contain a
  // message body".
  add("RFC 9112 6.3: a Content-Length in an answer 101 means nothing", "Content-Length: 4\r\n");
  add("RFC 9112 6.3: a Transfer-Encoding in an answer 101 means nothing",
      "Transfer-Encoding: chunked\r\n");
  return cases;
}
const bool taken_registered = add_rows(suite, __FILE__, __LINE__, lines_taken());

std::vector<Case> lines_refused() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, const std::string& first_lines,
                       End end = refused(Errc::invalid_response)) {
    cases.push_back(
        {.name = name + " fails the handshake",
         .end = std::move(end),
         .answer = [=](std::string_view accept) { return right_head(accept, first_lines); }});
  };
  add("RFC 9112 5: a line without a colon", "no colon here\r\n");
  add("RFC 9112 5: a line of one word", "word\r\n");
  add("RFC 9112 5: a field without a name", ": value\r\n");
  add("RFC 9112 5.1: white space between a field's name and its colon", "X : y\r\n");
  add("RFC 9112 5.1: a tab between a field's name and its colon", "X\t: y\r\n");
  add("RFC 9110 5.6.2: a space within a field's name", "X Y: z\r\n");
  add("RFC 9110 5.6.2: a quote within a field's name", "X\"Y\": z\r\n");
  add("RFC 9110 5.6.2: a byte above 7F within a field's name", "X\xc3\xa4: z\r\n");
  add("RFC 9110 5.5: a NUL within a field's value", "X: a\0b\r\n"s);
  add("RFC 9110 5.5: a NUL within a field's name", "X\0: b\r\n"s);
  add("RFC 9110 5.5: a control character within a field's value",
      "X: a\x01"
      "b\r\n");
  add("RFC 9112 2.2: a CR alone within a field's value", "X: a\rb\r\n");
  add("RFC 9112 2.2: a CR before the line's end", "X: a\r\r\n");
  add("RFC 9112 2.2: white space before the first field", " X: y\r\n");
  add("RFC 6455 4.1: an empty line before the headers", "\r\n", refused(Errc::invalid_upgrade));
  struct Row {
    const char* name;
    std::string bytes;
    Errc error;
  };
  const Row rows[] = {
      {"RFC 6455 4.1: no answer at all", "", Errc::handshake_closed},
      {"RFC 6455 4.1: an answer that ends within the status line", "HTTP/1.1 10",
       Errc::handshake_closed},
      {"RFC 6455 4.1: an answer that ends within a field",
       "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnec", Errc::handshake_closed},
      {"RFC 6455 4.1: an answer that ends before the empty line",
       "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", Errc::handshake_closed},
      {"RFC 6455 4.1: an answer that is a frame", frame(0x81, "hello"), Errc::invalid_response},
      {"RFC 6455 4.1: an answer that is a Close frame", close_frame(1000), Errc::invalid_response},
      {"RFC 6455 4.1: an answer of NULs", std::string(100, '\0'), Errc::invalid_response},
      {"RFC 6455 4.1: an answer of another protocol", "220 ready\r\n", Errc::invalid_response}};
  for (const auto& [name, bytes, error] : rows) {
    cases.push_back({.name = name + " fails the handshake"s,
                     .server = {end_of_stream()},
                     .end = refused(error),
                     .answer = [answer = bytes](std::string_view) { return answer; }});
  }
  return cases;
}
const bool refused_registered = add_rows(suite, __FILE__, __LINE__, lines_refused());

// 4.2.2: once the answer is sent the server "considers the WebSocket connection to be established", so
// its frames may come in one segment with the answer, wherever TCP cuts that.
std::vector<Case> glued() {
  std::vector<Case> cases;
  const std::string frames = frame(0x81, "hello") + frame(0x02, "a") + frame(0x89, "p") +
                             frame(0x80, "b") + frame(0x81, "\xe2\x82\xac") +
                             close_frame(1001, "bye");
  for (std::ptrdiff_t cut = -12; cut <= static_cast<std::ptrdiff_t>(frames.size()); ++cut) {
    cases.push_back({.name = "RFC 6455 4.2.2: frames glued to the answer, cut " +
                             std::to_string(cut) + " bytes behind its end, are all received",
                     .server = {send(frames)},
                     .delivered = {text("hello"), ping("p"), binary("ab"), text("\xe2\x82\xac")},
                     .end = closed_by_server(1001, "bye"),
                     .cuts = {cut}});
  }
  const std::ptrdiff_t pairs[][2] = {{-4, 0}, {-3, 1}, {-2, 2}, {-1, 1}, {-1, 7},  {0, 1},
                                     {0, 7},  {1, 2},  {2, 8},  {7, 10}, {-60, 3}, {-120, 20}};
  for (const auto& [first, second] : pairs) {
    cases.push_back({.name = "RFC 6455 4.2.2: frames glued to the answer, cut at " +
                             std::to_string(first) + " and " + std::to_string(second) +
                             ", are all received",
                     .server = {send(frames)},
                     .delivered = {text("hello"), ping("p"), binary("ab"), text("\xe2\x82\xac")},
                     .end = closed_by_server(1001, "bye"),
                     .cuts = {first, second}});
  }
  const std::string big(100'000, 'g');
  cases.push_back({.name = "RFC 6455 4.2.2: 100000 bytes glued to the answer are all received",
                   .server = {send(frame(0x82, big) + close_frame(1000))},
                   .delivered = {binary(big)}});
  return cases;
}
const bool glued_registered = add_rows(suite, __FILE__, __LINE__, glued());

}  // namespace
