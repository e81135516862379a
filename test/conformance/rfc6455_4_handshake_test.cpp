// RFC 6455 4.1: what the client checks in the server's answer to the opening handshake; the lines of
// HTTP it is made of (RFC 9110, RFC 9112); and frames glued behind it.
#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 4 the server's answer";

using Answer = std::function<std::string(std::string_view accept)>;

const std::string status_line = "HTTP/1.1 101 Switching Protocols\r\n";
const std::string upgrade = "Upgrade: websocket\r\n";
const std::string connection = "Connection: Upgrade\r\n";

std::string accept_line(std::string_view accept) {
  return "Sec-WebSocket-Accept: " + std::string(accept) + "\r\n";
}

// The right head with one part of it replaced or added.
Answer with_status_line(const std::string& line) {
  return [line](std::string_view accept) {
    return line + "\r\n" + upgrade + connection + accept_line(accept) + "\r\n";
  };
}
Answer with_upgrade(const std::string& lines) {
  return [lines](std::string_view accept) {
    return status_line + lines + connection + accept_line(accept) + "\r\n";
  };
}
Answer with_connection(const std::string& lines) {
  return [lines](std::string_view accept) {
    return status_line + upgrade + lines + accept_line(accept) + "\r\n";
  };
}
Answer with_accept(std::function<std::string(std::string)> lines) {
  return [lines = std::move(lines)](std::string_view accept) {
    return status_line + upgrade + connection + lines(std::string(accept)) + "\r\n";
  };
}
Answer with_lines(const std::string& before, const std::string& behind = {}) {
  return [before, behind](std::string_view accept) {
    return status_line + before + upgrade + connection + accept_line(accept) + behind + "\r\n";
  };
}

Case taken(const std::string& name, Answer answer) {
  return {.name = name,
          .server = {send(frame(0x81, "hello") + close_frame(1000))},
          .delivered = {text("hello")},
          .answer = std::move(answer)};
}
Case not_taken(const std::string& name, Answer answer, End end = refused()) {
  return {.name = name, .end = std::move(end), .answer = std::move(answer)};
}

// 4.1, 1: "If the status code received from the server is not 101, the client handles the response
// per HTTP [RFC2616] procedures." RFC 9112 4: status-line = HTTP-version SP status-code SP
// [ reason-phrase ]
std::vector<Case> status_lines() {
  std::vector<Case> cases;
  for (const std::string line :
       {"HTTP/1.1 101 Switching Protocols", "HTTP/1.1 101 ", "HTTP/1.1 101 Web Socket",
        "HTTP/1.1 101 200 OK", "HTTP/1.1 101 \xc3\xa4\xff"}) {
    cases.push_back(taken("RFC 6455 4.1: the status line \"" + line.substr(0, 16) + "\" of " +
                              std::to_string(line.size()) + " bytes is taken",
                          with_status_line(line)));
  }
  for (const std::string line : {"HTTP/1.0 101 Switching Protocols",
                                 "HTTP/2 101 Switching Protocols",
                                 "HTTP/2.0 101 Switching Protocols",
                                 "HTTP/0.9 101 X",
                                 "HTTP/1.1101 X",
                                 "HTTP/1.1  101 X",
                                 "HTTP/1.1\t101 X",
                                 "HTTP/1.1 1010 X",
                                 "HTTP/1.1 10 X",
                                 "HTTP/1.1 +101 X",
                                 "HTTP/1.1 0101 X",
                                 "HTTP/1.1 101X",
                                 "HTTP/1.1 1o1 X",
                                 "HTTP/1.1 X",
                                 "HTTP/1.1",
                                 "HTTP/11 101 X",
                                 "http/1.1 101 X",
                                 "HTTPS/1.1 101 X",
                                 "HTTP 1.1 101 X",
                                 " HTTP/1.1 101 X",
                                 "WebSocket/1.1 101 X",
                                 "101 Switching Protocols",
                                 "GET / HTTP/1.1"}) {
    cases.push_back(not_taken("RFC 9112 4: the status line \"" + line + "\" fails the handshake",
                              with_status_line(line), refused(Errc::invalid_response)));
  }
  for (const int status : {200, 204, 226, 400, 401, 403, 404, 405, 407, 408,
                           410, 418, 426, 429, 500, 501, 502, 503, 504, 599}) {
    const std::string code = std::to_string(status);
    cases.push_back(not_taken(
        "RFC 6455 4.1: the status " + code + " with all the right headers is no 101",
        [code](std::string_view accept) {
          return "HTTP/1.1 " + code + " Switching Protocols\r\n" + upgrade + connection +
                 accept_line(accept) + "Content-Length: 0\r\n\r\n";
        },
        answered(status)));
  }
  // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a
  // final response, even if the client does not expect one."
  const std::string interim[] = {"HTTP/1.1 100 Continue\r\n\r\n",
                                 "HTTP/1.1 102 Processing\r\nX: y\r\n\r\n",
                                 "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
                                 "HTTP/1.1 199 Unknown\r\n\r\n",
                                 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
                                 "HTTP/1.1 100 Continue\r\nUpgrade: h2c\r\nConnection: close\r\n"
                                 "Sec-WebSocket-Accept: no\r\n\r\n"};
  for (const std::string& head : interim) {
    cases.push_back(
        taken("RFC 9110 15.2: an answer 101 behind " + std::to_string(head.size()) +
                  " bytes of interim answers, first " + head.substr(9, 3) + ", is taken",
              [head](std::string_view accept) { return head + with_lines("")(accept); }));
  }
  cases.push_back(not_taken(
      "RFC 9110 15.2: an answer 404 behind an interim answer is a 404",
      [](std::string_view) {
        return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n"
               "Content-Length: 0\r\n\r\n"s;
      },
      answered(404)));
  return cases;
}
const bool status_registered = add_rows(suite, __FILE__, __LINE__, status_lines());

