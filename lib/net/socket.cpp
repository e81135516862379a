// See socket.hpp.
#include "net/socket.hpp"

#include <utility>

#include "base/meanwhile.hpp"

namespace websocket::net {
namespace {

// Where that much comes at once there is enough of it to be worth two system calls.
constexpr std::size_t much = std::size_t{32} << 10U;

}  // namespace

std::shared_ptr<Socket> Socket::open(LoopContextPtr loop, int family, std::error_code& error) {
  auto socket = std::make_shared<Socket>(std::move(loop), family);
  socket->descriptor_ = system_socket::open(family, error);
  return socket;
}

Socket::~Socket() { close(); }

void Socket::close() {
  listener_ = nullptr;
  loop_->forget(*this);
  const auto descriptor = std::exchange(descriptor_, system_socket::none);
  if (descriptor == system_socket::none) return;
  std::error_code ignored;
  if (at_reactor_) {
    at_reactor_->close(ignored);
  } else {
    system_socket::close(descriptor);
  }
}

std::size_t Socket::read(std::span<char> into, std::error_code& error) {
  const NextRead how = std::exchange(next_read_, NextRead::returns);
  if (how == NextRead::waits && !lets_wait_) lets_wait_ = system_socket::let_wait(descriptor_);
  if (how != NextRead::returns && lets_wait_) {
    const std::size_t size = system_socket::wait_and_read(descriptor_, into, error);
    waited_in_vain_ = size == 0;
    return size;
  }
  const std::size_t size = system_socket::read(descriptor_, into, error);
  if (size > 0) waited_in_vain_ = false;
  if (how == NextRead::is_of_something && size >= much)
    lets_wait_ = system_socket::let_wait(descriptor_);
  return size;
}

void Socket::say_ready_to_write() { tell_soon<&Socket::write_wait_>(); }

template <Socket::Wait Socket::*wait>
void Socket::tell_soon() {
  this->*wait = Wait::soon;
  loop_->post([self = shared_from_this()] { self->end<wait>(); });
}

template <Socket::Wait Socket::*wait>
void Socket::begin(bool alone) {
  this->*wait = alone ? Wait::alone : Wait::at_reactor;
  if (alone) return;
  if (const std::error_code error = join_reactor()) {
    cannot_wait_ = error.value();
    return tell_soon<wait>();
  }
  constexpr auto what = wait == &Socket::read_wait_ ? AtReactor::wait_read : AtReactor::wait_write;
  // An error is told as readiness: the read or write that follows meets it.
  at_reactor_->async_wait(what, [self = shared_from_this()](std::error_code) {
    self->loop_->reactor_wait_ends();
    self->end<wait>();
  });
  loop_->reactor_wait_begins();
}

// The header's functions call these two from other files.
template void Socket::begin<&Socket::read_wait_>(bool alone);
template void Socket::begin<&Socket::write_wait_>(bool alone);

template <Socket::Wait Socket::*wait>
void Socket::end() {
  this->*wait = Wait::no;
  if (listener_ == nullptr) return;
  if constexpr (wait == &Socket::read_wait_) {
    listener_->ready_to_read();
  } else {
    listener_->ready_to_write();
  }
}

std::error_code Socket::join_reactor() {
  if (at_reactor_) return {};
  try {
    AtReactor joining(loop_->reactor());
    joining.assign(asio::generic::stream_protocol(family_, 0), descriptor_);
    at_reactor_.emplace(std::move(joining));
    lets_wait_ = false;  // Asio takes it back when it first waits
    return {};
  } catch (const std::system_error& error) {
    return error.code();
  }
}

LonePoll::Socket Socket::waits_for() const {
  return {descriptor_, {read_wait_ == Wait::alone, write_wait_ == Wait::alone}};
}

void Socket::is_ready(LonePoll::Directions directions, bool certainly) {
  const auto self = shared_from_this();
  const bool reads = directions.read && read_wait_ == Wait::alone;
  const bool writes = directions.write && write_wait_ == Wait::alone;
  const bool still_reads = read_wait_ == Wait::alone && !reads;
  const bool still_writes = write_wait_ == Wait::alone && !writes;
  if (!still_reads && !still_writes) loop_->forget(*this);
  if (reads) tell_to_read(certainly ? NextRead::is_of_something : NextRead::returns);
  if (writes && write_wait_ == Wait::alone) end<&Socket::write_wait_>();  // it may have moved
}

void Socket::tell_to_read(NextRead how) {
  const base::Meanwhile meanwhile(next_read_, how);
  end<&Socket::read_wait_>();
}

bool Socket::can_wait_by_reading() const {
  return read_wait_ == Wait::alone && write_wait_ != Wait::alone && !waited_in_vain_;
}

void Socket::wait_by_reading() {
  const auto self = shared_from_this();
  loop_->forget(*this);
  waited_in_vain_ = true;  // until a read has said otherwise
  tell_to_read(NextRead::waits);
}

void Socket::wait_at_reactor() {
  if (read_wait_ == Wait::alone) begin<&Socket::read_wait_>(false);
  if (write_wait_ == Wait::alone) begin<&Socket::write_wait_>(false);
}

}  // namespace websocket::net
