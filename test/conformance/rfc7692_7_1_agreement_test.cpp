// RFC 7692 5 and 7.1: which answers to our offer are taken, and what they then mean.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/face.hpp"
#include "conformance/play.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::CompressionOptions;

namespace {

const char* suite = "RFC 7692 7.1 agreement";

// What each side compresses is large enough to be referred to, and referred to from the next.
const std::string first = noise(700);
const std::string second = "again: " + first;

struct Taken {
  std::string what;
  std::string lines;
  Sending ours{};  // what the client has to keep to
  CompressionOptions offered{};
  int server_window_bits = 15;
  bool server_context_ends = false;
};

// The server sends two messages as it may after that answer, and so does the client.
Case conversation(const Taken& row) {
  Deflating deflating(row.server_window_bits);
  std::string from_server = frame(0xc2, deflating.message(first));
  if (row.server_context_ends) deflating.reset();
  from_server += frame(0xc2, deflating.message(second));
  Case result{.name = "RFC 7692 7.1: "s + row.what,
              .server = {send(from_server)},
              .delivered = {binary(first), binary(second)},
              .options = compressing(row.offered),
              .client_sends = {binary(first), text(repeated("text ", 300)), binary(second)},
              .more_lines = row.lines,
              .reserved_bits_allowed = 4};
  for (Step& step : expect_messages(result.client_sends, row.ours)) {
    result.server.push_back(std::move(step));
  }
  result.server.push_back(send(close_frame(1000)));
  return result;
}

bool add_taken(unsigned line, const std::vector<Taken>& rows) {
  std::vector<Case> cases;
  for (const Taken& row : rows) cases.push_back(conversation(row));
  return add_rows(suite, __FILE__, line, std::move(cases));
}

std::string number(int bits) { return std::to_string(bits); }

// ---- the four parameters, not asked for

std::vector<Taken> parameters() {
  std::vector<Taken> rows{
      {.what = "an answer without parameters is taken", .lines = agreed()},
      // 7.1.1.1: "A server may include the "server_no_context_takeover" extension parameter in an
      // extension negotiation response even if the extension negotiation offer being accepted by
      // the extension negotiation response didn't include" it.
      {.what = "server_no_context_takeover may come unasked",
       .lines = agreed("; server_no_context_takeover"),
       .server_context_ends = true},
      // 7.1.1.2: "Absence of this parameter ... indicates that the server can decompress a message
      // built by the client using context takeover."
      {.what = "client_no_context_takeover may come unasked, and is obeyed",
       .lines = agreed("; client_no_context_takeover"),
       .ours = {.no_context_takeover = true}},
      {.what = "all four parameters at once are taken and obeyed",
       .lines = agreed("; server_no_context_takeover; client_no_context_takeover; "
                       "server_max_window_bits=9; client_max_window_bits=10"),
       .ours = {.window_bits = 10, .no_context_takeover = true},
       .server_window_bits = 9,
       .server_context_ends = true},
      {.what = "the parameters may come in another order",
       .lines = agreed("; client_max_window_bits=12; client_no_context_takeover; "
                       "server_max_window_bits=13; server_no_context_takeover"),
       .ours = {.window_bits = 12, .no_context_takeover = true},
       .server_window_bits = 13,
       .server_context_ends = true},
  };
  for (int bits = 8; bits <= 15; ++bits) {
    // 7.1.2.1: "A server may include the "server_max_window_bits" extension parameter in an
    // extension negotiation response even if the extension negotiation offer being accepted by the
    // response didn't include" it.
    rows.push_back({.what = "server_max_window_bits=" + number(bits) + " may come unasked",
                    .lines = agreed("; server_max_window_bits=" + number(bits)),
                    .server_window_bits = bits});
    // 7.1.2.2: we said that we understand it.
    rows.push_back({.what = "client_max_window_bits=" + number(bits) + " is obeyed",
                    .lines = agreed("; client_max_window_bits=" + number(bits)),
                    .ours = {.window_bits = bits}});
  }
  return rows;
}
const bool parameters_registered = add_taken(__LINE__, parameters());

// ---- how an answer may be written

// RFC 6455 9.1: extension-param = token [ "=" (token | quoted-string) ], with white space between
// all of them (RFC 2616 2.1), and empty elements in lists (RFC 9110 5.6.1.2).
std::vector<Taken> ways_of_writing() {
  const Sending ten{.window_bits = 10};
  const std::string field = "Sec-WebSocket-Extensions: ";
  return {
      {"a quoted number is a number", agreed("; client_max_window_bits=\"10\""), ten},
      {"a quoted number with a backslash is a number", agreed("; client_max_window_bits=\"1\\0\""),
       ten},
      {"there may be no white space at all",
       "Sec-WebSocket-Extensions:permessage-deflate;"
       "client_max_window_bits=10;client_no_context_takeover\r\n",
       {.window_bits = 10, .no_context_takeover = true}},
      {"there may be white space everywhere",
       field + " \t permessage-deflate \t;\t client_no_context_takeover  ;  "
               "client_max_window_bits \t=  10 \t\r\n",
       {.window_bits = 10, .no_context_takeover = true}},
      {"there may be white space around a quoted number",
       agreed(" ; client_max_window_bits = \"10\"\t"), ten},
      {"empty elements of the list are nothing",
       field + ", ,permessage-deflate; client_max_window_bits=10,, \t,\r\n", ten},
      {"the header's name may be in capitals",
       "SEC-WEBSOCKET-EXTENSIONS: permessage-deflate; client_max_window_bits=10\r\n", ten},
      {"the header's name may be in small letters",
       "sec-websocket-extensions: permessage-deflate; client_max_window_bits=10\r\n", ten},
      {"other lines around it change nothing",
       "X-Before: permessage-deflate; server_max_window_bits=99\r\n" +
           agreed("; client_max_window_bits=10") + "X-Extensions: x-other\r\n",
       ten},
  };
}
const bool writing_registered = add_taken(__LINE__, ways_of_writing());

// ---- what we asked for

std::vector<Taken> asked_for() {
  const Sending resets{.no_context_takeover = true};
  std::vector<Taken> rows{
      {.what = "server_no_context_takeover, asked for and given, is taken",
       .lines = agreed("; server_no_context_takeover"),
       .offered = {.server_no_context_takeover = true},
       .server_context_ends = true},
      {.what = "server_max_window_bits, asked for and given, is taken",
       .lines = agreed("; server_max_window_bits=10"),
       .offered = {.server_max_window_bits = 10},
       .server_window_bits = 10},
      // 7.1.2.1: "with the same or smaller value as the offer".
      {.what = "server_max_window_bits smaller than asked for is taken",
       .lines = agreed("; server_max_window_bits=8"),
       .offered = {.server_max_window_bits = 10},
       .server_window_bits = 8},
      // 7.1.1.2: the client "can inform the peer server that ... the client is not going to use
      // context takeover" whatever the server says to it.
      {.what = "client_no_context_takeover, said and confirmed, is kept to",
       .lines = agreed("; client_no_context_takeover"),
       .ours = resets,
       .offered = {.client_no_context_takeover = true}},
      {.what = "client_no_context_takeover, said and not confirmed, is kept to",
       .lines = agreed(),
       .ours = resets,
       .offered = {.client_no_context_takeover = true}},
      // 7.1.2.2: likewise; "the server may either ignore this value or use" it.
      {.what = "client_max_window_bits, said and confirmed, is kept to",
       .lines = agreed("; client_max_window_bits=9"),
       .ours = {.window_bits = 9},
       .offered = {.client_max_window_bits = 9}},
      {.what = "client_max_window_bits, said and not confirmed, is kept to",
       .lines = agreed(),
       .ours = {.window_bits = 9},
       .offered = {.client_max_window_bits = 9}},
      {.what = "client_max_window_bits=8, said and not confirmed, is kept to",
       .lines = agreed(),
       .ours = {.window_bits = 8},
       .offered = {.client_max_window_bits = 8}},
      {.what = "client_max_window_bits smaller than we said is obeyed",
       .lines = agreed("; client_max_window_bits=8"),
       .ours = {.window_bits = 8},
       .offered = {.client_max_window_bits = 12}},
      {.what = "client_max_window_bits larger than we said does not let us use more",
       .lines = agreed("; client_max_window_bits=15"),
       .ours = {.window_bits = 9},
       .offered = {.client_max_window_bits = 9}},
      {.what = "all that was asked for, given, is taken and kept to",
       .lines = agreed("; server_no_context_takeover; client_no_context_takeover; "
                       "server_max_window_bits=9; client_max_window_bits=9"),
       .ours = {.window_bits = 9, .no_context_takeover = true},
       .offered = {.client_no_context_takeover = true,
                   .server_no_context_takeover = true,
                   .client_max_window_bits = 9,
                   .server_max_window_bits = 9},
       .server_window_bits = 9,
       .server_context_ends = true},
  };
  return rows;
}
const bool asked_registered = add_taken(__LINE__, asked_for());

// ---- no agreement

// 5.1: a server that does not name it has declined.
std::vector<Case> declined() {
  const std::vector<Delivery> messages{text(repeated("plain ", 300)), binary(first)};
  const auto plain = [&](const std::string& what, std::string lines, CompressionOptions offered) {
    Case row{.name = "RFC 7692 5.1: " + what,
             .server = {send(frame(0x81, "plain"))},
             .delivered = {text("plain")},
             .options = compressing(offered),
             .client_sends = messages,
             .more_lines = std::move(lines)};
    for (const Delivery& each : messages) {
      row.server.push_back(expect(each.kind == Kind::text ? 1 : 2, each.data));
    }
    row.server.push_back(send(close_frame(1000)));
    return row;
  };
  return {plain("a server that declines is talked to without compression", "", {}),
          plain("a server that declines all parameters is talked to without compression", "",
                {.client_no_context_takeover = true,
                 .server_no_context_takeover = true,
                 .client_max_window_bits = 9,
                 .server_max_window_bits = 9}),
          plain("where nothing was offered nothing is compressed", "", {.enabled = false})};
}
const bool declined_registered = add_rows(suite, __FILE__, __LINE__, declined());

// ---- extensions(), which Case does not know

struct Said {
  std::string on_app;
  std::string on_socket;
};

Said extensions_for(const std::string& lines) {
  const auto serve = [&](support::RawConnection& connection) {
    connection.accept_handshake(lines);
    connection.write(close_frame(1000));
    if (connection.read_frame().opcode != 8) throw support::RawError("no Close frame came");
    connection.shutdown();
    connection.wait_for_end();
  };
  Said said;
  {
    server().serve_next(serve);
    websocket::WebSocketApp app(server().url(), patient());
    app.on_open = [&](websocket::WebSocketApp& self) { said.on_app = self.extensions(); };
    app.run_forever();
    CHECK(server().wait() == "");
  }
  server().serve_next(serve);
  {
    websocket::WebSocket socket(patient());
    CHECK(socket.extensions().empty());
    socket.connect(server().url());
    said.on_socket = socket.extensions();
    CHECK_THROWS_AS(socket.recv(), websocket::WebSocketConnectionClosedException);
  }
  CHECK(server().wait() == "");
  return said;
}

}  // namespace

TEST_SUITE_BEGIN("RFC 7692 7.1 agreement");

TEST_CASE("RFC 7692 5.1: extensions() tells what was agreed on as the server wrote it") {
  for (const std::string value :
       {"permessage-deflate", "permessage-deflate; server_no_context_takeover",
        "permessage-deflate;server_max_window_bits=\"10\"  ;client_max_window_bits=9"}) {
    const Said said = extensions_for("Sec-WebSocket-Extensions: " + value + "\r\n");
    CHECK(said.on_app == value);
    CHECK(said.on_socket == value);
  }
}

TEST_CASE("RFC 7692 5.1: extensions() is empty where the server declined") {
  const Said said = extensions_for("");
  CHECK(said.on_app.empty());
  CHECK(said.on_socket.empty());
}

TEST_SUITE_END();
