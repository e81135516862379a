// The public face of WebSocketApp: hands over to the implementation, and checks what a program may
// get wrong.
#include <websocket/app.hpp>

#include <stdexcept>
#include <utility>

#include "api/app_core.hpp"
#include "api/close_arguments.hpp"
#include "api/event_loop_implementation.hpp"
#include "api/home_process.hpp"
#include "base/utf8.hpp"
#include "protocol/frame.hpp"

namespace websocket {
namespace {

std::string_view as_text(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

template <class Implementation>
void require_home(const Implementation& implementation) {
  if (implementation.is_at_home()) return;
  throw std::logic_error("the WebSocketApp belongs to the process that this one was forked from");
}

}  // namespace

WebSocketApp::WebSocketApp(std::string url, ConnectOptions options)
    : implementation_(
          std::make_shared<Implementation>(*this, nullptr, std::move(url), std::move(options))) {}

WebSocketApp::WebSocketApp(EventLoop& loop, std::string url, ConnectOptions options)
    : implementation_(std::make_shared<Implementation>(*this, loop.implementation_->host(),
                                                       std::move(url), std::move(options))) {}

WebSocketApp::~WebSocketApp() {
  if (implementation_->is_at_home()) {
    implementation_->let_go();
  } else {
    api::leave_as_it_is(std::move(implementation_));
  }
}

// In these the app may be gone when a handler has returned: they hold what they work on.
bool WebSocketApp::run_forever(RunOptions options) {
  const auto implementation = implementation_;
  require_home(*implementation);
  return implementation->run_forever(std::move(options));
}

void WebSocketApp::start(RunOptions options) {
  require_home(*implementation_);
  implementation_->start(std::move(options));
}

void WebSocketApp::wait() {
  const auto implementation = implementation_;
  if (implementation->is_at_home()) implementation->wait();
}

bool WebSocketApp::wait_for(Duration timeout) {
  const auto implementation = implementation_;
  return !implementation->is_at_home() || implementation->wait_for(timeout);
}

SendResult WebSocketApp::send(std::string_view text) { return send_text(text); }

SendResult WebSocketApp::send_text(std::string_view text) {
  if (!base::is_utf8(text)) return SendResult::invalid;
  return implementation_->send(Opcode::text, text);
}

SendResult WebSocketApp::send_bytes(std::span<const std::byte> data) {
  return send_bytes(as_text(data));
}

SendResult WebSocketApp::send_bytes(std::string_view data) {
  return implementation_->send(Opcode::binary, data);
}

SendResult WebSocketApp::send_wait(std::string_view text, Duration timeout) {
  if (!base::is_utf8(text)) return SendResult::invalid;
  return implementation_->send_wait(Opcode::text, text, timeout);
}

SendResult WebSocketApp::send_bytes_wait(std::span<const std::byte> data, Duration timeout) {
  return send_bytes_wait(as_text(data), timeout);
}

SendResult WebSocketApp::send_bytes_wait(std::string_view data, Duration timeout) {
  return implementation_->send_wait(Opcode::binary, data, timeout);
}

SendResult WebSocketApp::send_fragment(std::string_view text, bool fin) {
  return implementation_->send_fragment(Opcode::text, text, fin);
}

SendResult WebSocketApp::send_fragment(std::span<const std::byte> data, bool fin) {
  return send_bytes_fragment(as_text(data), fin);
}

SendResult WebSocketApp::send_bytes_fragment(std::string_view data, bool fin) {
  return implementation_->send_fragment(Opcode::binary, data, fin);
}

SendResult WebSocketApp::ping(std::string_view payload) {
  if (payload.size() > protocol::max_control_payload) return SendResult::invalid;
  return implementation_->send(Opcode::ping, payload);
}

void WebSocketApp::close(std::uint16_t code, std::string_view reason) {
  api::require_close_arguments(code, reason);
  if (implementation_->is_at_home()) implementation_->close(code, reason);
}

void WebSocketApp::reconnect_now() {
  if (implementation_->is_at_home()) implementation_->reconnect_now();
}

State WebSocketApp::state() const noexcept {
  return implementation_->is_at_home() ? implementation_->state() : State::closed;
}
std::size_t WebSocketApp::buffered_amount() const noexcept {
  return implementation_->is_at_home() ? implementation_->buffered_amount() : 0;
}
std::chrono::microseconds WebSocketApp::latency() const noexcept {
  return implementation_->latency();
}
std::string WebSocketApp::subprotocol() const {
  const auto answer = implementation_->facts().answer;
  return answer ? answer->subprotocol() : std::string();
}
std::string WebSocketApp::extensions() const {
  const auto answer = implementation_->facts().answer;
  return answer ? answer->extensions() : std::string();
}
Response WebSocketApp::response() const {
  const auto answer = implementation_->facts().answer;
  return answer ? answer->response.unpack() : Response();
}
std::string WebSocketApp::local_address() const { return implementation_->facts().local_address; }
std::string WebSocketApp::remote_address() const { return implementation_->facts().remote_address; }

}  // namespace websocket
