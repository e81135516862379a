// The server's side of the opening handshake: see server_handshake.hpp. RFC 6455 4.2.1 and 4.2.2.
#include "protocol/server_handshake.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "protocol/handshake_key.hpp"

namespace websocket::protocol {

namespace {

std::string quoted(std::string_view bytes) { return "\"" + base::printable(bytes, 80) + "\""; }

// Sixteen bytes in base64: 22 characters of its alphabet and two of padding. The last character has
// four bits to spare, which must be zero (RFC 4648 3.5).
bool is_key(std::string_view text) {
  if (text.size() != 24 || !text.ends_with("==")) return false;
  text.remove_suffix(2);
  const auto in_alphabet = [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '+' || c == '/';
  };
  return std::all_of(text.begin(), text.end(), in_alphabet) &&
         std::string_view("AQgw").find(text.back()) != std::string_view::npos;
}

}  // namespace

ServerHandshake::ServerHandshake(std::size_t max_head) : head_(max_head, HeadKind::request) {}

ServerHandshake::Progress ServerHandshake::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (progress_ != Progress::more) return progress_;
  switch (head_.feed(bytes, consumed)) {
    case HeadParser::Progress::more:
      break;
    case HeadParser::Progress::done:
      end_head();
      break;
    case HeadParser::Progress::too_large:
      refuse(Refusal::bad_request,
             "the request's head has more than " + std::to_string(head_.size()) + " bytes");
      break;
    case HeadParser::Progress::malformed:
      refuse(Refusal::bad_request, "the request " + head_.malformed_because());
      break;
  }
  return progress_;
}

void ServerHandshake::end_head() {
  if (read_request_line() && check_headers() && check_key()) progress_ = Progress::accepted;
}

// RFC 6455 4.2.1: "An HTTP/1.1 or higher GET request, including a "Request-URI""
bool ServerHandshake::read_request_line() {
  const std::string_view line = head_.start_line();
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(Refusal::bad_request, "the request line is " + quoted(line));
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (method != "GET") {
    return refuse(Refusal::bad_request, "the method is " + quoted(method) + " and not GET");
  }
  const bool is_target = target.starts_with('/') || target.find("://") != std::string_view::npos;
  if (!is_target || target.find_first_of(" \t") != std::string_view::npos) {
    return refuse(Refusal::bad_request, "the request target is " + quoted(target));
  }
  const bool is_version =
      version.size() == 8 && version.starts_with("HTTP/1.") && base::is_digit(version.back());
  if (!is_version || version.back() == '0') {
    return refuse(Refusal::bad_request, "the version is " + quoted(version) + " and not HTTP/1.1");
  }
  target_ = target;
  return true;
}

bool ServerHandshake::check_headers() {
  // RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1
  // request message that lacks a Host header field and to any request message that contains more
  // than one Host header field line".
  const std::size_t hosts = headers().get_all("Host").size();
  if (hosts != 1) {
    return refuse(Refusal::bad_request,
                  "the request has " + std::to_string(hosts) + " Host headers and not one");
  }
  // RFC 6455 4.2.1: "An |Upgrade| header field containing the value "websocket", treated as an
  // ASCII case-insensitive value."
  if (!header_has_token(headers(), "Upgrade", "websocket")) {
    return refuse(Refusal::upgrade_required, "the request has no \"Upgrade: websocket\"");
  }
  // "A |Connection| header field that includes the token "Upgrade", treated as an ASCII
  // case-insensitive value."
  if (!header_has_token(headers(), "Connection", "Upgrade")) {
    return refuse(Refusal::bad_request, "the request has no \"Connection: Upgrade\"");
  }
  // "A |Sec-WebSocket-Version| header field, with a value of 13." 4.4: otherwise the server answers
  // with the versions it knows.
  const auto versions = headers().get_all("Sec-WebSocket-Version");
  if (versions.size() != 1 || versions.front() != "13") {
    return refuse(Refusal::upgrade_required, "the request's Sec-WebSocket-Version is not 13");
  }
  return true;
}

// RFC 6455 4.2.1: "A |Sec-WebSocket-Key| header field with a base64-encoded value that, when
// decoded, is 16 bytes in length."
bool ServerHandshake::check_key() {
  const auto keys = headers().get_all("Sec-WebSocket-Key");
  if (keys.size() == 1 && is_key(keys.front())) return true;
  return refuse(Refusal::bad_request, "the request's Sec-WebSocket-Key is not 16 bytes in base64");
}

bool ServerHandshake::refuse(Refusal refusal, std::string because) {
  refusal_ = refusal;
  because_ = std::move(because);
  progress_ = Progress::refused;
  return false;
}

std::string ServerHandshake::answer(std::string_view subprotocol) const {
  std::string text;
  switch (refusal_) {
    case Refusal::none:
      if (progress_ == Progress::more) return {};
      text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
      text += "Sec-WebSocket-Accept: ";
      text += accept_for(headers().get("Sec-WebSocket-Key").value_or(""));
      if (!subprotocol.empty()) text.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
      return text + "\r\n\r\n";
    case Refusal::bad_request:
      text = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n";
      break;
    case Refusal::upgrade_required:
      // RFC 9110 15.5.22: a 426 MUST have an Upgrade field, and that is named by Connection.
      text =
          "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n";
      text += "Sec-WebSocket-Version: 13\r\n";
      break;
  }
  const std::string body = because_ + "\n";
  text += "Content-Type: text/plain; charset=utf-8\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text + body;
}

}  // namespace websocket::protocol
