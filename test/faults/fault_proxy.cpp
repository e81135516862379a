#include "fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace faults {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// All reading and writing asks not to block.
support::Descriptor new_socket() {
  return support::Descriptor(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

// Every byte goes out when it is written.
void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Empty when nobody is there.
support::Descriptor connect_to(std::uint16_t port) {
  support::Descriptor socket = new_socket();
  send_at_once(socket.get());
  const sockaddr_in address = loopback(port);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) != 0) return {};
  return socket;
}

}  // namespace

FaultProxy::FaultProxy(std::uint16_t server_port)
    : server_port_(server_port),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      thread_([this] { run(); }) {}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

std::uint16_t FaultProxy::listen(Entrance entrance) {
  support::Descriptor socket = new_socket();
  if (entrance.receive_buffer_size > 0) {
    // Accepted sockets have it from the one that listens.
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &entrance.receive_buffer_size,
                 sizeof entrance.receive_buffer_size);
  }
  sockaddr_in address = loopback(0);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  checked(::bind(socket.get(), generic, size), "bind");
  checked(::listen(socket.get(), SOMAXCONN), "listen");
  checked(::getsockname(socket.get(), generic, &size), "getsockname");
  {
    const std::lock_guard lock(mutex_);
    new_doors_.push_back({std::move(socket), std::move(entrance)});
  }
  ::eventfd_write(wake_.get(), 1);
  return ntohs(address.sin_port);
}

void FaultProxy::run() {
  while (wait_and_serve()) {
  }
}

// False when the proxy ends.
bool FaultProxy::wait_and_serve() {
  std::vector<pollfd> entries{{wake_.get(), POLLIN, 0}};
  for (const Door& door : doors_) entries.push_back({door.socket.get(), POLLIN, 0});
  for (const Passage& passage : passages_) {
    entries.push_back(passage.relay.client_entry());
    entries.push_back(passage.relay.server_entry());
  }
  ::poll(entries.data(), entries.size(), milliseconds_to_wait());
  auto entry = entries.begin();
  if ((entry++)->revents != 0) {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
  }
  std::vector<const Door*> knocked;
  for (const Door& door : doors_) {
    if ((entry++)->revents != 0) knocked.push_back(&door);
  }
  for (auto passage = passages_.begin(); passage != passages_.end();) {
    const short client_events = (entry++)->revents;
    const short server_events = (entry++)->revents;
    passage->relay.advance(client_events, server_events);
    if (!passage->relay.over()) {
      ++passage;
      continue;
    }
    const auto& over = passage->door->entrance.over;
    if (over) over(passage->plan, passage->relay.traffic());
    passage = passages_.erase(passage);
  }
  for (const Door* door : knocked) accept_from(*door);
  const std::lock_guard lock(mutex_);
  doors_.splice(doors_.end(), new_doors_);
  return !stopping_;
}

void FaultProxy::accept_from(const Door& door) {
  support::Descriptor client(::accept4(door.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return;
  send_at_once(client.get());
  const Plan plan = door.entrance.plan();
  support::Descriptor server = connect_to(server_port_);
  if (!server) return;
  Relay relay(std::move(client), std::move(server), plan);
  // A fault after no byte at all comes at once: poll would not tell.
  relay.advance(0, 0);
  passages_.push_back({std::move(relay), plan, &door});
}

// -1: until something happens.
int FaultProxy::milliseconds_to_wait() const {
  std::optional<Clock::time_point> first;
  for (const Passage& passage : passages_) {
    if (passage.relay.over()) return 0;
    const auto until = passage.relay.held_until();
    if (until && (!first || *until < *first)) first = until;
  }
  if (!first) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace faults
