// This library's synchronous face, as a program without threads uses it: send_bytes and recv_view in a
// loop. A view is looked at and gone, and keeps its buffer until the next call; with OURS_BY_RECV set
// messages are received by recv(), which gives a string to keep, and leaves a connection that rests without
// a buffer.
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>
#include <websocket/client.hpp>

#include "bench_client.hpp"

namespace {

using bench::Clock;
using bench::Order;
using bench::Result;
using websocket::WebSocket;

websocket::ConnectOptions options(const Order& order) {
  websocket::ConnectOptions options;
  options.tls.ca_file = order.authority;
  options.tls.verify_peer = !order.authority.empty();
  options.compression.enabled = order.deflate;
  return options;
}

WebSocket connected(const Order& order) {
  WebSocket socket = websocket::create_connection(order.url, options(order));
  if (order.deflate && socket.extensions().empty()) bench::give_up("no compression was agreed on");
  return socket;
}

const bool by_recv = std::getenv("OURS_BY_RECV") != nullptr;

std::size_t receive_one(WebSocket& socket) {
  return by_recv ? socket.recv().size() : socket.recv_view().data.size();
}

void receive(WebSocket& socket, const Order& order) {
  bench::check_size(receive_one(socket), order.size);
}

Result recv_mode(const Order& order) {
  WebSocket socket = connected(order);
  bench::Watch watch;
  watch.begin();
  for (std::size_t i = 0; i < order.count; ++i) receive(socket, order);
  watch.end();
  socket.close();
  return watch.result();
}

Result send_mode(const Order& order) {
  WebSocket socket = connected(order);
  const bench::Messages messages(order);
  bench::Watch watch;
  watch.begin();
  for (std::size_t i = 0; i < order.count; ++i) socket.send_bytes(messages[i]);
  if (socket.recv() != "done") bench::give_up("the server said something else than done");
  watch.end();
  socket.close();
  return watch.result();
}

Result rtt_mode(const Order& order) {
  WebSocket socket = connected(order);
  const bench::Messages messages(order);
  bench::Laps laps(order.count);
  bench::Watch watch;
  watch.begin();
  for (auto last = Clock::now(); laps.size() < order.count;) {
    socket.send_bytes(messages[laps.size()]);
    receive(socket, order);
    const auto now = Clock::now();
    laps.add(now - last);
    last = now;
  }
  watch.end();
  socket.close();
  return bench::with_laps(watch, laps);
}

Result connect_mode(const Order& order) {
  const bench::Messages messages(order);
  bench::Laps connects(order.count);
  bench::Laps laps(order.count);
  bench::Watch watch;
  watch.begin();
  while (laps.size() < order.count) {
    const auto begin = Clock::now();
    WebSocket socket = connected(order);
    connects.add(Clock::now() - begin);
    socket.send_bytes(messages[laps.size()]);
    receive(socket, order);
    if (!socket.close().clean) bench::give_up("a connection was not closed in order");
    laps.add(Clock::now() - begin);
  }
  watch.end();
  return bench::with_laps(watch, laps, connects);
}

Result hold_mode(const Order& order) {
  const bench::Messages messages(order);
  std::vector<WebSocket> sockets;
  bench::Watch watch;
  watch.begin();
  for (std::size_t i = 0; i < order.count; ++i) sockets.push_back(connected(order));
  if (order.size > 0) {
    for (WebSocket& socket : sockets) {
      socket.send_bytes(messages[0]);
      receive(socket, order);
    }
  }
  watch.end();
  return bench::with_memory(watch);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({by_recv ? "ours_recv" : "ours_sync", recv_mode, send_mode, rtt_mode,
                     connect_mode, hold_mode},
                    argc, argv);
}
