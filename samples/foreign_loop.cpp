// No thread but main's, and a loop of the program's own: it has timers to serve, and sleeps until
// one of them is due or the apps have something to do.
//
//   foreign_loop [URL]        without a URL: an echo server in this very program
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <websocket/websocket.hpp>

#include "echo_server.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Until the apps have something to do, or that time has come.
void wait_for_apps_until(Clock::time_point when, int native_handle) {
  auto rest = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now());
  if (native_handle < 0) rest = std::min(rest, 10ms);  // a system without handles: look often
  pollfd apps{native_handle, POLLIN, 0};               // next to what else the program waits for
  ::poll(&apps, 1, static_cast<int>(std::max(rest, 0ms).count()));
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int count = 3;
  const samples::EchoServer server;

  websocket::EventLoop loop;
  websocket::WebSocketApp ws(loop, argc > 1 ? argv[1] : server.url());
  int received = 0;
  bool over = false;
  ws.on_message = [&received](websocket::WebSocketApp& app, const websocket::Message& message) {
    std::cout << "message: " << message.data << std::endl;
    if (++received == count) app.close();
  };
  ws.on_error = [](websocket::WebSocketApp&, const websocket::Error& error) {
    std::cout << "error: " << error.message << std::endl;
  };
  ws.on_close = [&over](websocket::WebSocketApp&, const websocket::CloseInfo& info) {
    std::cout << "closed: " << info.code << std::endl;
    over = true;
  };
  ws.start();

  const int native_handle = loop.native_handle();
  Clock::time_point next_tick = Clock::now();
  int tick = 1;
  while (!over) {
    loop.poll();  // all handlers run in here
    if (Clock::now() >= next_tick) {
      next_tick += 20ms;
      // "closed" before the connection is open: the next tick will try it again.
      const bool wanted = tick <= count;
      if (wanted && ws.send("tick " + std::to_string(tick)) == websocket::SendResult::queued)
        ++tick;
    }
    if (!over) wait_for_apps_until(next_tick, native_handle);
  }
  return received == count ? 0 : 1;
}
