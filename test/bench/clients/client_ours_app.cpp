// This library's callback face, as a program with handlers uses it. Receiving and echoing happen in the
// handlers, on the thread of run_forever. Sending is done by a thread of the program, here main's, with
// the app on its background thread: send_bytes_wait queues, and waits where there is no room. Many
// connections are apps on one EventLoop.
#include <memory>
#include <semaphore>
#include <string>
#include <vector>
#include <websocket/app.hpp>
#include <websocket/event_loop.hpp>

#include "bench_client.hpp"

namespace {

using bench::Clock;
using bench::Order;
using bench::Result;
using websocket::Message;
using websocket::WebSocketApp;

websocket::ConnectOptions options(const Order& order) {
  websocket::ConnectOptions options;
  options.tls.ca_file = order.authority;
  options.tls.verify_peer = !order.authority.empty();
  options.compression.enabled = order.deflate;
  return options;
}

void insist(WebSocketApp& app) {
  app.on_error = [](auto&, const websocket::Error& error) { bench::give_up(error.message); };
  app.on_close = [](auto&, const websocket::CloseInfo& info) {
    if (info.by_peer || !info.clean) {
      bench::give_up("the connection ended too early, with code " + std::to_string(info.code) +
                     " " + info.reason);
    }
  };
}

void check_compression(const WebSocketApp& app, const Order& order) {
  if (order.deflate && app.extensions().empty()) bench::give_up("no compression was agreed on");
}

void send(WebSocketApp& app, const std::string& message) {
  if (app.send_bytes(message) != websocket::SendResult::queued) bench::give_up("send was refused");
}

Result recv_mode(const Order& order) {
  WebSocketApp app(order.url, options(order));
  insist(app);
  bench::Watch watch;
  std::size_t left = order.count;
  app.on_open = [&](WebSocketApp& ws) {
    check_compression(ws, order);
    watch.begin();
  };
  app.on_message = [&](WebSocketApp& ws, const Message& message) {
    bench::check_size(message.data.size(), order.size);
    if (--left > 0) return;
    watch.end();
    ws.close();
  };
  app.run_forever();
  return watch.result();
}

Result send_mode(const Order& order) {
  WebSocketApp app(order.url, options(order));
  insist(app);
  const bench::Messages messages(order);
  bench::Watch watch;
  std::binary_semaphore opened(0);
  app.on_open = [&](WebSocketApp& ws) {
    check_compression(ws, order);
    opened.release();
  };
  app.on_message = [&](WebSocketApp& ws, const Message& message) {
    if (message.data != "done") bench::give_up("the server said something else than done");
    watch.end();
    ws.close();
  };
  app.start();
  opened.acquire();
  watch.begin();
  for (std::size_t i = 0; i < order.count; ++i) {
    const auto sent = app.send_bytes_wait(messages[i], std::chrono::minutes(1));
    if (sent != websocket::SendResult::queued) bench::give_up("send was refused");
  }
  app.wait();
  return watch.result();
}

Result rtt_mode(const Order& order) {
  WebSocketApp app(order.url, options(order));
  insist(app);
  const bench::Messages messages(order);
  bench::Laps laps(order.count);
  bench::Watch watch;
  Clock::time_point last;
  app.on_open = [&](WebSocketApp& ws) {
    check_compression(ws, order);
    watch.begin();
    last = Clock::now();
    send(ws, messages[0]);
  };
  app.on_message = [&](WebSocketApp& ws, const Message& message) {
    bench::check_size(message.data.size(), order.size);
    const auto now = Clock::now();
    laps.add(now - last);
    last = now;
    if (laps.size() < order.count) return send(ws, messages[laps.size()]);
    watch.end();
    ws.close();
  };
  app.run_forever();
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
    {
      WebSocketApp app(order.url, options(order));
      insist(app);
      app.on_open = [&](WebSocketApp& ws) {
        check_compression(ws, order);
        connects.add(Clock::now() - begin);
        send(ws, messages[laps.size()]);
      };
      app.on_message = [&](WebSocketApp& ws, const Message& message) {
        bench::check_size(message.data.size(), order.size);
        ws.close();
      };
      app.run_forever();
    }
    laps.add(Clock::now() - begin);
  }
  watch.end();
  return bench::with_laps(watch, laps, connects);
}

Result hold_mode(const Order& order) {
  constexpr std::ptrdiff_t at_once = 64;
  const bench::Messages messages(order);
  std::counting_semaphore<> may_connect(at_once);
  std::counting_semaphore<> ready(0);
  websocket::EventLoop loop;
  std::vector<std::unique_ptr<WebSocketApp>> apps;
  bench::Watch watch;
  watch.begin();
  loop.start();
  for (std::size_t i = 0; i < order.count; ++i) {
    may_connect.acquire();
    auto& app = *apps.emplace_back(std::make_unique<WebSocketApp>(loop, order.url, options(order)));
    insist(app);
    app.on_open = [&](WebSocketApp& ws) {
      check_compression(ws, order);
      if (order.size > 0) send(ws, messages[0]);
      if (order.size == 0) ready.release();
      may_connect.release();
    };
    app.on_message = [&](WebSocketApp&, const Message& message) {
      bench::check_size(message.data.size(), order.size);
      ready.release();
    };
    app.start();
  }
  for (std::size_t i = 0; i < order.count; ++i) ready.acquire();
  watch.end();
  const Result result = bench::with_memory(watch);
  for (const auto& app : apps) app->close();
  for (const auto& app : apps) app->wait();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"ours_app", recv_mode, send_mode, rtt_mode, connect_mode, hold_mode}, argc,
                    argv);
}
