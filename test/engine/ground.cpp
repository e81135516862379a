#include "engine/ground.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "net/asio_loop.hpp"
#include "support/deadline.hpp"
#include "support/descriptor.hpp"

namespace engine_test {
namespace {

class InMemory final : public Ground {
 public:
  explicit InMemory(Server::Habits habits) : servers_(loop_, std::move(habits)) {}
  net::Loop& loop() override { return loop_; }
  std::string url() override { return "ws://example.com/"; }
  Server& server() override { return servers_.last(); }
  bool run_until(const std::function<bool()>& holds) override { return loop_.run_until(holds); }

 private:
  FakeLoop loop_;
  FakeServers servers_;
};

void make_non_blocking(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

// A non-blocking socket; what does not fit waits in `unsent_`.
class SocketLink final : public Server::Link {
 public:
  explicit SocketLink(support::Descriptor socket) : socket_(std::move(socket)) {
    make_non_blocking(socket_.get());
  }

  std::string take() override {
    std::string taken;
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size == 0) client_has_ended_ = true;
      if (size <= 0) return taken;
      taken.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  bool client_has_ended() override { return client_has_ended_; }
  void write(std::string_view bytes) override {
    unsent_ += bytes;
    send_what_fits();
  }
  void end() override {
    ends_ = true;
    send_what_fits();
  }
  void send_what_fits() {
    while (!unsent_.empty()) {
      const ssize_t size = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      unsent_.erase(0, static_cast<std::size_t>(size));
    }
    if (std::exchange(ends_, false)) ::shutdown(socket_.get(), SHUT_WR);
  }

 private:
  support::Descriptor socket_;
  std::string unsent_;
  bool ends_ = false;
  bool client_has_ended_ = false;
};

class OverTcp final : public Ground {
 public:
  explicit OverTcp(Server::Habits habits)
      : habits_(std::move(habits)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), any, sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_.get(), any, &size) == 0);
    port_ = ntohs(address.sin_port);
    make_non_blocking(listener_.get());
  }

  net::Loop& loop() override { return loop_; }
  std::string url() override { return "ws://127.0.0.1:" + std::to_string(port_) + "/"; }
  Server& server() override {
    REQUIRE(server_);
    return *server_;
  }
  bool run_until(const std::function<bool()>& holds) override {
    const support::Deadline deadline(support::default_deadline);
    while (!holds()) {
      if (deadline.over()) return false;
      serve();
      // The server has no handler in this loop: it is looked after at least that often.
      loop_.run_one_until(net::Clock::now() + std::chrono::milliseconds(1));
    }
    return true;
  }

 private:
  void serve() {
    const int accepted = ::accept(listener_.get(), nullptr, nullptr);
    if (accepted >= 0) {
      link_ = std::make_shared<SocketLink>(support::Descriptor(accepted));
      server_ = std::make_unique<Server>(link_, habits_);
    }
    if (!server_) return;
    server_->look();
    link_->send_what_fits();
  }

  net::AsioLoop loop_;
  Server::Habits habits_;
  support::Descriptor listener_;
  std::uint16_t port_ = 0;
  std::shared_ptr<SocketLink> link_;
  std::unique_ptr<Server> server_;
};

}  // namespace

std::unique_ptr<Ground> in_memory(Server::Habits habits) {
  return std::make_unique<InMemory>(std::move(habits));
}
std::unique_ptr<Ground> over_tcp(Server::Habits habits) {
  return std::make_unique<OverTcp>(std::move(habits));
}

}  // namespace engine_test
