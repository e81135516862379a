// Boost.Beast, blocking, as fast as it gets: small messages are read through a buffer of 256 KiB, so
// that a read of the system brings many of them, big ones straight into the message's memory, which is
// kept; a message is one frame, and masked in pieces of up to 128 KiB instead of 4 KiB.
#include <string>
#include <vector>

#include "beast_layers.hpp"
#include "bench_client.hpp"

namespace {

using namespace beast_client;
using bench::Clock;
using bench::Order;
using bench::Result;

template <class WebSocket>
void receive(WebSocket& socket, beast::flat_buffer& buffer, std::size_t size) {
  buffer.clear();
  socket.read(buffer);
  bench::check_size(buffer.size(), size);
}

void send(auto& socket, const std::string& message) { socket.write(net::buffer(message)); }

void close(auto& socket) { socket.close(beast::websocket::close_code::normal); }

Result recv_mode(const Order& order) {
  return with_kind(order, order.size < big_message, [&](auto kind) {
    Context context(order);
    const auto socket = context.connect(kind);
    beast::flat_buffer buffer;
    buffer.reserve(order.size + 1536);
    bench::Watch watch;
    watch.begin();
    for (std::size_t i = 0; i < order.count; ++i) receive(*socket, buffer, order.size);
    watch.end();
    close(*socket);
    return watch.result();
  });
}

Result send_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const auto socket = context.connect(kind);
    const bench::Messages messages(order);
    beast::flat_buffer buffer;
    bench::Watch watch;
    watch.begin();
    for (std::size_t i = 0; i < order.count; ++i) send(*socket, messages[i]);
    receive(*socket, buffer, 4);
    watch.end();
    close(*socket);
    return watch.result();
  });
}

Result rtt_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const auto socket = context.connect(kind);
    const bench::Messages messages(order);
    beast::flat_buffer buffer;
    bench::Laps laps(order.count);
    bench::Watch watch;
    watch.begin();
    for (auto last = Clock::now(); laps.size() < order.count;) {
      send(*socket, messages[laps.size()]);
      receive(*socket, buffer, order.size);
      const auto now = Clock::now();
      laps.add(now - last);
      last = now;
    }
    watch.end();
    close(*socket);
    return bench::with_laps(watch, laps);
  });
}

Result connect_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    beast::flat_buffer buffer;
    bench::Laps connects(order.count);
    bench::Laps laps(order.count);
    bench::Watch watch;
    watch.begin();
    while (laps.size() < order.count) {
      const auto begin = Clock::now();
      const auto socket = context.connect(kind);
      connects.add(Clock::now() - begin);
      send(*socket, messages[laps.size()]);
      receive(*socket, buffer, order.size);
      close(*socket);
      laps.add(Clock::now() - begin);
    }
    watch.end();
    return bench::with_laps(watch, laps, connects);
  });
}

// One buffer for all: what is read is used before the next connection's turn.
Result hold_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    beast::flat_buffer buffer;
    std::vector<decltype(context.connect(kind))> sockets;
    bench::Watch watch;
    watch.begin();
    for (std::size_t i = 0; i < order.count; ++i) sockets.push_back(context.connect(kind));
    if (order.size > 0) {
      for (const auto& socket : sockets) {
        send(*socket, messages[0]);
        receive(*socket, buffer, order.size);
      }
    }
    watch.end();
    return bench::with_memory(watch);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"beast_sync", recv_mode, send_mode, rtt_mode, connect_mode, hold_mode}, argc,
                    argv);
}
