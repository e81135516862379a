// What both Beast clients stand on: TCP or TLS, with or without a read buffer of their own between it
// and the WebSocket stream.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/buffered_read_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "bench_client.hpp"

namespace beast_client {

namespace beast = boost::beast;
namespace net = boost::asio;
using error_code = boost::system::error_code;

// The executor's type is known: Asio's any_io_executor would cost a virtual call here and there.
using Socket = net::basic_stream_socket<net::ip::tcp, net::io_context::executor_type>;
using Tls = beast::ssl_stream<Socket>;

// Beast's WebSocket stream reads no more than 1,536 bytes ahead, a few small messages: with this
// between it and the socket a read of the system fetches up to 256 KiB. For big messages it is left out,
// since Beast reads them straight into the caller's buffer.
template <class Layer>
class Buffered : public beast::buffered_read_stream<Layer, beast::flat_buffer> {
  static constexpr std::size_t read_ahead = std::size_t{256} << 10U;

 public:
  using Base = beast::buffered_read_stream<Layer, beast::flat_buffer>;
  template <class... Arguments>
  requires std::is_constructible_v<Layer, Arguments...>
  explicit Buffered(Arguments&&... arguments) : Base(std::forward<Arguments>(arguments)...) {
    Base::capacity(read_ahead);
    Base::buffer().reserve(read_ahead);  // else it would remain as small as the first read
  }
};
constexpr std::size_t big_message = std::size_t{256} << 10U;

template <class Layer>
void teardown(beast::role_type role, Buffered<Layer>& stream, error_code& error) {
  using beast::websocket::teardown;
  teardown(role, stream.next_layer(), error);
}
template <class Layer, class Handler>
void async_teardown(beast::role_type role, Buffered<Layer>& stream, Handler&& handler) {
  using beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

template <class Layer>
using WebSocket = beast::websocket::stream<Layer>;

template <class Layer>
struct Kind {
  using WebSocket = beast_client::WebSocket<Layer>;
};

// Calls that with the kind of stream that is best for the order.
template <class Function>
auto with_kind(const bench::Order& order, bool buffered, const Function& function) {
  if (order.tls) return buffered ? function(Kind<Buffered<Tls>>()) : function(Kind<Tls>());
  return buffered ? function(Kind<Buffered<Socket>>()) : function(Kind<Socket>());
}

inline void handshake_tls(Socket&, const std::string&) {}
inline void handshake_tls(Tls& stream, const std::string& host) {
  stream.set_verify_callback(net::ssl::host_name_verification(host));
  stream.handshake(net::ssl::stream_base::client);
}
template <class Layer>
void handshake_tls(Buffered<Layer>& stream, const std::string& host) {
  handshake_tls(stream.next_layer(), host);
}

class Context {
 public:
  explicit Context(const bench::Order& order) : order_(order) {
    if (order.authority.empty()) {
      tls_.set_verify_mode(net::ssl::verify_none);
    } else {
      tls_.set_verify_mode(net::ssl::verify_peer);
      if (order.tls) tls_.load_verify_file(order.authority);
    }
  }

  net::io_context& io() { return io_; }
  net::ip::tcp::endpoint endpoint() const {
    return {net::ip::make_address(order_.host),
            static_cast<unsigned short>(std::stoul(order_.port))};
  }

  template <class Kind>
  auto make(Kind) {
    using Type = typename Kind::WebSocket;
    std::unique_ptr<Type> socket;
    if constexpr (std::is_constructible_v<typename Type::next_layer_type, net::io_context&,
                                          net::ssl::context&>) {
      socket = std::make_unique<Type>(io_, tls_);
    } else {
      socket = std::make_unique<Type>(io_);
    }
    return socket;
  }

  // One frame for each message; Beast masks and writes it in pieces of its write buffer, which by
  // itself has 4 KiB. Memory is measured with that.
  template <class WebSocket>
  void set_options(WebSocket& socket) const {
    socket.binary(true);
    socket.auto_fragment(false);
    socket.read_message_max(std::size_t{64} << 20U);
    if (order_.mode != bench::Mode::hold) {
      socket.write_buffer_bytes(std::clamp<std::size_t>(order_.size + 64, 4096, 128U << 10U));
    }
    if (!order_.deflate) return;
    beast::websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    socket.set_option(deflate);
  }

  template <class Kind>
  auto connect(Kind kind) {
    auto socket = make(kind);
    auto& lowest = beast::get_lowest_layer(*socket);
    lowest.connect(endpoint());
    lowest.set_option(net::ip::tcp::no_delay(true));
    handshake_tls(socket->next_layer(), order_.host);
    set_options(*socket);
    beast::websocket::response_type response;
    socket->handshake(response, order_.host + ":" + order_.port, order_.target);
    check_compression(response);
    return socket;
  }

  void check_compression(const beast::websocket::response_type& response) const {
    if (order_.deflate && response.count("Sec-WebSocket-Extensions") == 0) {
      bench::give_up("no compression was agreed on");
    }
  }

 private:
  const bench::Order& order_;
  net::io_context io_{1};
  net::ssl::context tls_{net::ssl::context::tls_client};
};

}  // namespace beast_client
