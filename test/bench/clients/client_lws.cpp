// libwebsockets, on its own event loop. It reads 128 KiB at a time instead of 4 KiB, and sends until it
// holds something back (lws_partial_buffered), which spares the system call of lws_send_pipe_choked; with
// compression that one is asked, since the other does not know of what is not compressed yet, and the
// buffers for what is compressed have 64 KiB instead of 1. It compresses at level 1, as it ships; Beast
// does at 8 and the others at 6. It masks in the caller's memory: what is sent again is what that made of it, since only lengths
// matter here. Text is checked to be UTF-8, which it does not do as it ships; the random source of masks is
// the one it ships with.
#include <libwebsockets.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench_client.hpp"

namespace {

using bench::Clock;
using bench::Order;
using bench::Result;

extern "C" int handle_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                            std::size_t size);

constexpr std::size_t read_size = std::size_t{128} << 10U;
constexpr char protocol_name[] = "bench";

const lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate,
     "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
    {nullptr, nullptr, nullptr}};

// lws has a hundred reasons to call.
bool is_ours(lws_callback_reasons reason) {
  return reason == LWS_CALLBACK_CLIENT_ESTABLISHED || reason == LWS_CALLBACK_CLIENT_RECEIVE ||
         reason == LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH ||
         reason == LWS_CALLBACK_CLIENT_WRITEABLE || reason == LWS_CALLBACK_CLIENT_CLOSED ||
         reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR;
}

// A message with the room before it that lws writes its header into.
class Message {
 public:
  explicit Message(const std::string& payload) : bytes_(LWS_PRE + payload.size()) {
    std::memcpy(bytes_.data() + LWS_PRE, payload.data(), payload.size());
  }
  void send(lws* wsi) {
    const std::size_t size = bytes_.size() - LWS_PRE;
    const int sent = lws_write(wsi, bytes_.data() + LWS_PRE, size, LWS_WRITE_BINARY);
    if (sent < static_cast<int>(size)) bench::give_up("lws_write failed");
  }

 private:
  std::vector<unsigned char> bytes_;
};

struct Connection {
  lws* wsi = nullptr;
  std::size_t received = 0;     // of the message that is coming
  bool asked_to_write = false;  // lws also tells of room that nobody asked for
  bool closing = false;
};

class Program {
 public:
  std::function<void(Connection&)> on_open;
  std::function<void(Connection&, std::size_t size)> on_message;
  std::function<void(Connection&)> on_writable;
  std::function<void()> on_closed;

  explicit Program(const Order& order) : order_(order) {
    const bench::Messages messages(order);
    const std::string* const first = &messages[0];
    for (std::size_t i = 0; i == 0 || &messages[i] != first; ++i) {
      messages_.emplace_back(messages[i]);
    }
    make_context();
  }
  ~Program() { lws_context_destroy(context_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Whether another message can be given to lws now.
  bool takes_more(const Connection& connection) const {
    if (!order_.deflate) return lws_partial_buffered(connection.wsi) == 0;
    return lws_send_pipe_choked(connection.wsi) == 0;
  }
  static void ask_to_write(Connection& connection) {
    connection.asked_to_write = true;
    lws_callback_on_writable(connection.wsi);
  }
  void send(const Connection& connection, std::size_t number = 0) {
    messages_[number % messages_.size()].send(connection.wsi);
  }

  void open(Connection& connection) {
    lws_client_connect_info info{};
    info.context = context_;
    info.address = order_.host.c_str();
    info.port = std::stoi(order_.port);
    info.path = order_.target.c_str();
    info.host = info.address;
    info.origin = info.address;
    info.local_protocol_name = protocol_name;
    info.userdata = &connection;
    info.ssl_connection = tls_flags();
    if (!lws_client_connect_via_info(&info)) bench::give_up("lws could not begin to connect");
  }

  void run() {
    done_ = false;
    while (!done_) {
      if (lws_service(context_, 0) < 0) bench::give_up("lws_service failed");
    }
  }
  void stop() { done_ = true; }

  int handle(Connection& connection, lws* wsi, lws_callback_reasons reason, const void* in,
             std::size_t size);

 private:
  void make_context() {
    lws_set_log_level(LLL_ERR, nullptr);
    const bool tuned = order_.mode != bench::Mode::hold;  // memory is measured as it ships
    protocols_[0] = {protocol_name, handle_event, 0, tuned ? read_size : 0, 0, nullptr, 0};
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols_;
    info.user = this;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    if (order_.tls) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    if (!order_.authority.empty()) info.client_ssl_ca_filepath = order_.authority.c_str();
    if (order_.deflate) info.extensions = extensions;
    if (tuned) info.pt_serv_buf_size = read_size;
    context_ = lws_create_context(&info);
    if (!context_) bench::give_up("lws could not be set up");
  }

  void enlarge_deflate_buffers(lws* wsi) const {
    if (!order_.deflate || order_.mode == bench::Mode::hold) return;
    for (const char* const name : {"rx_buf_size", "tx_buf_size"}) {  // in powers of two
      if (lws_set_extension_option(wsi, extensions[0].name, name, "16") != 0) {
        bench::give_up("lws does not take the option " + std::string(name));
      }
    }
  }

  int tls_flags() const {
    if (!order_.tls) return 0;
    if (!order_.authority.empty()) return LCCSCF_USE_SSL;
    return LCCSCF_USE_SSL | LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_INSECURE;
  }

  void check_compression(lws* wsi) const {
    char answer[256];
    if (order_.deflate && lws_hdr_copy(wsi, answer, sizeof answer, WSI_TOKEN_EXTENSIONS) <= 0) {
      bench::give_up("no compression was agreed on");
    }
  }

  const Order& order_;
  std::vector<Message> messages_;
  lws_protocols protocols_[2] = {};
  lws_context* context_ = nullptr;
  bool done_ = false;
};

// Ends the connection with the next thing that happens on it, as lws wants it: by what its callback
// returns.
void close(Connection& connection) { connection.closing = true; }

int Program::handle(Connection& connection, lws* wsi, lws_callback_reasons reason, const void* in,
                    std::size_t size) {
  if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
    connection.wsi = wsi;
    enlarge_deflate_buffers(wsi);
    on_open(connection);
  } else if (reason == LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH) {
    check_compression(wsi);
  } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) {
    connection.received += size;
    if (!lws_is_final_fragment(wsi)) return 0;
    on_message(connection, std::exchange(connection.received, 0));
  } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
    if (std::exchange(connection.asked_to_write, false)) on_writable(connection);
  } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
    bench::give_up(in ? std::string(static_cast<const char*>(in), size) : "lws cannot connect");
  } else if (reason == LWS_CALLBACK_CLIENT_CLOSED) {
    if (!connection.closing && !done_) bench::give_up("the connection ended too early");
    if (on_closed) on_closed();
    return 0;
  }
  if (!connection.closing || !connection.wsi) return 0;
  lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, nullptr, 0);
  connection.wsi = nullptr;
  return -1;
}

