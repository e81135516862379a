// Plain sockets, or plain OpenSSL, that move the bytes a WebSocket client would move, and look at none:
// the ceiling. Reads and writes are of 128 KiB, over the same memory again and again; with
// PLAIN_MESSAGE_BY_MESSAGE set, each message to send is a write of its own, and each one that comes is
// read whole into memory of its size, which is what its receiver is there for. With PLAIN_MASKED set each is
// masked besides (RFC 6455 5.3), with a key that it is given: the least that a WebSocket client has to do.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "../frame_layout.hpp"
#include "../stream.hpp"
#include "bench_client.hpp"

namespace {

using bench::Clock;
using bench::Order;
using bench::Result;
using bench::Stream;

constexpr std::size_t done_size = bench::server_frame_size(4);

bench::TlsContext context_for(const Order& order) {
  return order.tls ? bench::client_context(order.authority) : nullptr;
}

Stream connected(const Order& order, SSL_CTX* tls) {
  if (order.deflate) bench::give_up("plain sockets do not know how long compressed messages are");
  Stream stream = Stream::connect(static_cast<std::uint16_t>(std::atoi(order.port.c_str())));
  if (tls && !stream.connect_tls(*tls, order.host)) bench::give_up("the TLS handshake failed");
  if (!stream.write("PLN " + order.target + "\r\n\r\n")) bench::give_up("the server is gone");
  return stream;
}

void receive(Stream& stream, std::size_t bytes) {
  if (!stream.discard(bytes)) bench::give_up("the connection ended before all bytes had come");
}

bool masks() { return std::getenv("PLAIN_MASKED") != nullptr; }
bool is_message_by_message() {
  return masks() || std::getenv("PLAIN_MESSAGE_BY_MESSAGE") != nullptr;
}

// Eight bytes at a time, which the compiler makes vectors of.
void mask(std::string& to, std::string_view from, std::uint64_t key) {
  std::size_t at = 0;
  for (; at + sizeof key <= from.size(); at += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, from.data() + at, sizeof word);
    word ^= key;
    std::memcpy(to.data() + at, &word, sizeof word);
  }
  for (; at < from.size(); ++at) to[at] = static_cast<char>(from[at] ^ static_cast<char>(key));
}

void receive_messages(Stream& stream, std::size_t size, std::size_t count) {
  std::string message(size, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t at = 0; at < size;) {
      const std::size_t got = stream.read(message.data() + at, size - at);
      if (got == 0) bench::give_up("the connection ended before all messages had come");
      at += got;
    }
  }
}

void send(Stream& stream, std::string_view bytes) {
  if (!stream.write(bytes)) bench::give_up("the connection ended before all bytes were sent");
}

Result recv_mode(const Order& order) {
  const auto tls = context_for(order);
  Stream stream = connected(order, tls.get());
  bench::Watch watch;
  watch.begin();
  const std::size_t message = bench::server_frame_size(order.size);
  if (is_message_by_message()) {
    receive_messages(stream, message, order.count);
  } else {
    receive(stream, order.count * message);
  }
  watch.end();
  return watch.result();
}

Result send_mode(const Order& order) {
  const auto tls = context_for(order);
  Stream stream = connected(order, tls.get());
  const std::size_t message = bench::client_frame_size(order.size);
  const std::string block(is_message_by_message() ? message : bench::block_size, 'x');
  std::string masked(masks() ? message : 0, 'x');
  std::uint64_t key = 0x0123456789ABCDEF;
  bench::Watch watch;
  watch.begin();
  for (std::size_t left = order.count * message; left > 0;) {
    const std::string_view next = std::string_view(block).substr(0, left);
    if (!masked.empty()) mask(masked, next, key += 0x9E3779B97F4A7C15);
    send(stream, masked.empty() ? next : std::string_view(masked));
    left -= next.size();
  }
  receive(stream, done_size);
  watch.end();
  return watch.result();
}

Result rtt_mode(const Order& order) {
  const auto tls = context_for(order);
  Stream stream = connected(order, tls.get());
  const std::string message(bench::client_frame_size(order.size), 'x');
  const std::size_t answer = bench::server_frame_size(order.size);
  bench::Laps laps(order.count);
  bench::Watch watch;
  watch.begin();
  for (auto last = Clock::now(); laps.size() < order.count;) {
    send(stream, message);
    receive(stream, answer);
    const auto now = Clock::now();
    laps.add(now - last);
    last = now;
  }
  watch.end();
  return bench::with_laps(watch, laps);
}

Result connect_mode(const Order& order) {
  const auto tls = context_for(order);
  const std::string message(bench::client_frame_size(order.size), 'x');
  bench::Laps connects(order.count);
  bench::Laps laps(order.count);
  bench::Watch watch;
  watch.begin();
  while (laps.size() < order.count) {
    const auto begin = Clock::now();
    Stream stream = connected(order, tls.get());
    connects.add(Clock::now() - begin);
    send(stream, message);
    receive(stream, bench::server_frame_size(order.size));
    stream.finish();
    laps.add(Clock::now() - begin);
  }
  watch.end();
  return bench::with_laps(watch, laps, connects);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"plain", recv_mode, send_mode, rtt_mode, connect_mode, nullptr}, argc, argv);
}
