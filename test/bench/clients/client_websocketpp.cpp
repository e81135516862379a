// websocketpp with its Asio transport, on one thread: so locks and strands are configured away, and
// logging is. It reads 64 KiB at a time instead of 16, but for where memory is measured. It writes what
// has been queued meanwhile all at once: sending therefore fills its queue up to 1 MiB, again and again
// from a handler of its loop, as there is no notice of an empty one. The random source of masks is the one
// it ships with. Compiled as C++17: its headers are not C++20.
#include <boost/asio/ssl/host_name_verification.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <websocketpp/client.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>

#include "bench_client.hpp"

namespace {

using bench::Clock;
using bench::Order;
using bench::Result;
namespace transport = websocketpp::transport::asio;
using TlsContext = boost::asio::ssl::context;

// As websocketpp's own configurations are made: each names its parts anew.
template <class SocketType, std::size_t read_buffer, bool with_deflate>
struct Config : websocketpp::config::core_client {
  using type = Config;
  using base = websocketpp::config::core_client;
  using concurrency_type = websocketpp::concurrency::none;
  using request_type = base::request_type;
  using response_type = base::response_type;
  using message_type = base::message_type;
  using con_msg_manager_type = base::con_msg_manager_type;
  using endpoint_msg_manager_type = base::endpoint_msg_manager_type;
  using alog_type = websocketpp::log::basic<concurrency_type, websocketpp::log::alevel>;
  using elog_type = websocketpp::log::basic<concurrency_type, websocketpp::log::elevel>;
  using rng_type =
      websocketpp::random::random_device::int_generator<std::uint32_t, concurrency_type>;
  static const bool enable_multithreading = false;
  static const std::size_t connection_read_buffer_size = read_buffer;
  static const websocketpp::log::level alog_level = websocketpp::log::alevel::none;
  static const websocketpp::log::level elog_level = websocketpp::log::elevel::none;

  struct transport_config : base::transport_config {
    using concurrency_type = type::concurrency_type;
    using alog_type = type::alog_type;
    using elog_type = type::elog_type;
    using request_type = type::request_type;
    using response_type = type::response_type;
    using socket_type = SocketType;
    static const bool enable_multithreading = false;
  };
  using transport_type = transport::endpoint<transport_config>;

  using permessage_deflate_type = std::conditional_t<
      with_deflate,
      websocketpp::extensions::permessage_deflate::enabled<base::permessage_deflate_config>,
      websocketpp::extensions::permessage_deflate::disabled<base::permessage_deflate_config>>;
};

std::shared_ptr<TlsContext> tls_context(const Order& order) {
  auto context = std::make_shared<TlsContext>(TlsContext::tls_client);
  if (order.tls && !order.authority.empty()) {
    context->load_verify_file(order.authority);
    context->set_verify_mode(boost::asio::ssl::verify_peer);
    context->set_verify_callback(boost::asio::ssl::host_name_verification(order.host));
  }
  return context;
}

template <class Configuration>
class Program {
 public:
  using Endpoint = websocketpp::client<Configuration>;
  using Connection = typename Endpoint::connection_ptr;
  using Handle = websocketpp::connection_hdl;

  explicit Program(const Order& order)
      : order_(order), messages_(order), laps_(order.count), tls_(tls_context(order)) {
    endpoint_.init_asio();
    set_tls();
    endpoint_.set_tcp_post_init_handler([this](Handle handle) {
      connection(handle)->get_raw_socket().set_option(boost::asio::ip::tcp::no_delay(true));
    });
    endpoint_.set_fail_handler(
        [this](Handle handle) { bench::give_up(connection(handle)->get_ec().message()); });
    endpoint_.set_close_handler([this](Handle handle) { closed(connection(handle)); });
  }

  Result recv() {
    std::size_t left = order_.count;
    on_open_ = [this](const Connection&) { watch_.begin(); };
    endpoint_.set_message_handler([this, &left](Handle handle, const auto& message) {
      check(message);
      if (--left == 0) end(handle);
    });
    return run();
  }

  Result send() {
    std::size_t left = order_.count;
    on_open_ = [this, &left](const Connection& connection) {
      watch_.begin();
      fill(connection, left);
    };
    endpoint_.set_message_handler([this](Handle handle, const auto& message) {
      bench::check_size(message->get_payload().size(), 4);
      end(handle);
    });
    return run();
  }

  Result rtt() {
    on_open_ = [this](const Connection& connection) {
      watch_.begin();
      last_ = Clock::now();
      send(connection);
    };
    endpoint_.set_message_handler([this](Handle handle, const auto& message) {
      check(message);
      const auto now = Clock::now();
      laps_.add(now - last_);
      last_ = now;
      if (laps_.size() == order_.count) return end(handle);
      send(connection(handle));
    });
    run();
    return bench::with_laps(watch_, laps_);
  }

