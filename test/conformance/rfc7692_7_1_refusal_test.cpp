// RFC 7692 5.1 and 7.1: "A client MUST _Fail the WebSocket Connection_ if the peer server accepted an
// extension negotiation offer with an extension negotiation response" that does not fit it. RFC 6455
// 7.4.1: 1010 is the code.
#include <string>
#include <utility>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;

namespace {

const char* suite = "RFC 7692 7.1 refused answers";

constexpr const char* all_parameters[] = {"server_no_context_takeover",
                                          "client_no_context_takeover", "server_max_window_bits",
                                          "client_max_window_bits"};

struct Refused {
  std::string name;
  std::string lines;  // of the answer, each with its CR LF
  websocket::ConnectOptions options = patient();
};

bool add_refused(unsigned line, const std::vector<Refused>& rows) {
  std::vector<Case> cases;
  for (const Refused& row : rows) {
    cases.push_back({.name = row.name,
                     .end = refused_extension(),
                     .options = row.options,
                     .more_lines = row.lines});
  }
  return add_rows(suite, __FILE__, line, std::move(cases));
}

std::string field(std::string_view value) {
  return "Sec-WebSocket-Extensions: " + std::string(value) + "\r\n";
}

// 7.1: "The negotiation response contains an extension parameter with an invalid value."
// 7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
std::vector<Refused> invalid_windows() {
  std::vector<Refused> rows;
  for (const std::string name : {"server_max_window_bits", "client_max_window_bits"}) {
    for (const char* value : {"0",
                              "1",
                              "7",
                              "16",
                              "99",
                              "015",
                              "08",
                              "-9",
                              "+9",
                              "9.0",
                              "0x9",
                              "10a",
                              "ten",
                              "1e1",
                              "\"\"",
                              "\"7\"",
                              "\"16\"",
                              "\"010\"",
                              "4294967306",
                              "18446744073709551626",
                              "1000000000000000000000000000010"}) {
      const std::string parameter = name + "=" + value;
      rows.push_back({"RFC 7692 7.1.2: " + parameter + " is no window", agreed("; " + parameter)});
    }
    rows.push_back(
        {"RFC 7692 7.1.2: " + name + " without a value is no answer", agreed("; " + name)});
    rows.push_back({"RFC 7692 7.1.2: " + name + " behind a right parameter is looked at, too",
                    agreed("; client_no_context_takeover; " + name + "=7")});
  }
  return rows;
}
const bool windows_registered = add_refused(__LINE__, invalid_windows());

// 7.1.1: the other two have no value.
std::vector<Refused> invalid_flags() {
  std::vector<Refused> rows;
  for (const std::string name : {"server_no_context_takeover", "client_no_context_takeover"}) {
    for (const char* value : {"1", "true", "false", "10", "\"\"", "\"true\""}) {
      rows.push_back({"RFC 7692 7.1.1: " + name + "=" + value + " has a value where none belongs",
                      agreed("; " + name + "=" + value)});
    }
  }
  return rows;
}
const bool flags_registered = add_refused(__LINE__, invalid_flags());

// 7.1: "The negotiation response contains multiple extension parameters with the same name."
std::vector<Refused> twice() {
  std::vector<Refused> rows;
  for (const std::string name : all_parameters) {
    const bool has_value = name.ends_with("bits");
    const std::string parameter = "; " + name + (has_value ? "=10" : "");
    rows.push_back(
        {"RFC 7692 7.1: " + name + " may not come twice", agreed(parameter + parameter)});
    rows.push_back({"RFC 7692 7.1: " + name + " may not come twice around another parameter",
                    agreed(parameter +
                           (name == "server_no_context_takeover" ? "; client_no_context_takeover"
                                                                 : "; server_no_context_takeover") +
                           parameter)});
    if (!has_value) continue;
    rows.push_back({"RFC 7692 7.1: " + name + " may not come twice with two values",
                    agreed(parameter + "; " + name + "=11")});
  }
  return rows;
}
const bool twice_registered = add_refused(__LINE__, twice());

// 7.1: "The negotiation response contains an extension parameter not defined for use in a response."
std::vector<Refused> undefined() {
  std::vector<Refused> rows;
  for (const char* parameter :
       {"x", "x=1", "max_window_bits=10", "window_bits=10", "no_context_takeover",
        "server-no-context-takeover", "server_max_window_bit=10", "client_max_window_bits2=10",
        "method=deflate", "permessage-deflate"}) {
    rows.push_back({"RFC 7692 7.1: the parameter "s + parameter + " is not defined",
                    agreed("; "s + parameter)});
  }
  rows.push_back({"RFC 7692 7.1: an undefined parameter behind right ones is not defined",
                  agreed("; server_no_context_takeover; server_max_window_bits=10; x=1")});
  return rows;
}
const bool undefined_registered = add_refused(__LINE__, undefined());

// 7.1: "The client does not support the configuration that the response represents": it is not the
// one that was asked for.
std::vector<Refused> not_as_asked() {
  const auto no_takeover = compressing({.server_no_context_takeover = true});
  const auto ten_bits = compressing({.server_max_window_bits = 10});
  const auto both = compressing({.server_no_context_takeover = true, .server_max_window_bits = 9});
  return {
      {"RFC 7692 7.1.1.1: server_no_context_takeover was asked for and is left out", agreed(),
       no_takeover},
      {"RFC 7692 7.1.1.1: server_no_context_takeover is left out among others",
       agreed("; client_no_context_takeover; server_max_window_bits=10"), no_takeover},
      {"RFC 7692 7.1.2.1: server_max_window_bits=10 was asked for and is left out", agreed(),
       ten_bits},
      {"RFC 7692 7.1.2.1: server_max_window_bits=10 was asked for and is 11",
       agreed("; server_max_window_bits=11"), ten_bits},
      {"RFC 7692 7.1.2.1: server_max_window_bits=10 was asked for and is 15",
       agreed("; server_max_window_bits=15"), ten_bits},
      {"RFC 7692 7.1.2.1: client_max_window_bits is no answer to server_max_window_bits",
       agreed("; client_max_window_bits=10"), ten_bits},
      {"RFC 7692 7.1: of two parameters asked for the first is left out",
       agreed("; server_max_window_bits=9"), both},
      {"RFC 7692 7.1: of two parameters asked for the second is left out",
       agreed("; server_no_context_takeover"), both},
  };
}
const bool asked_registered = add_refused(__LINE__, not_as_asked());

// RFC 6455 9.1 and 4.1: "if this header field indicates the use of an extension that was not present
// in the client's handshake ..., the client MUST _Fail the WebSocket Connection_."
std::vector<Refused> other_extensions() {
  const auto off = compressing({.enabled = false});
  return {
      {"RFC 6455 4.1: permessage-deflate that was not offered", agreed(), off},
      {"RFC 6455 4.1: permessage-deflate with parameters that was not offered",
       agreed("; client_no_context_takeover"), off},
      {"RFC 6455 4.1: an extension that was not offered", field("x-webkit-deflate-frame")},
      {"RFC 6455 4.1: an extension that was not offered, with our compression off",
       field("x-webkit-deflate-frame"), off},
      {"RFC 6455 4.1: an extension whose name only begins like ours", field("permessage-deflate2")},
      {"RFC 6455 4.1: an extension whose name only begins our name", field("permessage")},
      {"RFC 6455 4.1: an extension that was not offered behind ours",
       field("permessage-deflate, x-other")},
      {"RFC 6455 4.1: an extension that was not offered before ours",
       field("x-other; a=b, permessage-deflate")},
      {"RFC 6455 4.1: an extension that was not offered in a line of its own",
       agreed() + field("x-other")},
      {"RFC 6455 4.1: an extension that was not offered in a line before", field("bbf") + agreed()},
      {"RFC 7692 5: permessage-deflate twice in a line",
       field("permessage-deflate, permessage-deflate")},
      {"RFC 7692 5: permessage-deflate twice with other parameters",
       field("permessage-deflate; client_no_context_takeover, permessage-deflate")},
      {"RFC 7692 5: permessage-deflate in two lines", agreed() + agreed()},
      {"RFC 7692 5: permessage-deflate in two lines with other parameters",
       agreed("; server_max_window_bits=10") + agreed("; server_max_window_bits=11")},
  };
}
const bool other_registered = add_refused(__LINE__, other_extensions());

// RFC 6455 9.1: a client fails the connection where the field does not conform to the ABNF.
std::vector<Refused> malformed() {
  std::vector<Refused> rows;
  for (const char* value : {
           ";",
           "=",
           ";permessage-deflate",
           "permessage-deflate;",
           "permessage-deflate; ",
           "permessage-deflate;;",
           "permessage-deflate;, ",
           "permessage-deflate; ; server_no_context_takeover",
           "permessage-deflate server_no_context_takeover",
           "permessage-deflate; server_no_context_takeover client_no_context_takeover",
           "permessage-deflate; server_no_context_takeover=",
           "permessage-deflate; server_max_window_bits=",
           "permessage-deflate; server_max_window_bits= ; server_no_context_takeover",
           "permessage-deflate; server_max_window_bits==10",
           "permessage-deflate; server_max_window_bits=1 0",
           "permessage-deflate; server_max_window_bits=10 11",
           "permessage-deflate; =10",
           "permessage-deflate=10",
           "permessage-deflate; server_max_window_bits=\"10",
           "permessage-deflate; server_max_window_bits=\"",
           "permessage-deflate; server_max_window_bits=\"10\\",
           "permessage-deflate; server_max_window_bits=10\"",
           "permessage-deflate; server_max_window_bits=\"10\"11",
           "permessage-deflate; server_max_window_bits=\" 10\"",
           "permessage-deflate; server_max_window_bits=\"1 0\"",
           "permessage-deflate; server_max_window_bits='10'",
           "permessage-deflate; server_max_window_bits:10",
           "permessage-deflate; \"server_no_context_takeover\"",
           "\"permessage-deflate\"",
           "(permessage-deflate)",
           "permessage-deflate; server(no)context_takeover",
           "permessage-deflate; server_max_window_bits=<10>",
           "permessage/deflate",
           "permessage-deflate, ;",
           "permessage-deflate, =",
           "\x80",
           "permessage-deflate; b\xc3\xbcts=10",
       }) {
    rows.push_back({"RFC 6455 9.1: the answer \""s + value + "\" cannot be read", field(value)});
  }
  rows.push_back({"RFC 6455 9.1: an answer that cannot be read behind a right one",
                  agreed() + field("permessage-deflate;")});
  rows.push_back({"RFC 6455 9.1: an answer that cannot be read where nothing was offered",
                  field("permessage-deflate;"), compressing({.enabled = false})});
  rows.push_back({"RFC 6455 9.1: an answer of many parameters", agreed(repeated("; a=b", 20'000))});
  return rows;
}
const bool malformed_registered = add_refused(__LINE__, malformed());

// What the server sends in good faith is not delivered.
const bool behind_registered =
    add_rows(suite, __FILE__, __LINE__,
             {{.name = "RFC 7692 7.1: a message behind an answer that is refused is not delivered",
               .server = {send(frame(0x81, "too early"))},
               .end = refused_extension(),
               .more_lines = agreed("; x"),
               .cuts = {0}}});

}  // namespace