// 4.1, 2: "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a
// value that is not an ASCII case-insensitive match for the value "websocket", the client MUST _Fail
// the WebSocket Connection_."
std::vector<Case> upgrades() {
  std::vector<Case> cases;
  for (const std::string lines :
       {"Upgrade: websocket\r\n", "Upgrade: WebSocket\r\n", "Upgrade: WEBSOCKET\r\n",
        "upgrade: websocket\r\n", "UPGRADE: websocket\r\n", "Upgrade:websocket\r\n",
        "Upgrade: \t websocket \t\r\n"}) {
    cases.push_back(taken("RFC 6455 4.1: " + lines.substr(0, lines.size() - 2) + " is taken",
                          with_upgrade(lines)));
  }
  for (const std::string lines :
       {"", "Upgrade:\r\n", "Upgrade: websocke\r\n", "Upgrade: websockets\r\n",
        "Upgrade: web socket\r\n", "Upgrade: h2c\r\n", "Upgrade: \"websocket\"\r\n",
        "Upgrade: websocket/13\r\n", "Upgrade: websocket;v=13\r\n", "Upgrade: websocket, h2c\r\n",
        "Upgrade: h2c, websocket\r\n", "Upgrade: websocket\r\nUpgrade: h2c\r\n",
        "Upgrades: websocket\r\n", "X-Upgrade: websocket\r\n"}) {
    std::string shown = lines;
    std::replace(shown.begin(), shown.end(), '\r', ' ');
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    cases.push_back(not_taken(
        "RFC 6455 4.1: an answer with \"" + shown + "\" for its Upgrade fails the handshake",
        with_upgrade(lines), refused(Errc::invalid_upgrade)));
  }
  return cases;
}
const bool upgrades_registered = add_rows(suite, __FILE__, __LINE__, upgrades());

// 4.1, 3: "If the response lacks a |Connection| header field or the |Connection| header field doesn't
// contain a token that is an ASCII case-insensitive match for the value "Upgrade", the client MUST
// _Fail the WebSocket Connection_."
std::vector<Case> connections() {
  std::vector<Case> cases;
  struct Row {
    const char* what;
    std::string lines;
  };
  const Row right[] = {
      {"Upgrade", "Connection: Upgrade\r\n"},
      {"upgrade", "Connection: upgrade\r\n"},
      {"UPGRADE", "connection: UPGRADE\r\n"},
      {"keep-alive, Upgrade", "Connection: keep-alive, Upgrade\r\n"},
      {"Upgrade, keep-alive", "Connection: Upgrade, keep-alive\r\n"},
      {"keep-alive,Upgrade", "Connection: keep-alive,Upgrade\r\n"},
      {"a , tab upgrade , b", "Connection: a ,\tupgrade\t, b\r\n"},
      {"an empty element and Upgrade", "Connection: , Upgrade\r\n"},
      {"Upgrade and empty elements", "Connection: Upgrade,,\r\n"},
      {"close, Upgrade", "Connection: close, Upgrade\r\n"},
      {"keep-alive and Upgrade in two fields", "Connection: keep-alive\r\nConnection: Upgrade\r\n"},
      {"Upgrade and keep-alive in two fields", "Connection: Upgrade\r\nConnection: keep-alive\r\n"},
      {"white space around it", "Connection: \t Upgrade \t \r\n"}};
  for (const auto& [what, lines] : right) {
    cases.push_back(
        taken("RFC 6455 4.1: a Connection of "s + what + " is taken", with_connection(lines)));
  }
  const Row wrong[] = {{"no Connection", ""},
                       {"an empty Connection", "Connection:\r\n"},
                       {"keep-alive", "Connection: keep-alive\r\n"},
                       {"close", "Connection: close\r\n"},
                       {"Upgraded", "Connection: Upgraded\r\n"},
                       {"Upgrad", "Connection: Upgrad\r\n"},
                       {"keep-alive Upgrade without a comma", "Connection: keep-alive Upgrade\r\n"},
                       {"Upgrade;x=y", "Connection: Upgrade;x=y\r\n"},
                       {"Upgrade in quotes", "Connection: \"Upgrade\"\r\n"},
                       {"commas alone", "Connection: , ,\r\n"},
                       {"websocket", "Connection: websocket\r\n"},
                       {"Upgrade under another name", "Connections: Upgrade\r\n"}};
  for (const auto& [what, lines] : wrong) {
    cases.push_back(not_taken(
        "RFC 6455 4.1: an answer with "s + what + " for its Connection fails the handshake",
        with_connection(lines), refused(Errc::invalid_connection)));
  }
  return cases;
}
const bool connections_registered = add_rows(suite, __FILE__, __LINE__, connections());

