// A TCP socket on a loop, which tells when it is ready. Reading, writing and the rest are plain system
// calls (net/system_socket); waiting is done alone or, among others, at Asio's reactor.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "net/loop_context.hpp"
#include "net/stream.hpp"
#include "net/system_socket.hpp"

namespace websocket::net {

// Shared with the handlers Asio holds, so that its owner may go while one of them runs.
class Socket final : public LoneWaiter, public std::enable_shared_from_this<Socket> {
 public:
  static std::shared_ptr<Socket> open(LoopContextPtr loop, int family, std::error_code& error);
  Socket(LoopContextPtr loop, int family) : loop_(std::move(loop)), family_(family) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  system_socket::Descriptor descriptor() const { return descriptor_; }
  LoopContextPtr loop() const { return loop_; }

  // As system_socket::read(); told to read by its loop, it may wait a little: see stream.hpp.
  std::size_t read(std::span<char> into, std::error_code& error);
  // As net::Stream has them.
  void set_listener(Stream::Listener* listener) { listener_ = listener; }
  void wait_to_read() {
    if (read_wait_ == Wait::no) begin<&Socket::read_wait_>(loop_->waits_alone(*this));
  }
  void wait_to_write() {
    if (write_wait_ == Wait::no) begin<&Socket::write_wait_>(loop_->waits_alone(*this));
  }
  // The listener is told soon, whether it is ready or not.
  void say_ready_to_write();
  // There is nothing to wait with any more: no descriptor for a reactor, no memory for another wait.
  // Those who waited have been told.
  std::error_code cannot_wait() const { return {cannot_wait_, std::system_category()}; }
  // Nobody is told anything afterwards.
  void close();

  LonePoll::Socket waits_for() const override;
  void is_ready(LonePoll::Directions directions, bool certainly) override;
  bool can_wait_by_reading() const override;
  void wait_by_reading() override;
  void wait_at_reactor() override;

 private:
  using AtReactor =
      asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;
  enum class Wait : std::uint8_t {
    no,
    alone,
    at_reactor,
    soon  // ready or not, it is told when the loop gets to it
  };

  // What the next read is to do when nothing is there.
  enum class NextRead : std::uint8_t {
    returns,
    is_of_something,  // it was found readable, and not read since
    waits
  };

  // What is known when it is compiled takes no memory while it waits.
  template <Wait Socket::*wait>
  void begin(bool alone);
  template <Wait Socket::*wait>
  void tell_soon();
  template <Wait Socket::*wait>
  void end();
  void tell_to_read(NextRead how);
  std::error_code join_reactor();

  const LoopContextPtr loop_;
  Stream::Listener* listener_ = nullptr;
  system_socket::Descriptor descriptor_ = system_socket::none;
  const int family_;
  int cannot_wait_ = 0;
  Wait read_wait_ = Wait::no;
  Wait write_wait_ = Wait::no;
  NextRead next_read_ = NextRead::returns;
  bool lets_wait_ = false;               // see system_socket::let_wait()
  bool waited_in_vain_ = false;          // the last read that came to wait
  std::optional<AtReactor> at_reactor_;  // once it waited there
};

}  // namespace websocket::net
