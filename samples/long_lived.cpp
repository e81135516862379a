// A conversation with handlers: the app connects, runs until it is closed, and calls what happens.
// The trace on standard error shows the handshake and every frame.
//
//   long_lived [URL]          without a URL: an echo server in this very program
#include <iostream>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  const samples::EchoServer server;
  websocket::enable_trace(true);

  websocket::WebSocketApp ws(argc > 1 ? argv[1] : server.url());
  int answers = 0;

  ws.on_open = [](websocket::WebSocketApp& app) { app.send("hello there"); };
  ws.on_message = [&answers](websocket::WebSocketApp& app, const websocket::Message& message) {
    std::cout << "message: " << message.data << std::endl;
    if (++answers < 3) {
      app.send("hello again");
    } else {
      app.close();  // an app that goes on talking would run for ever
    }
  };
  ws.on_error = [](websocket::WebSocketApp&, const websocket::Error& error) {
    std::cout << "error: " << error.message << std::endl;
  };
  ws.on_close = [](websocket::WebSocketApp&, const websocket::CloseInfo& info) {
    std::cout << "closed: " << info.code << ' ' << info.reason << std::endl;
  };

  return ws.run_forever() ? 1 : 0;
}
