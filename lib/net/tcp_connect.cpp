// See tcp_connect.hpp. Racing several addresses (RFC 8305) is the engine's.
#include "net/tcp_connect.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "net/endpoint.hpp"
#include "net/look_up.hpp"
#include "net/socket.hpp"
#include "net/tcp_stream.hpp"
#include "net/timer.hpp"

namespace websocket::net {
namespace {

using MaybeFailure = std::optional<base::Failure>;

// What the system makes of a wish is its business: worse habits are no reason not to connect.
void wish(const Socket& socket, const system_socket::Option& option, int value) {
  static_cast<void>(system_socket::set(socket.descriptor(), option, value));
}

MaybeFailure set_buffer_sizes(const Socket& socket, const SocketOptions& options) {
  if (options.send_buffer_size < 0 || options.receive_buffer_size < 0) {
    const int size = std::min(options.send_buffer_size, options.receive_buffer_size);
    return base::Failure{Errc::invalid_option,
                         "a socket buffer of " + std::to_string(size) + " bytes cannot be had"};
  }
  if (options.send_buffer_size > 0) {
    wish(socket, system_socket::send_buffer_size, options.send_buffer_size);
  }
  if (options.receive_buffer_size > 0) {
    wish(socket, system_socket::receive_buffer_size, options.receive_buffer_size);
  }
  return std::nullopt;
}

void set_habits(const Socket& socket, const SocketOptions& options) {
  wish(socket, system_socket::no_delay, options.tcp_nodelay ? 1 : 0);
  wish(socket, system_socket::keep_alive, options.tcp_keepalive ? 1 : 0);
}

MaybeFailure bind_to(const Socket& socket, const Address& to, const std::string& local_address) {
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
  const std::error_code error = system_socket::bind(socket.descriptor(), from);
  if (!error) return std::nullopt;
  return base::Failure{
      Errc::invalid_option,
      "the local address '" + local_address + "' cannot be used: " + error.message(), error};
}

// Before it connects: the buffers' sizes are part of what TCP tells the peer first.
MaybeFailure prepare(const Socket& socket, const Address& to, const SocketOptions& options) {
  if (MaybeFailure failure = set_buffer_sizes(socket, options)) return failure;
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

class TcpConnecting final : public Operation, private Stream::Listener {
 public:
  TcpConnecting(std::shared_ptr<Socket> socket, const Address& to, Loop::Connected done)
      : socket_(std::move(socket)), to_(to.text), done_(std::move(done)) {}
  ~TcpConnecting() override {
    if (socket_) socket_->close();
  }

  void start(const Address& to) {
    socket_->set_listener(this);
    const std::error_code error = system_socket::connect(socket_->descriptor(), to_endpoint(to));
    if (error && !system_socket::is_under_way(error)) failed_at_once_ = error;
    socket_->say_ready_to_write();  // to this machine it is done already, or refused
  }

 private:
  void ready_to_read() override {}
  void ready_to_write() override { look(); }

  void look() {
    std::error_code error = failed_at_once_ ? failed_at_once_ : socket_->cannot_wait();
    if (error) return fail(error);
    const Endpoint remote = system_socket::remote_endpoint(socket_->descriptor(), error);
    if (error) {
      const std::error_code why = system_socket::take_error(socket_->descriptor());
      // At the reactor it may be told what an earlier owner of the descriptor waited for.
      if (!why && system_socket::is_not_connected(error)) return socket_->wait_to_write();
      return fail(why ? why : error);
    }
    const Endpoint local = system_socket::local_endpoint(socket_->descriptor(), error);
    // A port of this machine that nobody listens on, but which the system happened to give to our own
    // socket: TCP then connects it to itself.
    if (local == remote) return fail({ECONNREFUSED, std::system_category()});
    const auto done = std::move(done_);  // on the stack, for it may destroy this
    done(std::make_unique<TcpStream>(std::move(socket_), endpoint_text(local),
                                     endpoint_text(remote)));
  }

  void fail(std::error_code error) {
    const auto done = std::move(done_);
    done(connect_failure(to_, error));
  }

  std::shared_ptr<Socket> socket_;
  const std::string to_;
  Loop::Connected done_;
  std::error_code failed_at_once_;
};

}  // namespace

OperationPtr connect_tcp(const LoopContextPtr& loop, const Address& to,
                         const SocketOptions& options, Loop::Connected done) {
  std::error_code error;
  std::shared_ptr<Socket> socket = Socket::open(loop, to_endpoint(to).protocol().family(), error);
  MaybeFailure failure;
  if (error) {
    failure =
        base::Failure{Errc::connect_failed,
                      "no socket could be opened for " + to.text + ": " + error.message(), error};
  } else {
    failure = prepare(*socket, to, options);
  }
  if (failure) {
    return run_soon(loop,
                    [done = std::move(done), failure = std::move(*failure)] { done(failure); });
  }
  auto connecting = std::make_unique<TcpConnecting>(socket, to, std::move(done));
  connecting->start(to);
  set_habits(*socket, options);  // while the peer answers
  return connecting;
}

}  // namespace websocket::net
