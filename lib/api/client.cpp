// The synchronous face as programs see it.
#include <websocket/client.hpp>

#include <utility>

#include "api/client_core.hpp"
#include "api/close_arguments.hpp"
#include "api/home_process.hpp"
#include "api/throw_error.hpp"
#include "base/utf8.hpp"

namespace websocket {

WebSocket::WebSocket(ConnectOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}
WebSocket::~WebSocket() {
  if (!implementation_ || !implementation_->is_inherited()) return;
  api::leave_as_it_is(std::shared_ptr<Implementation>(std::move(implementation_)));
}
WebSocket::WebSocket(WebSocket&& other) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this == &other) return *this;
  WebSocket former(std::move(*this));  // goes with what is done when one goes
  implementation_ = std::move(other.implementation_);
  return *this;
}

void WebSocket::connect(std::string_view url) {
  if (implementation_->is_inherited()) {
    implementation_ = Implementation::left_to_parent(std::move(implementation_));
  }
  implementation_->connect(url);
}

void WebSocket::send(std::string_view text) { send_text(text); }

void WebSocket::send_text(std::string_view text) {
  if (!base::is_utf8(text)) {
    api::throw_error(Errc::invalid_utf8_sent, Stage::open,
                     "the text to send is not UTF-8; send_bytes sends anything");
  }
  implementation_->send(Opcode::text, text);
}

void WebSocket::send_bytes(std::span<const std::byte> data) {
  send_bytes({reinterpret_cast<const char*>(data.data()), data.size()});
}

void WebSocket::send_bytes(std::string_view data) { implementation_->send(Opcode::binary, data); }

namespace {

void require_control_payload(std::string_view payload) {
  if (payload.size() <= protocol::max_control_payload) return;
  api::throw_error(
      Errc::control_too_long_sent, Stage::open,
      "a ping or pong carries at most 125 bytes, not " + std::to_string(payload.size()));
}

}  // namespace

void WebSocket::ping(std::string_view payload) {
  require_control_payload(payload);
  implementation_->send(Opcode::ping, payload);
}

void WebSocket::pong(std::string_view payload) {
  require_control_payload(payload);
  implementation_->send(Opcode::pong, payload);
}

std::string WebSocket::recv() {
  const Implementation::Call call(*implementation_);
  Message message{};
  implementation_->receive(message);
  return implementation_->own(message);
}

ReceivedMessage WebSocket::recv_message() {
  const Implementation::Call call(*implementation_);
  Message message{};
  implementation_->receive(message);
  return {implementation_->own(message), message.opcode};
}

Message WebSocket::recv_view() {
  const Implementation::Call call(*implementation_);
  Message message{};
  implementation_->receive(message);
  call.gives_view();
  return message;
}

std::optional<ReceivedMessage> WebSocket::try_recv(Duration timeout) {
  const Implementation::Call call(*implementation_);
  Message message{};
  if (!implementation_->receive_within(timeout, message)) return std::nullopt;
  return ReceivedMessage{implementation_->own(message), message.opcode};
}

void WebSocket::set_timeout(std::optional<Duration> timeout) {
  implementation_->set_timeout(timeout);
}

CloseInfo WebSocket::close(std::uint16_t code, std::string_view reason) {
  api::require_close_arguments(code, reason);
  return implementation_->close(code, reason);
}

bool WebSocket::connected() const noexcept { return implementation_->connected(); }
bool WebSocket::is_ssl() const noexcept { return implementation_->is_ssl(); }

std::string WebSocket::subprotocol() const {
  const auto answer = implementation_->answer();
  return answer ? answer->subprotocol() : std::string();
}

std::string WebSocket::extensions() const {
  const auto answer = implementation_->answer();
  return answer ? answer->extensions() : std::string();
}

const Response& WebSocket::response() const { return implementation_->response(); }

std::string WebSocket::local_address() const { return implementation_->local_address(); }

std::string WebSocket::remote_address() const { return implementation_->remote_address(); }

WebSocket create_connection(std::string_view url, ConnectOptions options) {
  WebSocket socket(std::move(options));
  socket.connect(url);
  return socket;
}

}  // namespace websocket
