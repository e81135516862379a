// What the server answers to the opening handshake: see client_handshake.hpp.
// RFC 6455 4.1, RFC 9112 4 (status line), RFC 9110 15.2 (interim answers).
#include "protocol/client_handshake.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.hpp"
#include "protocol/deflate_offer.hpp"
#include "protocol/handshake_key.hpp"

namespace websocket::protocol {

namespace {

constexpr std::size_t max_quoted = 80;  // foreign bytes in a sentence

std::string join(const std::vector<std::string_view>& values, std::string_view between) {
  std::string joined;
  for (const std::string_view value : values) {
    if (!joined.empty()) joined += between;
    joined += value;
  }
  return joined;
}

std::string quoted(std::string_view bytes) {
  return "\"" + base::printable(bytes, max_quoted) + "\"";
}

struct StatusLine {
  bool http_1_0;
  int status;
  std::string_view reason;
};

// RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ]
// The second space is often left out where there is no reason.
std::optional<StatusLine> read_status_line(std::string_view line) {
  constexpr std::string_view version = "HTTP/1.";
  if (!line.starts_with(version) || line.size() < version.size() + 5) return std::nullopt;
  const char minor = line[version.size()];
  if (!base::is_digit(minor) || line[version.size() + 1] != ' ') return std::nullopt;
  const std::string_view digits = line.substr(version.size() + 2, 3);
  const auto status = base::parse_decimal<unsigned>(digits);
  if (!status || *status < 100) return std::nullopt;
  const std::string_view rest = line.substr(version.size() + 5);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  return StatusLine{minor == '0', static_cast<int>(*status), base::trim(rest)};
}

std::string describe(const Response& response) {
  std::string text = "the server answered " + std::to_string(response.status);
  if (!response.reason.empty()) text += " " + base::printable(response.reason, max_quoted);
  return text;
}

}  // namespace

std::string HandshakeAnswer::subprotocol() const {
  if (!accepted) return {};
  const Response unpacked = response.unpack();
  return std::string(unpacked.headers.get("Sec-WebSocket-Protocol").value_or(""));
}

std::string HandshakeAnswer::extensions() const {
  if (!accepted) return {};
  const Response unpacked = response.unpack();
  return join(unpacked.headers.get_all("Sec-WebSocket-Extensions"), ", ");
}

ClientHandshake::ClientHandshake(HandshakeRequest request, const Limits& limits)
    : key_(std::move(request.key)),
      offered_(std::move(request.subprotocols)),
      compression_(request.compression),
      max_head_(limits.max_response_head),
      head_(max_head_) {}

ClientHandshake::Progress ClientHandshake::progress() const noexcept {
  switch (state_) {
    case State::head:
    case State::body:
      return Progress::more;
    case State::accepted:
      return Progress::accepted;
    case State::failed:
      break;
  }
  return Progress::failed;
}

ClientHandshake::Progress ClientHandshake::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (progress() == Progress::more && consumed < bytes.size()) {
    const std::string_view rest = bytes.substr(consumed);
    consumed += state_ == State::head ? feed_head(rest) : feed_body(rest);
  }
  return progress();
}

ClientHandshake::Progress ClientHandshake::feed_end() {
  switch (state_) {
    case State::head:
      fail(Errc::handshake_closed, head_.size() + head_bytes_ == 0
                                       ? "the server closed the connection without an answer"
                                       : "the server closed the connection within its answer");
      break;
    case State::body:
      end_body();
      break;
    case State::accepted:
    case State::failed:
      break;
  }
  return progress();
}

ClientHandshake::Progress ClientHandshake::give_up_on_body() {
  if (in_body()) end_body();
  return progress();
}

std::size_t ClientHandshake::feed_head(std::string_view bytes) {
  std::size_t consumed = 0;
  switch (head_.feed(bytes, consumed)) {
    case HeadParser::Progress::more:
      break;
    case HeadParser::Progress::done:
      end_head();
      break;
    case HeadParser::Progress::too_large:
      fail(Errc::response_too_large,
           "the head of the server's answer has more than " + std::to_string(max_head_) + " bytes");
      break;
    case HeadParser::Progress::malformed:
      fail(Errc::invalid_response, "the server's answer " + head_.malformed_because());
      break;
  }
  return consumed;
}

