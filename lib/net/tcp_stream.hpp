// A connected TCP socket as a Stream.
#pragma once

#include <memory>

#include "net/loop_context.hpp"
#include "net/socket_open.hpp"
#include "net/stream.hpp"

namespace websocket::net {

class TcpStream final : public Stream {
 public:
  TcpStream(LoopContextPtr loop, Socket socket);  // the socket is connected and non-blocking
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
  struct State;
  std::shared_ptr<State> state_;
  std::string remote_address_;
};

}  // namespace websocket::net
