// The public face of WebSocketApp: hands over to the implementation, and checks what a program may
// get wrong.
#include <websocket/app.hpp>

#include <stdexcept>
#include <utility>

#include "api/app_core.hpp"
#include "api/close_arguments.hpp"
#include "api/event_loop_implementation.hpp"
#include "base/utf8.hpp"
#include "protocol/frame.hpp"

namespace websocket {

WebSocketApp::WebSocketApp(std::string url, ConnectOptions options)
    : implementation_(
          std::make_shared<Implementation>(*this, nullptr, std::move(url), std::move(options))) {}

WebSocketApp::WebSocketApp(EventLoop& loop, std::string url, ConnectOptions options)
    : implementation_(std::make_shared<Implementation>(*this, loop.implementation_->host(),
                                                       std::move(url), std::move(options))) {}

WebSocketApp::~WebSocketApp() { implementation_->let_go(); }

// In these the app may be gone when a handler has returned: they hold what they work on.
bool WebSocketApp::run_forever(RunOptions options) {
  const auto implementation = implementation_;
  return implementation->run_forever(std::move(options));
}

void WebSocketApp::start(RunOptions options) { implementation_->start(std::move(options)); }

void WebSocketApp::wait() {
  const auto implementation = implementation_;
  implementation->wait();
}

bool WebSocketApp::wait_for(Duration timeout) {
  const auto implementation = implementation_;
  return implementation->wait_for(timeout);
}

SendResult WebSocketApp::send(std::string_view text) { return send_text(text); }

SendResult WebSocketApp::send_text(std::string_view text) {
  if (!base::is_utf8(text)) return SendResult::invalid;
  return implementation_->send(Opcode::text, text);
}

SendResult WebSocketApp::send_bytes(std::span<const std::byte> data) {
  return send_bytes({reinterpret_cast<const char*>(data.data()), data.size()});
}

SendResult WebSocketApp::send_bytes(std::string_view data) {
  return implementation_->send(Opcode::binary, data);
}

SendResult WebSocketApp::ping(std::string_view payload) {
  if (payload.size() > protocol::max_control_payload) return SendResult::invalid;
  return implementation_->send(Opcode::ping, payload);
}

void WebSocketApp::close(std::uint16_t code, std::string_view reason) {
  api::require_close_arguments(code, reason);
  implementation_->close(code, reason);
}

State WebSocketApp::state() const noexcept { return implementation_->state(); }
std::size_t WebSocketApp::buffered_amount() const noexcept {
  return implementation_->buffered_amount();
}
std::string WebSocketApp::subprotocol() const { return implementation_->subprotocol(); }
std::string WebSocketApp::extensions() const { return implementation_->extensions(); }
Response WebSocketApp::response() const { return implementation_->response(); }
std::string WebSocketApp::local_address() const { return implementation_->local_address(); }
std::string WebSocketApp::remote_address() const { return implementation_->remote_address(); }

}  // namespace websocket
