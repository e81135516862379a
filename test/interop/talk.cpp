// The two faces under one roof.
#include "talk.hpp"

#include <stdexcept>

namespace interop {

using websocket::CloseInfo;
using websocket::ConnectOptions;
using websocket::Error;
using websocket::Message;
using websocket::ReceivedMessage;
using websocket::SendResult;
using websocket::WebSocketApp;

namespace {

void expect_queued(SendResult result) {
  if (result != SendResult::queued) throw std::runtime_error("a message was not queued");
}

}  // namespace

// ---- AppTalk

// The app first: its handlers write into what lies beside it.
AppTalk::~AppTalk() { app_.reset(); }

std::optional<Error> AppTalk::open(const std::string& url, ConnectOptions options) {
  app_ = std::make_unique<WebSocketApp>(url, std::move(options));
  app_->on_open = [this](WebSocketApp&) {
    is_open_ = true;
    opened_.push(std::nullopt);
  };
  app_->on_message = [this](WebSocketApp&, const Message& message) {
    messages_.push(ReceivedMessage{std::string(message.data), message.opcode});
  };
  app_->on_error = [this](WebSocketApp&, const Error& error) {
    if (is_open_) {
      errors_.push(error);
    } else {
      opened_.push(error);
    }
  };
  app_->on_close = [this](WebSocketApp&, const CloseInfo& info) {
    closed_.push(info);
    messages_.push(std::nullopt);
  };
  app_->start();
  std::optional<std::optional<Error>> result = opened_.pop();
  if (!result) throw std::runtime_error("neither opened nor failed in time");
  return std::move(*result);
}

void AppTalk::send_text(std::string_view text) { expect_queued(app_->send_text(text)); }
void AppTalk::send_bytes(std::string_view data) { expect_queued(app_->send_bytes(data)); }
void AppTalk::ping(std::string_view payload) { expect_queued(app_->ping(payload)); }

std::optional<ReceivedMessage> AppTalk::receive() { return messages_.pop().value_or(std::nullopt); }

Ending AppTalk::close(std::uint16_t code, std::string_view reason) {
  app_->close(code, reason);
  return wait_for_end();
}

Ending AppTalk::wait_for_end() {
  std::optional<CloseInfo> info = closed_.pop();
  if (!info) throw std::runtime_error("on_close did not come in time");
  Ending ending{std::move(*info), {}};
  while (!errors_.empty()) ending.errors.push_back(*errors_.pop());
  return ending;
}

websocket::Response AppTalk::response() const { return app_->response(); }
std::string AppTalk::subprotocol() const { return app_->subprotocol(); }
std::string AppTalk::remote_address() const { return app_->remote_address(); }

// ---- SyncTalk

std::optional<Error> SyncTalk::open(const std::string& url, ConnectOptions options) {
  try {
    socket_.emplace(std::move(options));
    socket_->connect(url);
    socket_->set_timeout(support::default_deadline);
  } catch (const websocket::WebSocketException& problem) {
    return problem.error();
  }
  return {};
}

void SyncTalk::send_text(std::string_view text) { socket_->send_text(text); }
void SyncTalk::send_bytes(std::string_view data) { socket_->send_bytes(data); }
void SyncTalk::ping(std::string_view payload) { socket_->ping(payload); }

std::optional<ReceivedMessage> SyncTalk::receive() {
  try {
    return socket_->recv_message();
  } catch (const websocket::WebSocketTimeoutException&) {
    return {};
  } catch (const websocket::WebSocketConnectionClosedException&) {
    return {};
  }
}

Ending SyncTalk::close(std::uint16_t code, std::string_view reason) {
  return {socket_->close(code, reason), {}};
}

Ending SyncTalk::wait_for_end() {
  for (;;) {
    try {
      static_cast<void>(socket_->recv_message());
    } catch (const websocket::WebSocketConnectionClosedException& closed) {
      // The exception is how this face tells every end; an error it is when no Close frame came.
      Ending ending{closed.close_info(), {}};
      if (closed.close_info().code == 1006) ending.errors.push_back(closed.error());
      return ending;
    }
  }
}

websocket::Response SyncTalk::response() const { return socket_->response(); }
std::string SyncTalk::subprotocol() const { return socket_->subprotocol(); }
std::string SyncTalk::remote_address() const { return socket_->remote_address(); }

// ---- Both

void open(Talk& talk, const std::string& url, ConnectOptions options) {
  const std::optional<Error> error = talk.open(url, std::move(options));
  if (error) throw std::runtime_error("could not open " + url + ": " + error->message);
}

std::string next_text(Talk& talk) {
  std::optional<ReceivedMessage> message = talk.receive();
  if (!message) throw std::runtime_error("no message came");
  if (!message->is_text()) throw std::runtime_error("a binary message came instead of a text");
  return std::move(message->data);
}

}  // namespace interop
