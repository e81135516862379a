// A connected TCP socket as a Stream.
#pragma once

#include <memory>
#include <string>

#include "net/socket.hpp"
#include "net/stream.hpp"

namespace websocket::net {

class TcpStream final : public Stream {
 public:
  // It is connected, so.
  TcpStream(std::shared_ptr<Socket> socket, std::string local_address, std::string remote_address);
  ~TcpStream() override;

  void set_listener(Listener* listener) override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const char> from) override;
  void wait_to_read() override;
  void wait_to_write() override;
  void shut_down_sending() override;
  std::string local_address() const override;
  std::string remote_address() const override;

 private:
  const std::shared_ptr<Socket> socket_;
  const std::string local_address_, remote_address_;
};

}  // namespace websocket::net