std::string changed(std::string accept, std::size_t at) {
  accept[at] = accept[at] == 'A' ? 'B' : 'A';
  return accept;
}

std::string other_case(std::string accept) {
  for (char& c : accept) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(std::isupper(byte) != 0 ? std::tolower(byte) : std::toupper(byte));
  }
  return accept;
}

// 4.1, 4: "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept|
// contains a value other than the base64-encoded SHA-1 of the concatenation of the
// |Sec-WebSocket-Key| [...] with the string "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" but ignoring any
// leading and trailing whitespace, the client MUST _Fail the WebSocket Connection_."
std::vector<Case> accepts() {
  std::vector<Case> cases;
  const auto right = [&](const std::string& what, std::function<std::string(std::string)> lines) {
    cases.push_back(taken("RFC 6455 4.1: a Sec-WebSocket-Accept " + what + " is taken",
                          with_accept(std::move(lines))));
  };
  const auto wrong = [&](const std::string& what, std::function<std::string(std::string)> lines) {
    cases.push_back(not_taken("RFC 6455 4.1: " + what + " fails the handshake",
                              with_accept(std::move(lines)), refused(Errc::invalid_accept)));
  };
  using S = std::string;
  right("without a space", [](S a) { return "Sec-WebSocket-Accept:" + a + "\r\n"; });
  right("with white space around it", [](S a) { return accept_line(" \t " + a + " \t "); });
  right("named in lower case", [](S a) { return "sec-websocket-accept: " + a + "\r\n"; });
  right("named in upper case", [](S a) { return "SEC-WEBSOCKET-ACCEPT: " + a + "\r\n"; });
  wrong("an answer without Sec-WebSocket-Accept", [](const S&) { return ""s; });
  wrong("an empty Sec-WebSocket-Accept", [](const S&) { return accept_line(""); });
  wrong("the accept value of the RFC's example",
        [](const S&) { return accept_line("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); });
  wrong("an accept value whose first character differs",
        [](const S& a) { return accept_line(changed(a, 0)); });
  wrong("an accept value whose last character differs",
        [](const S& a) { return accept_line(changed(a, 26)); });
  wrong("an accept value with the other case",
        [](const S& a) { return accept_line(other_case(a)); });
  wrong("an accept value without its padding",
        [](const S& a) { return accept_line(a.substr(0, 27)); });
  wrong("an accept value with more padding", [](const S& a) { return accept_line(a + "="); });
  wrong("half an accept value", [](const S& a) { return accept_line(a.substr(0, 14)); });
  wrong("an accept value in quotes", [](const S& a) { return accept_line("\"" + a + "\""); });
  wrong("an accept value with a space within",
        [](const S& a) { return accept_line(a.substr(0, 5) + " " + a.substr(5)); });
  wrong("an accept value with more behind it", [](const S& a) { return accept_line(a + ", x"); });
  wrong("the right accept value twice in one field",
        [](const S& a) { return accept_line(a + ", " + a); });
  wrong("the accept value of the accept value",
        [](const S& a) { return accept_line(support::accept_value(a)); });
  wrong("the accept value of no key",
        [](const S&) { return accept_line(support::accept_value("")); });
  wrong("the right accept value under another name",
        [](const S& a) { return "Sec-WebSocket-Accepts: " + a + "\r\n"; });
  // 11.3.3: it "MUST NOT appear more than once in an HTTP response."
  wrong("two fields with the right accept value",
        [](const S& a) { return accept_line(a) + accept_line(a); });
  wrong("a right and then a wrong accept value",
        [](const S& a) { return accept_line(a) + accept_line("x"); });
  wrong("a wrong and then a right accept value",
        [](const S& a) { return accept_line("x") + accept_line(a); });
  return cases;
}
const bool accepts_registered = add_rows(suite, __FILE__, __LINE__, accepts());

}  // namespace
