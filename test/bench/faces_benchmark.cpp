// How fast both faces receive, send and echo, beside plain blocking sockets that move the same
// bytes in the same run. What is compared takes turns; medians are printed, and their ratio to the
// plain sockets, as Markdown.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "load_server.hpp"

namespace {

using bench::LoadServer;
using bench::Task;
using Seconds = std::chrono::duration<double>;

constexpr int rounds = 7;

class StopWatch {
 public:
  double seconds() const { return Seconds(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "the benchmark failed: %s\n", why.c_str());
  std::exit(1);
}

// Each measures one round, from the open connection to the last message, and says how long it took.

double plain_receive(const LoadServer& server, const Task& task) {
  auto socket = server.plain(task);
  const StopWatch watch;
  if (!socket.discard(task.count * bench::server_frame_size(task.size))) give_up("plain receive");
  return watch.seconds();
}

double plain_send(const LoadServer& server, const Task& task) {
  auto socket = server.plain(task);
  const std::string block(std::size_t{128} << 10U, 'x');
  const StopWatch watch;
  for (std::size_t left = task.count * bench::client_frame_size(task.size); left > 0;) {
    const std::size_t size = std::min(left, block.size());
    if (!socket.write(std::string_view(block).substr(0, size))) give_up("plain send");
    left -= size;
  }
  if (!socket.discard(1)) give_up("plain send");
  return watch.seconds();
}

double plain_echo(const LoadServer& server, const Task& task) {
  auto socket = server.plain(task);
  const std::string message(bench::client_frame_size(task.size), 'x');
  const StopWatch watch;
  for (std::size_t i = 0; i < task.count; ++i) {
    if (!socket.write(message) || !socket.discard(bench::server_frame_size(task.size))) {
      give_up("plain echo");
    }
  }
  return watch.seconds();
}

double sync_receive(const LoadServer& server, const Task& task) {
  auto socket = websocket::create_connection(server.url(task));
  const StopWatch watch;
  for (std::size_t i = 0; i < task.count; ++i) {
    if (socket.recv().size() != task.size) give_up("recv gave something else");
  }
  return watch.seconds();
}

double sync_send(const LoadServer& server, const Task& task) {
  auto socket = websocket::create_connection(server.url(task));
  const std::string message(task.size, 'x');
  const StopWatch watch;
  for (std::size_t i = 0; i < task.count; ++i) socket.send_bytes(message);
  socket.recv();
  return watch.seconds();
}

double sync_echo(const LoadServer& server, const Task& task) {
  auto socket = websocket::create_connection(server.url(task));
  const std::string message(task.size, 'x');
  const StopWatch watch;
  for (std::size_t i = 0; i < task.count; ++i) {
    socket.send_bytes(message);
    socket.recv();
  }
  return watch.seconds();
}

// From on_open to the last message; closing isn't counted.
class AppWatch {
 public:
  explicit AppWatch(websocket::WebSocketApp& app) {
    app.on_error = [](auto&, const websocket::Error& error) { give_up(error.message); };
  }
  void start() { watch_ = StopWatch(); }
  void stop(websocket::WebSocketApp& app) {
    took_ = watch_.seconds();
    app.close();
  }
  double took() const { return took_; }

 private:
  StopWatch watch_;
  double took_ = 0;
};

double app_receive(const LoadServer& server, const Task& task) {
  websocket::WebSocketApp app(server.url(task));
  AppWatch watch(app);
  std::size_t left = task.count;
  app.on_open = [&](auto&) { watch.start(); };
  app.on_message = [&](websocket::WebSocketApp& ws, const websocket::Message&) {
    if (--left == 0) watch.stop(ws);
  };
  app.run_forever();
  return watch.took();
}

double app_echo(const LoadServer& server, const Task& task) {
  websocket::WebSocketApp app(server.url(task));
  AppWatch watch(app);
  const std::string message(task.size, 'x');
  std::size_t left = task.count;
  app.on_open = [&](websocket::WebSocketApp& ws) {
    watch.start();
    ws.send_bytes(message);
  };
  app.on_message = [&](websocket::WebSocketApp& ws, const websocket::Message&) {
    if (--left == 0) {
      watch.stop(ws);
    } else {
      ws.send_bytes(message);
    }
  };
  app.run_forever();
  return watch.took();
}

// Sends from a thread of the program, as fast as there is room.
double app_send(const LoadServer& server, const Task& task) {
  websocket::WebSocketApp app(server.url(task));
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  bool room = true;
  AppWatch watch(app);
  app.on_open = [&](auto&) {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_one();
  };
  app.on_drain = [&](auto&) {
    const std::lock_guard lock(mutex);
    room = true;
    changed.notify_one();
  };
  app.on_message = [&](websocket::WebSocketApp& ws, auto&) { watch.stop(ws); };
  app.start();
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
  }
  const std::string message(task.size, 'x');
  watch.start();
  for (std::size_t i = 0; i < task.count;) {
    {
      const std::lock_guard lock(mutex);
      room = false;
    }
    const auto result = app.send_bytes(message);
    if (result == websocket::SendResult::queued) {
      ++i;
      continue;
    }
    if (result != websocket::SendResult::buffer_full) give_up("send was refused");
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return room; });
  }
  app.wait();
  return watch.took();
}

using Measure = double (*)(const LoadServer&, const Task&);

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void compare(const LoadServer& server, const char* what, const Task& task, Measure plain,
             Measure sync, Measure app) {
  std::vector<double> took[3];
  for (int round = 0; round < rounds; ++round) {
    took[0].push_back(plain(server, task));
    took[1].push_back(sync(server, task));
    took[2].push_back(app(server, task));
  }
  const double count = static_cast<double>(task.count);
  const double rate[3] = {count / median(took[0]), count / median(took[1]),
                          count / median(took[2])};
  std::printf("| %s %zu B | %.0f | %.0f | %.2f | %.0f | %.2f |\n", what, task.size, rate[0],
              rate[1], rate[1] / rate[0], rate[2], rate[2] / rate[0]);
  std::fflush(stdout);
}

}  // namespace

int main() {
  const LoadServer server;
  struct Size {
    std::size_t size, received, sent;
  };
  constexpr Size sizes[] = {{16, 2'000'000, 1'000'000},
                            {125, 1'000'000, 1'000'000},
                            {1024, 300'000, 300'000},
                            {std::size_t{16} << 10U, 20'000, 20'000},
                            {std::size_t{1} << 20U, 300, 300}};
  std::printf(
      "Messages per second; the ratio is to plain sockets that move the same bytes in big "
      "blocks.\n\n");
  std::printf("| | plain sockets | WebSocket | ratio | WebSocketApp | ratio |\n");
  std::printf("|---|---|---|---|---|---|\n");
  for (const Size& size : sizes) {
    compare(server, "receive", {Task::Kind::firehose, size.size, size.received}, plain_receive,
            sync_receive, app_receive);
  }
  for (const Size& size : sizes) {
    compare(server, "send", {Task::Kind::sink, size.size, size.sent}, plain_send, sync_send,
            app_send);
  }
  for (const std::size_t size : {std::size_t{16}, std::size_t{125}, std::size_t{1024}}) {
    compare(server, "echo", {Task::Kind::echo, size, 20'000}, plain_echo, sync_echo, app_echo);
  }
}
