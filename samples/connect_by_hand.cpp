// A WebSocket that is set up first and connected later: options, a subprotocol, text and binary,
// waiting with a limit, and what the closing handshake brought.
//
//   connect_by_hand [URL]     without a URL: an echo server in this very program
#include <chrono>
#include <iostream>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const samples::EchoServer server;
  try {
    websocket::WebSocket ws({.timeout = 10s, .header = {{"X-Sample", "connect_by_hand"}}});
    ws.connect(argc > 1 ? argv[1] : server.url());
    std::cout << "connected: " << ws.response().status << ' ' << ws.response().reason << std::endl;

    ws.send("hello there");
    std::cout << "received: " << ws.recv() << std::endl;

    ws.send_bytes("\x01\x02\x03");
    const websocket::ReceivedMessage bytes = ws.recv_message();
    std::cout << "received: " << bytes.data.size() << (bytes.is_binary() ? " bytes" : " letters")
              << std::endl;

    if (!ws.try_recv(50ms)) std::cout << "nothing more for 50 ms" << std::endl;

    const websocket::CloseInfo end = ws.close();
    std::cout << "closed: " << end.code << (end.clean ? ", in order" : ", not in order")
              << std::endl;
  } catch (const websocket::WebSocketException& problem) {
    std::cerr << problem.what() << std::endl;
    return 1;
  }
}
