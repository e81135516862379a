// The crowd's server: one thread and epoll (Linux). It answers handshakes and Close frames, counts
// data messages, and does what lines of its input say:
//
//   count N   when N messages have come since the last `forget`: "counted N"
//   forget    counts messages from zero: "forgotten"
//   ends N    when N connections have ended, in order or not: "ended N"
//   say S     sends every open connection one message of S bytes: "said <connections>"
//   tell      "told open=<> messages=<> closed=<> lost=<> cpu_us=<of processor time>"
//
// It ends when its input ends.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "crowd/connection.hpp"
#include "support/descriptor.hpp"

namespace crowd {

class Server {
 public:
  /// Without TLS where the paths of two PEM files are empty. Throws when it cannot listen.
  Server(const std::string& certificate, const std::string& key);
  ~Server();

  std::uint16_t port() const { return port_; }
  void run();

 private:
  void watch(int descriptor, std::uint32_t events, int how);
  void accept_some();
  void advance(int descriptor);
  bool read_orders();
  void obey(const std::string& order);
  void say(std::size_t size);
  void tell() const;
  void tell_what_was_awaited();

  SSL_CTX* tls_ = nullptr;
  support::Descriptor epoll_;
  support::Descriptor listener_;
  std::uint16_t port_ = 0;
  struct Watched {
    Connection connection;
    bool to_write = false;
  };
  std::unordered_map<int, Watched> connections_;
  Totals totals_;
  std::string orders_;
  std::size_t awaited_messages_ = 0;  // 0: nobody waits
  std::size_t awaited_ends_ = 0;
};

}  // namespace crowd