  Result connect() {
    bench::Laps connects(order_.count);
    on_open_ = [this, &connects](const Connection& connection) {
      connects.add(Clock::now() - last_);
      send(connection);
    };
    endpoint_.set_message_handler([this](Handle handle, const auto& message) {
      check(message);
      close(handle);
    });
    on_closed_ = [this] {
      laps_.add(Clock::now() - last_);
      if (laps_.size() == order_.count) return watch_.end();
      last_ = Clock::now();
      open();
    };
    watch_.begin();
    last_ = Clock::now();
    run();
    return bench::with_laps(watch_, laps_, connects);
  }

  // The next connection is begun when one is ready.
  Result hold() {
    std::size_t held = 0;
    const auto ready = [this, &held] {
      if (++held < order_.count) return open();
      watch_.end();
      endpoint_.stop();
    };
    on_open_ = [this, ready](const Connection& connection) {
      if (order_.size == 0) return ready();
      send(connection);
    };
    endpoint_.set_message_handler([this, ready](Handle, const auto& message) {
      this->check(message);
      ready();
    });
    watch_.begin();
    run();
    return bench::with_memory(watch_);
  }

 private:
  void set_tls() {
    if constexpr (!std::is_same_v<typename Configuration::transport_config::socket_type,
                                  transport::basic_socket::endpoint>) {
      endpoint_.set_tls_init_handler([this](Handle) { return tls_; });
    }
  }

  Connection connection(const Handle& handle) { return endpoint_.get_con_from_hdl(handle); }

  void open() {
    websocketpp::lib::error_code error;
    const Connection connection = endpoint_.get_connection(order_.url, error);
    if (error) bench::give_up(error.message());
    connection->set_open_handler([this](Handle handle) { opened(this->connection(handle)); });
    endpoint_.connect(connection);
  }

  void opened(const Connection& connection) {
    if (order_.deflate && connection->get_response_header("Sec-WebSocket-Extensions").empty()) {
      bench::give_up("no compression was agreed on");
    }
    on_open_(connection);
  }

  template <class Message>
  void check(const Message& message) {
    bench::check_size(message->get_payload().size(), order_.size);
  }

  void send(const Connection& connection) {
    const std::string& message = messages_[laps_.size()];
    if (const auto error = connection->send(message, binary)) bench::give_up(error.message());
  }

  void fill(const Connection& connection, std::size_t& left) {
    constexpr std::size_t most_queued = std::size_t{1} << 20U;
    for (; left > 0 && connection->get_buffered_amount() < most_queued; --left) {
      if (const auto error = connection->send(messages_[left], binary)) {
        bench::give_up(error.message());
      }
    }
    if (left == 0) return;
    endpoint_.get_io_service().post([this, connection, &left] { fill(connection, left); });
  }

  void end(const Handle& handle) {
    watch_.end();
    close(handle);
  }
  void close(const Handle& handle) {
    connection(handle)->close(websocketpp::close::status::normal, "");
  }

  void closed(const Connection& connection) {
    if (connection->get_local_close_code() != websocketpp::close::status::normal ||
        connection->get_remote_close_code() != websocketpp::close::status::normal) {
      bench::give_up("the connection ended too early: " + connection->get_ec().message() + " " +
                     connection->get_remote_close_reason());
    }
    if (on_closed_) on_closed_();
  }

  Result run() {
    open();
    endpoint_.run();
    return watch_.result();
  }

  static constexpr auto binary = websocketpp::frame::opcode::binary;
  const Order& order_;
  const bench::Messages messages_;
  bench::Laps laps_;
  bench::Watch watch_;
  Clock::time_point last_;
  std::shared_ptr<TlsContext> tls_;
  Endpoint endpoint_;
  std::function<void(const Connection&)> on_open_;
  std::function<void()> on_closed_;
};

template <class Socket, class Function>
Result with_socket(const Order& order, const Function& function) {
  constexpr std::size_t shipped = websocketpp::config::core_client::connection_read_buffer_size;
  constexpr std::size_t big = std::size_t{64} << 10U;
  const bool holds = order.mode == bench::Mode::hold;
  if (order.deflate && holds) return function(Program<Config<Socket, shipped, true>>(order));
  if (order.deflate) return function(Program<Config<Socket, big, true>>(order));
  if (holds) return function(Program<Config<Socket, shipped, false>>(order));
  return function(Program<Config<Socket, big, false>>(order));
}

template <class Function>
Result with_program(const Order& order, const Function& function) {
  if (order.tls) return with_socket<transport::tls_socket::endpoint>(order, function);
  return with_socket<transport::basic_socket::endpoint>(order, function);
}

Result recv_mode(const Order& order) {
  return with_program(order, [](auto&& program) { return program.recv(); });
}
Result send_mode(const Order& order) {
  return with_program(order, [](auto&& program) { return program.send(); });
}
Result rtt_mode(const Order& order) {
  return with_program(order, [](auto&& program) { return program.rtt(); });
}
Result connect_mode(const Order& order) {
  return with_program(order, [](auto&& program) { return program.connect(); });
}
Result hold_mode(const Order& order) {
  return with_program(order, [](auto&& program) { return program.hold(); });
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run({"websocketpp", recv_mode, send_mode, rtt_mode, connect_mode, hold_mode}, argc,
                    argv);
}
