// The socket and thread behind exchange.hpp's Server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <stdexcept>

#include "conformance/exchange.hpp"

namespace conformance {

Server::Server()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      never_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), SOMAXCONN) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0) {
    throw std::runtime_error("no port is free");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Server::~Server() {
  scripts_.push({});
  thread_.join();
}

std::string Server::url(std::string_view path) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void Server::serve_next(Script script) { scripts_.push(std::move(script)); }

std::string Server::wait() {
  return outcomes_.pop(3 * support::default_deadline)
      .value_or("the scripted server did not come to its end");
}

void Server::run() {
  for (;;) {
    auto script = scripts_.pop();
    if (!script) continue;
    if (!*script) return;
    outcomes_.push(serve(*script));
  }
}

std::string Server::serve(const Script& script) {
  pollfd entry{listener_.get(), POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(support::default_deadline.count())) != 1) {
    return "the client did not connect";
  }
  support::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) return "accept failed";
  // So that what is written byte by byte leaves byte by byte.
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  support::RawConnection connection(std::move(socket), never_.get());
  try {
    script(connection);
  } catch (const std::exception& problem) {
    return problem.what();
  }
  return {};
}

Server& server() {
  static Server instance;
  return instance;
}

}  // namespace conformance
