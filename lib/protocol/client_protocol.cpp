#include "protocol/client_protocol.hpp"

#include <utility>

#include "protocol/close_code.hpp"

namespace websocket::protocol {
namespace {

// The handshake knows that the stream has ended; the stream may know why.
base::Failure with_cause(base::Failure failure, const std::optional<base::Failure>& cause) {
  if (!cause || failure.code != Errc::handshake_closed) return failure;
  failure.message += " (" + cause->message + ")";
  failure.cause = cause->cause;
  return failure;
}

}  // namespace

ClientProtocol::ClientProtocol(HandshakeRequest request, const Limits& limits, bool check_utf8,
                               MaskKeys& keys)
    : request_(request.bytes),
      request_left_(request_),
      handshake_(request, limits),
      connection_(Role::client, limits, check_utf8, &keys) {}

ClientProtocol::State ClientProtocol::state() const noexcept {
  if (refused_) return State::closed;
  if (!handshake_done_) return State::connecting;
  switch (connection_.state()) {
    case Connection::State::open:
      return State::open;
    case Connection::State::closing:
      return State::closing;
    case Connection::State::draining:
      return State::draining;
    case Connection::State::closed:
      return State::closed;
  }
  return State::closed;
}

// ---- in

std::span<char> ClientProtocol::prepare(std::span<char> scratch) {
  if (handshake_done_) return connection_.prepare(scratch);
  prepared_ = scratch;
  return scratch;
}

void ClientProtocol::commit(std::size_t size) noexcept {
  if (handshake_done_) {
    connection_.commit(size);
  } else {
    head_input_ = prepared_.first(size);
  }
}

void ClientProtocol::commit_eof(std::optional<base::Failure> failure) {
  if (handshake_done_) {
    connection_.commit_eof(std::move(failure));
  } else {
    eof_ = true;
    eof_cause_ = std::move(failure);
  }
}

std::optional<Event> ClientProtocol::next_event() {
  return handshake_done_ ? connection_.next_event() : next_handshake_event();
}

std::optional<Event> ClientProtocol::next_handshake_event() {
  if (refused_) {
    if (std::exchange(end_is_told_, true)) return std::nullopt;
    return Closed{info_, failure_};
  }
  std::size_t consumed = 0;
  auto progress = handshake_.feed({head_input_.data(), head_input_.size()}, consumed);
  head_input_ = head_input_.subspan(consumed);
  if (progress == ClientHandshake::Progress::more && eof_) progress = handshake_.feed_end();
  switch (progress) {
    case ClientHandshake::Progress::more:
      return std::nullopt;
    case ClientHandshake::Progress::accepted:
      handshake_done_ = true;
      if (handshake_.deflate()) connection_.use_deflate(*handshake_.deflate());
      // Frames may stand right behind the head, in the same segment.
      connection_.feed(std::exchange(head_input_, {}));
      if (eof_) connection_.commit_eof(std::move(eof_cause_));
      return Opened{};
    case ClientHandshake::Progress::failed:
      refuse(with_cause(handshake_.failure(), eof_cause_));
      return next_handshake_event();
  }
  return std::nullopt;
}

void ClientProtocol::refuse(std::optional<base::Failure> failure) {
  refused_ = true;
  // To the server, which answered 101, the connection is open: it is told what we do not agree on.
  if (failure && failure->code == Errc::unexpected_extension) {
    connection_.close(static_cast<std::uint16_t>(close_code_for(failure->code)), {});
  }
  failure_ = std::move(failure);
  head_input_ = {};
}

void ClientProtocol::give_up(std::optional<base::Failure> failure) {
  if (handshake_done_) {
    connection_.give_up(std::move(failure));
  } else if (!refused_) {
    if (handshake_.in_body()) {
      handshake_.give_up_on_body();
      failure = handshake_.failure();
    }
    refuse(std::move(failure));
  }
}

// ---- out

std::string_view ClientProtocol::output() {
  return request_left_.empty() ? connection_.output() : request_left_;
}

void ClientProtocol::consume_output(std::size_t size) noexcept {
  if (request_left_.empty()) {
    connection_.consume_output(size);
  } else {
    request_left_.remove_prefix(size);
  }
}

bool ClientProtocol::send(Opcode opcode, std::string_view payload, bool fin) {
  return handshake_done_ && connection_.send(opcode, payload, fin);
}

bool ClientProtocol::ping(std::string_view payload, TimeMark now) {
  return handshake_done_ && connection_.ping(payload, now);
}

bool ClientProtocol::send_frames(FrameBatch& batch) {
  return handshake_done_ && connection_.send_frames(batch);
}

void ClientProtocol::close(std::uint16_t code, std::string_view reason) {
  if (handshake_done_) {
    connection_.close(code, reason);
  } else {
    give_up();
  }
}

}  // namespace websocket::protocol
