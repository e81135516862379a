// One exchange without handlers and without a thread: connect, send, receive, close.
//
//   short_lived [URL]         without a URL: an echo server in this very program
#include <iostream>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  const samples::EchoServer server;
  try {
    auto ws = websocket::create_connection(argc > 1 ? argv[1] : server.url());
    ws.send("hello there");
    std::cout << "received: " << ws.recv() << std::endl;
    ws.close();
  } catch (const websocket::WebSocketException& problem) {
    std::cerr << problem.what() << std::endl;
    return 1;
  }
}
