// See tcp_stream.hpp.
#include "net/tcp_stream.hpp"

#include <utility>

namespace websocket::net {

TcpStream::TcpStream(std::shared_ptr<Socket> socket, std::string local_address,
                     std::string remote_address)
    : socket_(std::move(socket)),
      local_address_(std::move(local_address)),
      remote_address_(std::move(remote_address)) {
  socket_->set_listener(nullptr);
}

TcpStream::~TcpStream() { socket_->close(); }

void TcpStream::set_listener(Listener* listener) { socket_->set_listener(listener); }

IoResult TcpStream::read(std::span<char> into) {
  std::error_code error = socket_->cannot_wait();
  if (error) return {IoStatus::failed, 0, false, error};
  const std::size_t size = socket_->read(into, error);
  if (size > 0) return {IoStatus::ok, size, size < into.size()};
  if (!error) return {IoStatus::end};
  if (system_socket::is_would_block(error)) return {IoStatus::would_block, 0, true};
  return {IoStatus::failed, 0, false, error};
}

IoResult TcpStream::write(std::span<const char> from) {
  std::error_code error = socket_->cannot_wait();
  if (error) return {IoStatus::failed, 0, false, error};
  const std::size_t size = system_socket::write(socket_->descriptor(), from, error);
  if (!error) return {IoStatus::ok, size};
  if (system_socket::is_would_block(error)) return {IoStatus::would_block};
  return {IoStatus::failed, 0, false, error};
}

void TcpStream::wait_to_read() { socket_->wait_to_read(); }
void TcpStream::wait_to_write() { socket_->wait_to_write(); }

void TcpStream::shut_down_sending() {
  // Where that fails, reading tells what is wrong with the connection.
  static_cast<void>(system_socket::shut_down_sending(socket_->descriptor()));
}

std::string TcpStream::local_address() const { return local_address_; }
std::string TcpStream::remote_address() const { return remote_address_; }

}  // namespace websocket::net
