// Threads wait in accept themselves, and there is always one more than needed: so a connection costs
// neither a new thread nor a way from one thread to another.
#include "load_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

#include "load_tasks.hpp"

namespace bench {

Listener::Listener(SSL_CTX* tls) : tls_(tls) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(descriptor_, 4096) != 0 ||
      ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the load server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  const std::lock_guard lock(mutex_);
  add_thread();
}

Listener::~Listener() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    ::shutdown(descriptor_, SHUT_RDWR);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    threads = std::move(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(descriptor_);
}

void Listener::add_thread() {
  if (threads_.size() == most_threads) return;
  ++waiting_;
  threads_.emplace_back([this] { work(); });
}

void Listener::work() {
  for (;;) {
    const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    if (!enter(descriptor)) return;
    serve_one(descriptor);
  }
}

void Listener::serve_one(int descriptor) {
  Stream stream(descriptor);
  try {
    if (!tls_ || stream.accept_tls(*tls_)) serve(stream);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_server: %s\n", error.what());
  }
  leave(descriptor);
}

bool Listener::enter(int descriptor) {
  const std::lock_guard lock(mutex_);
  if (ending_) {
    ::close(descriptor);
    return false;
  }
  connections_.insert(descriptor);
  if (--waiting_ == 0) add_thread();
  return true;
}

void Listener::leave(int descriptor) {
  const std::lock_guard lock(mutex_);
  connections_.erase(descriptor);
  ++waiting_;
}

}  // namespace bench