extern "C" int handle_event(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                            std::size_t size) {
  // For other reasons `user` may be something else.
  if (!user || !is_ours(reason)) return 0;
  auto* const program = static_cast<Program*>(lws_context_user(lws_get_context(wsi)));
  return program->handle(*static_cast<Connection*>(user), wsi, reason, in, size);
}

// One connection, until the clocked part and the closing handshake are over.
void run_one(Program& program, Connection& connection) {
  program.on_closed = [&] { program.stop(); };
  program.open(connection);
  program.run();
}

Result recv_mode(const Order& order) {
  Program program(order);
  Connection connection;
  bench::Watch watch;
  std::size_t left = order.count;
  program.on_open = [&](Connection&) { watch.begin(); };
  program.on_message = [&](Connection& from, std::size_t size) {
    bench::check_size(size, order.size);
    if (--left > 0) return;
    watch.end();
    close(from);
  };
  run_one(program, connection);
  return watch.result();
}

Result send_mode(const Order& order) {
  Program program(order);
  Connection connection;
  bench::Watch watch;
  std::size_t sent = 0;
  program.on_open = [&](Connection& on) {
    watch.begin();
    Program::ask_to_write(on);
  };
  program.on_writable = [&](Connection& on) {
    while (sent < order.count && program.takes_more(on)) program.send(on, sent++);
    if (sent < order.count) Program::ask_to_write(on);
  };
  program.on_message = [&](Connection& from, std::size_t size) {
    bench::check_size(size, 4);
    watch.end();
    close(from);
  };
  run_one(program, connection);
  return watch.result();
}

// Writing happens where lws allows it at any time: in its callbacks.
Result rtt_mode(const Order& order) {
  Program program(order);
  Connection connection;
  bench::Laps laps(order.count);
  bench::Watch watch;
  Clock::time_point last;
  program.on_open = [&](Connection& on) {
    watch.begin();
    last = Clock::now();
    Program::ask_to_write(on);
  };
  program.on_writable = [&](Connection& on) { program.send(on, laps.size()); };
  program.on_message = [&](Connection& from, std::size_t size) {
    bench::check_size(size, order.size);
    const auto now = Clock::now();
    laps.add(now - last);
    last = now;
    if (laps.size() < order.count) return program.send(from, laps.size());
    watch.end();
    close(from);
  };
  run_one(program, connection);
  return bench::with_laps(watch, laps);
}

Result connect_mode(const Order& order) {
  Program program(order);
  auto connection = std::make_unique<Connection>();
  bench::Laps connects(order.count);
  bench::Laps laps(order.count);
  bench::Watch watch;
  auto begin = Clock::now();
  program.on_open = [&](Connection& on) {
    connects.add(Clock::now() - begin);
    program.send(on, laps.size());
  };
  program.on_message = [&](Connection& from, std::size_t size) {
    bench::check_size(size, order.size);
    close(from);
  };
  program.on_closed = [&] { program.stop(); };
  watch.begin();
  while (laps.size() < order.count) {
    *connection = {};
    begin = Clock::now();
    program.open(*connection);
    program.run();
    laps.add(Clock::now() - begin);
  }
  watch.end();
  return bench::with_laps(watch, laps, connects);
}

Result hold_mode(const Order& order) {
  Program program(order);
  std::vector<std::unique_ptr<Connection>> connections;
  bench::Watch watch;
  program.on_open = [&](Connection& on) {
    if (order.size == 0) return program.stop();
    Program::ask_to_write(on);
  };
  program.on_writable = [&](Connection& on) { program.send(on); };
  program.on_message = [&](Connection&, std::size_t size) {
    bench::check_size(size, order.size);
    program.stop();
  };
  watch.begin();
  while (connections.size() < order.count) {
    program.open(*connections.emplace_back(std::make_unique<Connection>()));
    program.run();
  }
  watch.end();
  return bench::with_memory(watch);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"lws", recv_mode, send_mode, rtt_mode, connect_mode, hold_mode}, argc, argv);
}
