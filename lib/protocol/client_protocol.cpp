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
    : opening_(std::make_unique<Opening>(std::move(request), limits)),
      answer_(opening_->handshake.answer()),
      connection_(Role::client, limits, check_utf8, &keys) {}

ClientProtocol::State ClientProtocol::state() const noexcept {
  if (!handshake_done_) return opening_->refused ? State::closed : State::connecting;
  switch (connection_.state()) {
    case Connection::State::open:
    case Connection::State::failing:
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
  opening_->prepared = scratch;
  return scratch;
}

void ClientProtocol::commit(std::size_t size) noexcept {
  if (handshake_done_) {
    connection_.commit(size);
  } else {
    opening_->head_input = opening_->prepared.first(size);
  }
}

void ClientProtocol::commit_eof(std::optional<base::Failure> failure) {
  if (handshake_done_) {
    connection_.commit_eof(std::move(failure));
  } else {
    opening_->eof = true;
    opening_->eof_cause = std::move(failure);
  }
}

std::optional<Event> ClientProtocol::next_event() {
  return handshake_done_ ? connection_.next_event() : next_handshake_event();
}

std::optional<Event> ClientProtocol::next_handshake_event() {
  Opening& opening = *opening_;
  if (opening.refused) {
    if (std::exchange(opening.end_is_told, true)) return std::nullopt;
    return Closed{opening.info, opening.failure};
  }
  std::size_t consumed = 0;
  const std::string_view input(opening.head_input.data(), opening.head_input.size());
  auto progress = opening.handshake.feed(input, consumed);
  opening.head_input = opening.head_input.subspan(consumed);
  if (progress == ClientHandshake::Progress::more && opening.eof) {
    progress = opening.handshake.feed_end();
  }
  switch (progress) {
    case ClientHandshake::Progress::more:
      return std::nullopt;
    case ClientHandshake::Progress::accepted:
      return accept();
    case ClientHandshake::Progress::failed:
      refuse(with_cause(opening.handshake.failure(), opening.eof_cause));
      return next_handshake_event();
  }
  return std::nullopt;
}

Event ClientProtocol::accept() {
  // What takes memory comes first: where there is none the handshake is not done.
  if (answer_->deflate) connection_.use_deflate(*answer_->deflate);
  handshake_done_ = true;
  // Frames may stand right behind the head, in the same segment.
  connection_.feed(std::exchange(opening_->head_input, {}));
  if (opening_->eof) connection_.commit_eof(std::move(opening_->eof_cause));
  if (opening_->request_left.empty()) opening_.reset();
  return Opened{};
}

void ClientProtocol::refuse(std::optional<base::Failure> failure) {
  opening_->refused = true;
  // To the server, which answered 101, the connection is open: it is told what we do not agree on.
  if (failure && failure->code == Errc::unexpected_extension) {
    connection_.close(static_cast<std::uint16_t>(close_code_for(failure->code)), {});
  }
  opening_->failure = std::move(failure);
  opening_->head_input = {};
}

void ClientProtocol::give_up(std::optional<base::Failure> failure) {
  if (handshake_done_) {
    connection_.give_up(std::move(failure));
  } else if (!opening_->refused) {
    if (opening_->handshake.in_body()) {
      opening_->handshake.give_up_on_body();
      failure = opening_->handshake.failure();
    }
    refuse(std::move(failure));
  }
}

// ---- out

void ClientProtocol::consume_opening_output(std::size_t size) {
  if (sends_frames()) return connection_.consume_output(size);
  opening_->request_left.remove_prefix(size);
  if (!opening_->request_left.empty()) return;
  if (handshake_done_) return opening_.reset();
  opening_->handshake.request_has_left();
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
