// A handler may close the connection it was told about, also the very moment it has opened.
//
//   close_on_open [URL]       without a URL: an echo server in this very program
#include <iostream>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  const samples::EchoServer server;
  websocket::WebSocketApp ws(argc > 1 ? argv[1] : server.url());

  ws.on_open = [](websocket::WebSocketApp& app) {
    std::cout << "open" << std::endl;
    app.close(1000, "that was all");
  };
  ws.on_error = [](websocket::WebSocketApp&, const websocket::Error& error) {
    std::cout << "error: " << error.message << std::endl;
  };
  ws.on_close = [](websocket::WebSocketApp&, const websocket::CloseInfo& info) {
    std::cout << "closed: " << info.code << (info.clean ? ", in order" : ", not in order")
              << std::endl;
  };

  return ws.run_forever() ? 1 : 0;
}
