// See tcp_connect.hpp. Racing several addresses (RFC 8305) is the engine's.
#include "net/tcp_connect.hpp"

#include <algorithm>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <optional>
#include <utility>

#include "net/endpoint.hpp"
#include "net/look_up.hpp"
#include "net/socket_open.hpp"
#include "net/system_error.hpp"
#include "net/tcp_stream.hpp"
#include "net/timer.hpp"

namespace websocket::net {
namespace {

using MaybeFailure = std::optional<base::Failure>;

MaybeFailure set_buffer_sizes(Socket& socket, const SocketOptions& options) {
  if (options.send_buffer_size < 0 || options.receive_buffer_size < 0) {
    const int size = std::min(options.send_buffer_size, options.receive_buffer_size);
    return base::Failure{Errc::invalid_option,
                         "a socket buffer of " + std::to_string(size) + " bytes cannot be had"};
  }
  std::error_code ignored;  // the system takes what it can of a wish
  if (options.send_buffer_size > 0) {
    socket.set_option(asio::socket_base::send_buffer_size(options.send_buffer_size), ignored);
  }
  if (options.receive_buffer_size > 0) {
    socket.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_size), ignored);
  }
  return std::nullopt;
}

void set_habits(Socket& socket, const SocketOptions& options) {
  std::error_code ignored;  // worse habits are no reason not to connect
  socket.set_option(asio::ip::tcp::no_delay(options.tcp_nodelay), ignored);
  socket.set_option(asio::socket_base::keep_alive(options.tcp_keepalive), ignored);
}

MaybeFailure bind_to(Socket& socket, const Address& to, const std::string& local_address) {
  if (local_address.empty()) return std::nullopt;
  const std::optional<Address> local = numeric_address(local_address, 0);
  if (!local) {
    return base::Failure{Errc::invalid_option,
                         "the local address '" + local_address + "' is not a numeric IP address"};
  }
  const Endpoint from = to_endpoint(*local);
  if (from.protocol().family() != to_endpoint(to).protocol().family()) {
    return base::Failure{Errc::network_unreachable,
                         to.text + " cannot be reached from the local address '" + local_address +
                             "', which is of another family"};
  }
  std::error_code error;
  socket.bind(from, error);
  if (!error) return std::nullopt;
  error = as_system_error(error);
  return base::Failure{
      Errc::invalid_option,
      "the local address '" + local_address + "' cannot be used: " + error.message(), error};
}

MaybeFailure prepare(Socket& socket, const Address& to, const SocketOptions& options) {
  if (const std::error_code error = open_socket(socket, to_endpoint(to).protocol().family())) {
    return base::Failure{Errc::connect_failed,
                         "no socket could be opened for " + to.text + ": " + error.message(),
                         error};
  }
  if (MaybeFailure failure = set_buffer_sizes(socket, options)) return failure;
  set_habits(socket, options);
  return bind_to(socket, to, options.local_address);
}

base::Failure connect_failure(const std::string& to, std::error_code error) {
  if (error == std::errc::connection_refused) {
    return {Errc::connection_refused, to + " refused the connection", error};
  }
  if (error == std::errc::network_unreachable || error == std::errc::host_unreachable) {
    return {Errc::network_unreachable, to + " cannot be reached: " + error.message(), error};
  }
  return {Errc::connect_failed, "connecting to " + to + " failed: " + error.message(), error};
}

// A port of this machine that nobody listens on, but which the system happened to give to our own
// socket: TCP then connects it to itself.
bool is_connected_to_itself(const Socket& socket) {
  std::error_code local_error;
  std::error_code remote_error;
  return socket.local_endpoint(local_error) == socket.remote_endpoint(remote_error) &&
         !local_error && !remote_error;
}

class TcpConnecting final : public Operation {
 public:
  TcpConnecting(const LoopContextPtr& loop, std::string to, Socket socket, const Endpoint& endpoint,
                Loop::Connected done)
      : state_(std::make_shared<State>(
            State{loop, std::move(socket), std::move(to), std::move(done)})) {
    loop->reactor_wait_begins();
    state_->socket.async_connect(endpoint, [state = state_](std::error_code error) {
      state->loop->reactor_wait_ends();
      finish(*state, error);
    });
  }
  ~TcpConnecting() override {
    const auto dropped = std::exchange(state_->done, nullptr);
    std::error_code ignored;
    state_->socket.close(ignored);
  }

 private:
  struct State {
    LoopContextPtr loop;
    Socket socket;
    std::string to;
    Loop::Connected done;  // empty: abandoned
  };

  static void finish(State& state, std::error_code error) {
    // On the stack, for it may destroy the operation.
    const auto done = std::exchange(state.done, nullptr);
    if (!done) return;
    if (!error && is_connected_to_itself(state.socket)) {
      error = asio::error::connection_refused;
    }
    if (error) return done(connect_failure(state.to, as_system_error(error)));
    done(std::make_unique<TcpStream>(state.loop, std::move(state.socket)));
  }

  std::shared_ptr<State> state_;
};

}  // namespace

OperationPtr connect_tcp(const LoopContextPtr& loop, const Address& to,
                         const SocketOptions& options, Loop::Connected done) {
  Socket socket(loop->get_executor());
  if (MaybeFailure failure = prepare(socket, to, options)) {
    return run_soon(loop,
                    [done = std::move(done), failure = std::move(*failure)] { done(failure); });
  }
  return std::make_unique<TcpConnecting>(loop, to.text, std::move(socket), to_endpoint(to),
                                         std::move(done));
}

}  // namespace websocket::net