std::size_t ClientHandshake::feed_body(std::string_view bytes) {
  std::size_t consumed = 0;
  if (body_.feed(bytes, consumed) == BodyReader::Progress::done) end_body();
  return consumed;
}

void ClientHandshake::end_head() {
  const auto line = read_status_line(head_.start_line());
  if (!line) {
    fail(Errc::invalid_response,
         "the server's answer begins with the status line " + quoted(head_.start_line()));
    return;
  }
  // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a
  // final response, even if the client does not expect one." All of them share one budget.
  if (line->status < 200 && line->status != 101) {
    head_bytes_ += head_.size();
    head_ = HeadParser(max_head_ - head_bytes_);
    return;
  }
  response_.status = line->status;
  response_.reason = line->reason;
  response_.headers = head_.take_headers();
  answer_->response = PackedResponse(response_);
  if (response_.status != 101) {
    body_ = BodyReader(response_.status, response_.headers, max_body);
    state_ = State::body;
    if (body_.progress() == BodyReader::Progress::done) end_body();
  } else if (line->http_1_0) {
    // RFC 9110 15.2: "Since HTTP/1.0 did not define any 1xx status codes, a server MUST NOT send a
    // 1xx response to an HTTP/1.0 client"; nor does an HTTP/1.0 server have any.
    fail(Errc::invalid_response, "the server's answer is HTTP/1.0: " + quoted(head_.start_line()));
  } else {
    check_switching_protocols();
  }
}

// RFC 6455 4.1: "If the status code received from the server is not 101, the client handles the
// response per HTTP procedures."
void ClientHandshake::end_body() {
  response_.body = body_.take_body();
  answer_->response = PackedResponse(response_);
  fail(Errc::bad_status, describe(response_));
}

// No look at Content-Length or Transfer-Encoding: RFC 9112 6.3, an answer 1xx "is always terminated
// by the first empty line after the header fields".
void ClientHandshake::check_switching_protocols() {
  if (check_upgrade() && check_accept() && check_extensions() && check_subprotocol()) {
    state_ = State::accepted;
    answer_->accepted = true;
  }
}

bool ClientHandshake::check_upgrade() {
  const Headers& headers = response_.headers;
  // RFC 6455 4.1: "If the response lacks an |Upgrade| header field or the |Upgrade| header field
  // contains a value that is not an ASCII case-insensitive match for the value "websocket", the
  // client MUST _Fail the WebSocket Connection_."
  const auto upgrades = headers.get_all("Upgrade");
  if (upgrades.empty()) {
    return fail(Errc::invalid_upgrade, "the server's answer has no Upgrade header");
  }
  if (upgrades.size() > 1 || !base::equal_ignoring_case(upgrades.front(), "websocket")) {
    return fail(Errc::invalid_upgrade,
                "the server's answer has Upgrade: " + quoted(join(upgrades, ", ")) +
                    " where \"websocket\" alone was expected");
  }
  // "If the response lacks a |Connection| header field or the |Connection| header field doesn't
  // contain a token that is an ASCII case-insensitive match for the value "Upgrade", the client
  // MUST _Fail the WebSocket Connection_."
  if (!header_has_token(headers, "Connection", "Upgrade")) {
    const auto value = headers.get("Connection");
    return fail(Errc::invalid_connection,
                value ? "the server's answer has Connection: " + quoted(*value) +
                            " where \"Upgrade\" was expected"
                      : std::string("the server's answer has no Connection header"));
  }
  return true;
}

const std::string& ClientHandshake::expected_accept() {
  if (expected_accept_.empty()) expected_accept_ = accept_for(key_);
  return expected_accept_;
}

