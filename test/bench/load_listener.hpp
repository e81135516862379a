// A listening port of 127.0.0.1 and the threads that serve who comes, each one connection at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "stream.hpp"

namespace bench {

class Listener {
 public:
  /// Plain TCP where there is no TLS context. Throws where it cannot listen.
  explicit Listener(SSL_CTX* tls);
  /// Ends all connections.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  static constexpr std::size_t most_threads = 2100;

  void add_thread();
  void work();
  void serve_one(int descriptor);
  bool enter(int descriptor);
  void leave(int descriptor);

  SSL_CTX* const tls_;
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  bool ending_ = false;
  std::size_t waiting_ = 0;  // threads in accept
  std::set<int> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace bench
