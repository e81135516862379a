// See server.hpp. Level-triggered epoll; what a connection cannot write at once waits for EPOLLOUT.
#include "crowd/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace crowd {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

SSL_CTX* server_context(const std::string& certificate, const std::string& key) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("the server's certificate cannot be used: " + certificate);
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

void say_line(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::size_t number_in(const std::string& order) {
  std::size_t number = 0;
  std::from_chars(order.data() + order.find(' ') + 1, order.data() + order.size(), number);
  return number;
}

long microseconds(const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; }

}  // namespace

Server::Server(const std::string& certificate, const std::string& key)
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      listener_(
          checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")) {
  if (!certificate.empty()) tls_ = server_context(certificate, key);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  checked(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
  checked(::listen(listener_.get(), 4096), "listen");
  checked(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size),
          "getsockname");
  port_ = ntohs(address.sin_port);
  ::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
  watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
}

Server::~Server() {
  connections_.clear();
  SSL_CTX_free(tls_);
}

void Server::run() {
  std::array<epoll_event, 512> events{};
  for (;;) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "epoll");
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener_.get()) {
        accept_some();
      } else if (descriptor != STDIN_FILENO) {
        advance(descriptor);
      } else if (!read_orders()) {
        return;
      }
    }
    tell_what_was_awaited();
  }
}

void Server::watch(int descriptor, std::uint32_t events, int how) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  checked(::epoll_ctl(epoll_.get(), how, descriptor, &event), "epoll_ctl");
}

// Not all that wait: who is open already has its turn as well.
void Server::accept_some() {
  for (int i = 0; i < 64; ++i) {
    support::Descriptor socket(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      // Without a descriptor to spare the client waits, and the test says what it waits for.
      if (errno != EAGAIN && errno != ECONNABORTED) std::perror("the crowd's server: accept4");
      return;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int descriptor = socket.get();
    watch(descriptor, EPOLLIN, EPOLL_CTL_ADD);
    connections_.try_emplace(descriptor, Watched{Connection(std::move(socket), tls_)});
  }
}

void Server::advance(int descriptor) {
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return;  // ended earlier in this row of events
  Watched& watched = found->second;
  if (!watched.connection.advance(totals_)) {
    connections_.erase(found);
    return;
  }
  const bool to_write = watched.connection.wants_to_write();
  if (std::exchange(watched.to_write, to_write) == to_write) return;
  watch(descriptor, to_write ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

bool Server::read_orders() {
  std::array<char, 1024> buffer{};
  const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size <= 0) return size < 0 && errno == EAGAIN;
  orders_.append(buffer.data(), static_cast<std::size_t>(size));
  for (auto end = orders_.find('\n'); end != std::string::npos; end = orders_.find('\n')) {
    const std::string order = orders_.substr(0, end);
    orders_.erase(0, end + 1);
    obey(order);
  }
  return true;
}

void Server::obey(const std::string& order) {
  if (order.starts_with("count ")) awaited_messages_ = number_in(order);
  if (order.starts_with("ends ")) awaited_ends_ = number_in(order);
  if (order.starts_with("say ")) say(number_in(order));
  if (order == "tell") tell();
  if (order == "forget") {
    totals_.messages = 0;
    say_line("forgotten");
  }
}

void Server::say(std::size_t size) {
  const std::string message = server_message(size);
  std::vector<int> open;
  for (auto& [descriptor, watched] : connections_) {
    if (!watched.connection.is_open()) continue;
    watched.connection.queue(message);
    open.push_back(descriptor);
  }
  for (const int descriptor : open) advance(descriptor);
  say_line("said " + std::to_string(open.size()));
}

void Server::tell() const {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  say_line("told open=" + std::to_string(totals_.open) + " messages=" +
           std::to_string(totals_.messages) + " closed=" + std::to_string(totals_.closed) +
           " lost=" + std::to_string(totals_.lost) + " cpu_us=" +
           std::to_string(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)));
}

void Server::tell_what_was_awaited() {
  const auto tell_once = [](const char* word, std::size_t number, std::size_t& awaited) {
    if (awaited == 0 || number < awaited) return;
    say_line(word + std::to_string(number));
    awaited = 0;
  };
  tell_once("counted ", totals_.messages, awaited_messages_);
  tell_once("ended ", totals_.closed + totals_.lost, awaited_ends_);
}

}  // namespace crowd
