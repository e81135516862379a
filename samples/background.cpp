// The app runs on a thread of its own; main goes on, and sends while handlers receive.
//
//   background [URL]          without a URL: an echo server in this very program
#include <future>
#include <iostream>
#include <string>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  constexpr int count = 5;
  const samples::EchoServer server;

  // Handlers never run two at once; main looks at what they change when a promise was kept.
  std::promise<void> open_or_failed;
  std::promise<void> all_received_or_closed;
  bool open = false;
  int received = 0;

  websocket::WebSocketApp ws(argc > 1 ? argv[1] : server.url());
  ws.on_open = [&](websocket::WebSocketApp&) {
    open = true;
    open_or_failed.set_value();
  };
  ws.on_message = [&](websocket::WebSocketApp&, const websocket::Message& message) {
    std::cout << "message: " << message.data << std::endl;
    if (++received == count) all_received_or_closed.set_value();
  };
  ws.on_error = [](websocket::WebSocketApp&, const websocket::Error& error) {
    std::cout << "error: " << error.message << std::endl;
  };
  ws.on_close = [&](websocket::WebSocketApp&, const websocket::CloseInfo& info) {
    std::cout << "closed: " << info.code << std::endl;
    if (!open) open_or_failed.set_value();
    if (received < count) all_received_or_closed.set_value();
  };

  ws.start();
  open_or_failed.get_future().wait();
  if (!open) return 1;
  for (int number = 1; number <= count; ++number) {
    ws.send("number " + std::to_string(number) + ", sent by main");
  }
  all_received_or_closed.get_future().wait();
  ws.close();
  ws.wait();
  return received == count ? 0 : 1;
}
