// Both faces driven through the public API: see face.hpp.
#include "conformance/face.hpp"

#include <utility>

namespace conformance {

using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::Opcode;
using websocket::WebSocket;
using websocket::WebSocketApp;

namespace {

Kind kind_of(Opcode opcode) { return opcode == Opcode::text ? Kind::text : Kind::binary; }

template <class Sender>
void send_to(Sender& sender, const Delivery& message) {
  switch (message.kind) {
    case Kind::text:
      sender.send(message.data);
      break;
    case Kind::binary:
      sender.send_bytes(message.data);
      break;
    case Kind::ping:
    case Kind::pong:
      sender.ping(message.data);
      break;
  }
}

// What the variants of the callback face have in common.
class AppTalk {
 public:
  AppTalk(WebSocketApp& app, const Case& row, Told& told) : app_(app), row_(row), told_(told) {}

  void attach(Face face) {
    app_.on_open = [this](WebSocketApp&) { opened(); };
    app_.on_message = [this](WebSocketApp&, const Message& message) {
      deliver({kind_of(message.opcode), std::string(message.data)});
    };
    app_.on_ping = [this](WebSocketApp&, std::string_view data) {
      told_.delivered.push_back(ping(std::string(data)));
    };
    app_.on_pong = [this](WebSocketApp&, std::string_view data) {
      told_.delivered.push_back(pong(std::string(data)));
    };
    app_.on_error = [this](WebSocketApp&, const Error& error) { told_.errors.push_back(error); };
    app_.on_close = [this](WebSocketApp&, const CloseInfo& info) { told_.closes.push_back(info); };
    if (face != Face::app) put_fragments_together();
    if (face == Face::pieces) app_.on_message = nullptr;
  }

 private:
  void opened() {
    ++told_.opened;
    told_.subprotocol = app_.subprotocol();
    for (const Delivery& message : row_.client_sends) send_to(app_, message);
    close_if_due();
  }

  void put_fragments_together() {
    app_.on_data = [this](WebSocketApp&, std::string_view, Opcode opcode, bool) {
      if (opcode != Opcode::continuation) assembled_ = {kind_of(opcode), {}};
    };
    app_.on_cont_message = [this](WebSocketApp&, std::string_view fragment, bool fin) {
      assembled_.data += fragment;
      if (fin) deliver(std::exchange(assembled_, {}));
    };
  }

  void deliver(Delivery message) {
    told_.delivered.push_back(std::move(message));
    ++messages_;
    close_if_due();
  }

  void close_if_due() {
    const auto& closing = row_.client_closes;
    if (closing && closing->after_messages == messages_) app_.close(closing->code, closing->reason);
  }

  WebSocketApp& app_;
  const Case& row_;
  Told& told_;
  Delivery assembled_;
  std::size_t messages_ = 0;
};

const char* class_of(const websocket::WebSocketException& thrown) {
  const auto is = [&]<class Exception>(const Exception*) {
    return dynamic_cast<const Exception*>(&thrown) != nullptr;
  };
  if (is(static_cast<websocket::WebSocketProtocolException*>(nullptr))) return "Protocol";
  if (is(static_cast<websocket::WebSocketPayloadException*>(nullptr))) return "Payload";
  if (is(static_cast<websocket::WebSocketBadStatusException*>(nullptr))) return "BadStatus";
  if (is(static_cast<websocket::WebSocketConnectionClosedException*>(nullptr))) {
    return "ConnectionClosed";
  }
  if (is(static_cast<websocket::WebSocketTimeoutException*>(nullptr))) return "Timeout";
  return "another";
}

void receive_all(WebSocket& socket, const Case& row, Told& told) {
  const auto& closing = row.client_closes;
  while (!closing || told.delivered.size() < closing->after_messages) {
    auto message = socket.recv_message();
    told.delivered.push_back({kind_of(message.opcode), std::move(message.data)});
  }
  told.closes.push_back(socket.close(closing->code, closing->reason));
}

}  // namespace

const char* name_of(Face face) {
  switch (face) {
    case Face::app:
      return "WebSocketApp";
    case Face::streaming:
      return "WebSocketApp with on_cont_message";
    case Face::pieces:
      return "WebSocketApp with on_cont_message alone";
    case Face::client:
      break;
  }
  return "WebSocket";
}

Told talk(WebSocketApp& app, const Case& row, Face face) {
  Told told;
  AppTalk talk(app, row, told);
  talk.attach(face);
  told.returned = app.run_forever();
  return told;
}

Told talk(WebSocket& socket, const std::string& url, const Case& row) {
  Told told;
  try {
    socket.connect(url);
    ++told.opened;
    told.subprotocol = socket.subprotocol();
    for (const Delivery& message : row.client_sends) send_to(socket, message);
    receive_all(socket, row, told);
  } catch (const websocket::WebSocketException& thrown) {
    told.exception = class_of(thrown);
    told.errors.push_back(thrown.error());
    if (const auto* closed =
            dynamic_cast<const websocket::WebSocketConnectionClosedException*>(&thrown)) {
      told.closes.push_back(closed->close_info());
    }
  }
  return told;
}

Told talk(Face face, const std::string& url, const Case& row) {
  if (face == Face::client) {
    WebSocket socket(row.options);
    return talk(socket, url, row);
  }
  WebSocketApp app(url, row.options);
  return talk(app, row, face);
}

}  // namespace conformance
