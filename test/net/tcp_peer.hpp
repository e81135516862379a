// The other side of a TCP connection in a test: a listener on 127.0.0.1 and plain blocking calls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "run_loop.hpp"
#include "support/descriptor.hpp"

namespace net_test {

class TcpPeer {
 public:
  TcpPeer();  // listens

  std::uint16_t port() const { return port_; }
  net::Address address() const;

  void accept();  // the connection that waits
  void stop_listening();
  std::string read(std::size_t size);  // that much, or less at the end of the stream
  void write(std::string_view bytes);
  void close() { connection_.close(); }
  void reset();  // ends the connection with a RST
  int descriptor() const { return connection_.get(); }

 private:
  support::Descriptor listener_;
  support::Descriptor connection_;
  std::uint16_t port_ = 0;
};

net::Address loopback(std::uint16_t port);

/// A stream connected to the peer, which has accepted it.
std::unique_ptr<net::Stream> connect(net::AsioLoop& loop, TcpPeer& peer,
                                     const SocketOptions& options = {});

}  // namespace net_test