// RFC 6455 4.1: "If the response lacks a |Sec-WebSocket-Accept| header field or the
// |Sec-WebSocket-Accept| contains a value other than the base64-encoded SHA-1 of the concatenation
// of the |Sec-WebSocket-Key| (as a string, not base64-decoded) with the string
// "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" but ignoring any leading and trailing whitespace, the
// client MUST _Fail the WebSocket Connection_."
bool ClientHandshake::check_accept() {
  constexpr std::string_view example = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // of RFC 6455 1.3
  const auto values = response_.headers.get_all("Sec-WebSocket-Accept");
  if (values.empty()) {
    return fail(Errc::invalid_accept, "the server's answer has no Sec-WebSocket-Accept header");
  }
  // RFC 6455 11.3.3: it "MUST NOT appear more than once in an HTTP response."
  if (values.size() > 1) {
    return fail(Errc::invalid_accept, "the server's answer has " + std::to_string(values.size()) +
                                          " Sec-WebSocket-Accept headers");
  }
  const std::string_view given = base::trim(values.front());
  const std::string& expected = expected_accept();
  if (given == expected && !expected.empty()) return true;
  if (given == example) {
    return fail(Errc::invalid_accept,
                "the server's Sec-WebSocket-Accept is the example from RFC 6455, \"" +
                    std::string(example) +
                    "\"; it seems to give every client this answer instead of one to its key");
  }
  return fail(Errc::invalid_accept, "the server's Sec-WebSocket-Accept is " + quoted(given) +
                                        " where \"" + expected + "\" was expected");
}

// RFC 6455 4.1: "If the response includes a |Sec-WebSocket-Extensions| header field and this header
// field indicates the use of an extension that was not present in the client's handshake (the
// server has indicated an extension not requested by the client), the client MUST _Fail the
// WebSocket Connection_."
bool ClientHandshake::check_extensions() {
  auto outcome = read_extensions(response_.headers);
  if (auto* failure = std::get_if<base::Failure>(&outcome)) return fail(std::move(*failure));
  for (const Extension& extension : std::get<0>(outcome)) {
    if (!check_extension(extension)) return false;
  }
  return true;
}

bool ClientHandshake::check_extension(const Extension& extension) {
  if (!compression_ || extension.name != deflate_name) {
    return fail(Errc::unexpected_extension, "the server chose the extension " +
                                                quoted(extension.name) + ", which was not offered");
  }
  if (answer_->deflate) {
    return fail(Errc::unexpected_extension, "the server chose permessage-deflate twice");
  }
  auto outcome = agree_on_deflate(extension, *compression_);
  if (auto* failure = std::get_if<base::Failure>(&outcome)) return fail(std::move(*failure));
  answer_->deflate = std::get<0>(outcome);
  return true;
}

// RFC 6455 4.1: "If the response includes a |Sec-WebSocket-Protocol| header field and this header
// field indicates the use of a subprotocol that was not present in the client's handshake (the
// server has indicated a subprotocol not requested by the client), the client MUST _Fail the
// WebSocket Connection_."
bool ClientHandshake::check_subprotocol() {
  const auto values = response_.headers.get_all("Sec-WebSocket-Protocol");
  if (values.empty()) return true;
  // RFC 6455 11.3.4: it "MUST NOT appear more than once in an HTTP response."
  if (values.size() > 1) {
    return fail(Errc::unexpected_subprotocol, "the server's answer has " +
                                                  std::to_string(values.size()) +
                                                  " Sec-WebSocket-Protocol headers");
  }
  if (std::find(offered_.begin(), offered_.end(), values.front()) == offered_.end()) {
    return fail(
        Errc::unexpected_subprotocol,
        "the server chose the subprotocol " + quoted(values.front()) + ", which was not offered");
  }
  return true;
}

bool ClientHandshake::fail(Errc code, std::string message) {
  return fail(base::Failure{code, std::move(message)});
}

bool ClientHandshake::fail(base::Failure failure) {
  failure_ = std::move(failure);
  state_ = State::failed;
  answer_->deflate.reset();
  return false;
}

}  // namespace websocket::protocol
