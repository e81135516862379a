// Boost.Beast with completion handlers, on one thread: each read begins the next one, each write the
// next one, since Beast allows one of each at a time. The executor's type is known to the compiler, the
// io_context knows that it has one thread, and small messages are read through a buffer of 256 KiB.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "beast_layers.hpp"
#include "bench_client.hpp"

namespace {

using namespace beast_client;
using bench::Clock;
using bench::Order;
using bench::Result;

void check(const error_code& error) {
  if (error) bench::give_up(error.message());
}

// One connection; what is to happen with it is in its handlers.
template <class Kind>
class Session {
 public:
  std::function<void()> on_open;
  std::function<void(std::size_t size)> on_message;
  std::function<void()> on_sent;
  std::function<void()> on_closed;

  Session(Context& context, Kind kind, const Order& order)
      : context_(context), order_(order), socket_(context.make(kind)) {}

  void open() {
    lowest().async_connect(context_.endpoint(), [this](error_code error) {
      check(error);
      lowest().set_option(net::ip::tcp::no_delay(true));
      shake_hands(socket_->next_layer());
    });
  }

  void read() {
    buffer_.clear();
    socket_->async_read(buffer_, [this](error_code error, std::size_t size) {
      if (closing_) return;
      check(error);
      on_message(size);
    });
  }

  void write(const std::string& message) {
    socket_->async_write(net::buffer(message), [this](error_code error, std::size_t) {
      check(error);
      if (on_sent) on_sent();
    });
  }

  void close() {
    closing_ = true;
    socket_->async_close(beast::websocket::close_code::normal, [this](error_code error) {
      check(error);
      if (on_closed) on_closed();
    });
  }

 private:
  Socket& lowest() { return beast::get_lowest_layer(*socket_); }

  template <class Layer>
  void shake_hands(Buffered<Layer>& stream) {
    shake_hands(stream.next_layer());
  }
  void shake_hands(Tls& stream) {
    stream.set_verify_callback(net::ssl::host_name_verification(order_.host));
    stream.async_handshake(net::ssl::stream_base::client, [this](error_code error) {
      check(error);
      upgrade();
    });
  }
  void shake_hands(Socket&) { upgrade(); }

  void upgrade() {
    context_.set_options(*socket_);
    auto response = std::make_shared<beast::websocket::response_type>();
    auto& there = *response;
    socket_->async_handshake(there, order_.host + ":" + order_.port, order_.target,
                             [this, response](error_code error) {
                               check(error);
                               context_.check_compression(*response);
                               on_open();
                             });
  }

  Context& context_;
  const Order& order_;
  std::unique_ptr<typename Kind::WebSocket> socket_;
  beast::flat_buffer buffer_;
  bool closing_ = false;
};

Result recv_mode(const Order& order) {
  return with_kind(order, order.size < big_message, [&](auto kind) {
    Context context(order);
    Session session(context, kind, order);
    bench::Watch watch;
    std::size_t left = order.count;
    session.on_open = [&] {
      watch.begin();
      session.read();
    };
    session.on_message = [&](std::size_t size) {
      bench::check_size(size, order.size);
      if (--left > 0) return session.read();
      watch.end();
      session.close();
    };
    session.open();
    context.io().run();
    return watch.result();
  });
}

Result send_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    Session session(context, kind, order);
    bench::Watch watch;
    std::size_t sent = 0;
    session.on_open = [&] {
      watch.begin();
      session.read();
      session.write(messages[0]);
    };
    session.on_sent = [&] {
      if (++sent < order.count) session.write(messages[sent]);
    };
    session.on_message = [&](std::size_t size) {
      bench::check_size(size, 4);
      watch.end();
      session.close();
    };
    session.open();
    context.io().run();
    return watch.result();
  });
}

Result rtt_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    Session session(context, kind, order);
    bench::Laps laps(order.count);
    bench::Watch watch;
    Clock::time_point last;
    session.on_open = [&] {
      watch.begin();
      last = Clock::now();
      session.write(messages[0]);
      session.read();
    };
    session.on_message = [&](std::size_t size) {
      bench::check_size(size, order.size);
      const auto now = Clock::now();
      laps.add(now - last);
      last = now;
      if (laps.size() == order.count) {
        watch.end();
        return session.close();
      }
      session.write(messages[laps.size()]);
      session.read();
    };
    session.open();
    context.io().run();
    return bench::with_laps(watch, laps);
  });
}

Result connect_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    bench::Laps connects(order.count);
    bench::Laps laps(order.count);
    bench::Watch watch;
    watch.begin();
    while (laps.size() < order.count) {
      const auto begin = Clock::now();
      Session session(context, kind, order);
      session.on_open = [&] {
        connects.add(Clock::now() - begin);
        session.write(messages[laps.size()]);
        session.read();
      };
      session.on_message = [&](std::size_t size) {
        bench::check_size(size, order.size);
        session.close();
      };
      session.open();
      context.io().restart();
      context.io().run();
      laps.add(Clock::now() - begin);
    }
    watch.end();
    return bench::with_laps(watch, laps, connects);
  });
}

// The next connection is begun when one is ready. Each waits for a message all the time.
Result hold_mode(const Order& order) {
  return with_kind(order, false, [&](auto kind) {
    Context context(order);
    const bench::Messages messages(order);
    std::vector<std::unique_ptr<Session<decltype(kind)>>> sessions;
    bench::Watch watch;
    const std::function<void()> ready = [&] {
      if (sessions.size() == order.count) return context.io().stop();
      auto* const session =
          sessions.emplace_back(std::make_unique<Session<decltype(kind)>>(context, kind, order))
              .get();
      session->on_open = [&, session] {
        session->read();
        if (order.size > 0) return session->write(messages[0]);
        ready();
      };
      session->on_message = [&, session](std::size_t size) {
        bench::check_size(size, order.size);
        session->read();
        ready();
      };
      session->open();
    };
    watch.begin();
    ready();
    context.io().run();
    watch.end();
    return bench::with_memory(watch);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"beast_async", recv_mode, send_mode, rtt_mode, connect_mode, hold_mode}, argc,
                    argv);
}
