// The echo server: Asio moves the bytes, the library's own protocol core in the server's role knows
// what they mean (RFC 6455 4.2, 5, 7). Pings and Close frames are answered by that core.
#include "echo_server.hpp"

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "protocol/connection.hpp"
#include "protocol/server_handshake.hpp"

namespace samples {
namespace {

using asio::ip::tcp;
namespace protocol = websocket::protocol;

// One client. Each step starts the next; where none does, the last reference to it goes, and the
// socket is closed. Nothing is read while an answer is on its way: TCP slows down a client that
// sends without receiving.
class Client : public std::enable_shared_from_this<Client> {
 public:
  explicit Client(tcp::socket socket)
      : socket_(std::move(socket)),
        connection_(protocol::Role::server, websocket::Limits{}, true, nullptr) {
    std::error_code ignored;  // slower, but no reason to give up
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  void read_request() {
    read(scratch_, [](Client& self, std::size_t size) { self.take_request(size); });
  }

 private:
  void take_request(std::size_t size) {
    const std::span<char> bytes = std::span(scratch_).first(size);
    std::size_t consumed = 0;
    const auto progress = handshake_.feed({bytes.data(), bytes.size()}, consumed);
    if (progress == protocol::ServerHandshake::Progress::more) return read_request();

    const bool accepted = progress == protocol::ServerHandshake::Progress::accepted;
    connection_.feed(bytes.subspan(consumed));  // frames may follow the request at once
    answer_ = handshake_.answer();
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this(), accepted](std::error_code error, std::size_t) {
                        if (!error && accepted) self->echo();
                      });
  }

  void read_frames() {
    read(connection_.prepare(scratch_), [](Client& self, std::size_t size) {
      self.connection_.commit(size);
      self.echo();
    });
  }

  // Answers all that one read brought with one write.
  void echo() {
    while (const auto event = connection_.next_event()) {
      if (const auto* message = std::get_if<protocol::MessageReceived>(&*event)) {
        connection_.send(message->opcode, message->data);
      }
    }
    write();
  }

  void write() {
    const std::string_view output = connection_.output();
    if (output.empty()) return finish_or_go_on();
    socket_.async_write_some(asio::buffer(output.data(), output.size()),
                             [self = shared_from_this()](std::error_code error, std::size_t size) {
                               if (error) return;
                               self->connection_.consume_output(size);
                               self->write();
                             });
  }

  // RFC 6455 7.1.1: "the server MUST close the underlying TCP connection first". Only the sending
  // side, and reading goes on: closing with bytes unread would reset the connection, and the client
  // might never see our Close frame.
  void finish_or_go_on() {
    if (connection_.state() == protocol::Connection::State::draining) {
      std::error_code ignored;  // then the client has gone, and the read below says so
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }
    read_frames();
  }

  template <class Then>
  void read(std::span<char> into, Then then) {
    socket_.async_read_some(
        asio::buffer(into.data(), into.size()),
        [self = shared_from_this(), then](std::error_code error, std::size_t size) {
          if (!error) then(*self, size);
        });
  }

  tcp::socket socket_;
  protocol::ServerHandshake handshake_;
  std::string answer_;
  protocol::Connection connection_;
  std::array<char, std::size_t{64} << 10U> scratch_;
};

}  // namespace

class EchoServer::Implementation {
 public:
  explicit Implementation(std::uint16_t port)
      : loop_(1), acceptor_(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
    accept();
    thread_ = std::thread([this] { loop_.run(); });
  }

  ~Implementation() {
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Client>(std::move(socket))->read_request();
      accept();
    });
  }

  asio::io_context loop_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::thread thread_;
};

EchoServer::EchoServer(std::uint16_t port)
    : implementation_(std::make_unique<Implementation>(port)) {}

EchoServer::~EchoServer() = default;

std::string EchoServer::url() const {
  return "ws://127.0.0.1:" + std::to_string(implementation_->port()) + "/";
}

}  // namespace samples
