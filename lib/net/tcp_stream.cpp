// See tcp_stream.hpp. Asio tells when the socket is ready; reading and writing are plain system
// calls in non-blocking mode, and never raise SIGPIPE (Asio asks for that on every platform).
#include "net/tcp_stream.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <utility>

#include "net/endpoint.hpp"
#include "net/system_error.hpp"

namespace websocket::net {
namespace {

bool is_would_block(std::error_code error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

template <class Io>
std::size_t uninterrupted(Io io, std::error_code& error) {
  std::size_t size = 0;
  do {
    size = io(error);
  } while (error && error == asio::error::interrupted);
  return size;
}

}  // namespace

// Shared with the handlers Asio holds, so that the stream may go while one of them runs.
struct TcpStream::State final : LoneWaiter, std::enable_shared_from_this<State> {
  enum class Wait : std::uint8_t { no, alone, at_reactor };

  State(LoopContextPtr on, Socket from) : loop(std::move(on)), socket(std::move(from)) {}

  void wait_to_read() {
    if (read_wait == Wait::no) begin<&State::read_wait>(loop->waits_alone(*this));
  }
  void wait_to_write() {
    if (write_wait == Wait::no) begin<&State::write_wait>(loop->waits_alone(*this));
  }

  // What is known when it is compiled takes no memory while it waits.
  template <Wait State::*wait>
  void begin(bool alone) {
    this->*wait = alone ? Wait::alone : Wait::at_reactor;
    if (alone) return;
    loop->reactor_wait_begins();
    constexpr auto what = wait == &State::read_wait ? Socket::wait_read : Socket::wait_write;
    // An error is told as readiness: the read or write that follows meets it.
    socket.async_wait(what, [self = shared_from_this()](std::error_code) {
      self->loop->reactor_wait_ends();
      self->end<wait>();
    });
  }
  template <Wait State::*wait>
  void end() {
    this->*wait = Wait::no;
    if (listener == nullptr) return;
    if constexpr (wait == &State::read_wait) {
      listener->ready_to_read();
    } else {
      listener->ready_to_write();
    }
  }

  int descriptor() override { return static_cast<int>(socket.native_handle()); }
  LonePoll::Directions waits_for() const override {
    return {read_wait == Wait::alone, write_wait == Wait::alone};
  }
  void is_ready(LonePoll::Directions directions) override {
    const auto self = shared_from_this();
    const bool reads = directions.read && read_wait == Wait::alone;
    const bool writes = directions.write && write_wait == Wait::alone;
    const bool still_reads = read_wait == Wait::alone && !reads;
    const bool still_writes = write_wait == Wait::alone && !writes;
    if (!still_reads && !still_writes) loop->forget(*this);
    if (reads) end<&State::read_wait>();
    if (writes && write_wait == Wait::alone) end<&State::write_wait>();  // it may have moved
  }
  void wait_at_reactor() override {
    if (read_wait == Wait::alone) begin<&State::read_wait>(false);
    if (write_wait == Wait::alone) begin<&State::write_wait>(false);
  }

  LoopContextPtr loop;
  Socket socket;
  Listener* listener = nullptr;
  Wait read_wait = Wait::no;
  Wait write_wait = Wait::no;
};

TcpStream::TcpStream(LoopContextPtr loop, Socket socket)
    : state_(std::make_shared<State>(std::move(loop), std::move(socket))) {
  std::error_code ignored;  // the peer may have gone again already
  remote_address_ = endpoint_text(state_->socket.remote_endpoint(ignored));
}

TcpStream::~TcpStream() {
  state_->listener = nullptr;
  state_->loop->forget(*state_);
  std::error_code ignored;
  state_->socket.close(ignored);
}

void TcpStream::set_listener(Listener* listener) { state_->listener = listener; }

IoResult TcpStream::read(std::span<char> into) {
  std::error_code error;
  const std::size_t size = uninterrupted(
      [&](std::error_code& e) {
        return state_->socket.read_some(asio::buffer(into.data(), into.size()), e);
      },
      error);
  if (!error) return {IoStatus::ok, size, size < into.size()};
  if (is_would_block(error)) return {IoStatus::would_block, 0, true};
  if (error == asio::error::eof) return {IoStatus::end};
  return {IoStatus::failed, 0, false, as_system_error(error)};
}

IoResult TcpStream::write(std::span<const char> from) {
  std::error_code error;
  const std::size_t size = uninterrupted(
      [&](std::error_code& e) {
        return state_->socket.write_some(asio::buffer(from.data(), from.size()), e);
      },
      error);
  if (!error) return {IoStatus::ok, size};
  if (is_would_block(error)) return {IoStatus::would_block};
  return {IoStatus::failed, 0, false, as_system_error(error)};
}

void TcpStream::wait_to_read() { state_->wait_to_read(); }
void TcpStream::wait_to_write() { state_->wait_to_write(); }

void TcpStream::shut_down_sending() {
  std::error_code ignored;  // reading will tell what is wrong with the connection
  state_->socket.shutdown(Socket::shutdown_send, ignored);
}

std::string TcpStream::local_address() const {
  std::error_code error;
  const Endpoint local = state_->socket.local_endpoint(error);
  return error ? std::string() : endpoint_text(local);
}

std::string TcpStream::remote_address() const { return remote_address_; }

}  // namespace websocket::net
