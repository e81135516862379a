#include "protocol/connection.hpp"

#include <new>
#include <utility>

#include "protocol/close_code.hpp"

namespace websocket::protocol {
namespace {

// Pings are answered one by one until that much waits to be sent; then only the latest is.
constexpr std::size_t most_output_with_pongs = std::size_t{4} << 10U;

}  // namespace

Connection::Connection(Role role, const Limits& limits, bool check_utf8, MaskKeys* keys)
    : role_(role), keys_(keys), reader_(role, limits, check_utf8) {}

void Connection::use_deflate(const DeflateAgreement& agreement) {
  reader_.use_deflate(role_ == Role::client ? agreement.server : agreement.client);
  deflate_ = &agreement;
}

void Connection::rest() noexcept {
  reader_.rest();
  output_.rest_long();
  if (deflater_) deflater_->rest();
}

// ---- in

void Connection::commit_eof(std::optional<base::Failure> failure) {
  if (std::exchange(eof_, true)) return;
  eof_failure_ = std::move(failure);
}

std::optional<Event> Connection::next_event() {
  if (!may_have_events()) return std::nullopt;
  for (;;) {
    switch (state_) {
      case State::open:
      case State::closing: {
        auto received = reader_.next();
        if (received) {
          if (auto event = event_for(*received)) return event;
          break;
        }
        if (!eof_) return std::nullopt;
        end(why_the_stream_ended());
        break;
      }
      case State::failing:
        return say_why_it_failed();
      case State::draining:
        reader_.feed({});  // RFC 6455 1.4: data after a Close frame is discarded
        if (!eof_) return std::nullopt;
        end(std::nullopt);
        break;
      case State::closed:
        if (std::exchange(end_is_told_, true)) return std::nullopt;
        return Closed{info_.get(), failure_};
    }
  }
}

bool Connection::fail(base::Failure failure) {
  if (state_ != State::open) return false;
  failure_ = std::move(failure);
  reader_.stop();
  state_ = State::failing;
  return true;
}

std::optional<Event> Connection::event_for(const Received& received) {
  if (const auto* message = std::get_if<MessageReceived>(&received)) return *message;
  if (const auto* fragment = std::get_if<FragmentReceived>(&received)) return *fragment;
  if (const auto* control = std::get_if<ControlReceived>(&received)) return control_event(*control);
  if (state_ == State::closing) return std::nullopt;
  return violated(std::get<Violated>(received).failure);
}

std::optional<Event> Connection::control_event(const ControlReceived& frame) {
  if (frame.opcode == Opcode::close) return peer_closes(frame.payload);
  if (frame.opcode == Opcode::pong) {
    return PongReceived{frame.payload, delivery_.pong_received(frame.payload)};
  }
  answer_ping(frame.payload);
  return PingReceived{frame.payload};
}

// RFC 6455 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame,
// the endpoint MUST send a Close frame in response. (When sending a Close frame in response, the
// endpoint typically echos the status code it received.)"
std::optional<Event> Connection::peer_closes(std::string_view payload) {
  auto parsed = parse_close_payload(payload);
  if (auto* failure = std::get_if<base::Failure>(&parsed)) {
    if (state_ == State::closing) {
      state_ = State::draining;  // it answered, though with nonsense
      return std::nullopt;
    }
    return violated(std::move(*failure));
  }
  auto& close = std::get<ClosePayload>(parsed);
  info_ = CloseInfo{.code = close.code,
                    .reason = std::move(close.reason),
                    .clean = true,
                    .by_peer = state_ == State::open};
  if (state_ == State::open) add_last_words();
  const bool ours_was_first = std::exchange(state_, State::draining) == State::closing;
  // An answer to our Close frame comes after all that was in front of that was read. One with
  // another code may have crossed ours.
  if (ours_was_first && info_->code == code_we_sent_) delivery_.all_was_read();
  if (ours_was_first) return std::nullopt;
  pong_.reset();
  append(Opcode::close, make_close_payload(info_->code, {}));
  return Closing{};
}

// RFC 6455 7.1.7, Fail the WebSocket Connection: "the endpoint SHOULD send a Close frame with an
// appropriate status code before proceeding to _Close the WebSocket Connection_."
Event Connection::violated(base::Failure failure) {
  failure_ = std::move(failure);
  return say_why_it_failed();
}

// Where there is no memory for that, without a word.
Event Connection::say_why_it_failed() {
  state_ = State::open;  // for what was said before
  try {
    add_last_words();
    pong_.reset();
    append(Opcode::close,
           make_close_payload(static_cast<std::uint16_t>(close_code_for(failure_->code)), {}));
  } catch (const std::bad_alloc&) {
  }
  state_ = State::draining;
  return Closing{};
}

void Connection::add_last_words() {
  if (last_words_ != nullptr) last_words_->add_last_words();
}

// RFC 6455 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response,
// unless it already received a Close frame." 5.5.3: "If an endpoint receives a Ping frame and has
// not yet sent Pong frame(s) in response to previous Ping frame(s), the endpoint MAY elect to send
// a Pong frame for only the most recently processed Ping frame." So a flood of pings does not pile
// up pongs.
void Connection::answer_ping(std::string_view payload) {
  if (state_ != State::open)
    return;  // 5.5.1: nothing may follow our Close frame but what TCP carries
  if (!pong_ && output_.size() < most_output_with_pongs) {
    append(Opcode::pong, payload);
  } else {
    pong_ = std::string(payload);
  }
}

// While we wait for an answer to our Close frame, how it ends is nothing to complain of.
std::optional<base::Failure> Connection::why_the_stream_ended() {
  if (state_ != State::open) return std::nullopt;
  if (eof_failure_) return eof_failure_.take();
  return base::Failure{
      Errc::connection_lost, "the connection ended without a closing handshake", {}};
}

void Connection::end(std::optional<base::Failure> failure) {
  state_ = State::closed;
  if (!failure_) failure_ = std::move(failure);
}

void Connection::give_up(std::optional<base::Failure> failure) {
  if (state_ == State::closed) return;
  end(state_ == State::open ? std::move(failure) : std::nullopt);
}

// ---- out

// The output is empty.
std::string_view Connection::pending_output() {
  append_pending_pong();
  return output_.view();
}

void Connection::append(Opcode opcode, std::string_view payload, bool fin, std::uint8_t reserved) {
  append_frame(output_, fin, opcode, payload, role_ == Role::client ? keys_ : nullptr, reserved);
}

void Connection::append_compressed(Opcode opcode, std::string_view payload, bool fin) {
  if (!deflater_) {
    const DeflateSide& own = role_ == Role::client ? deflate_->client : deflate_->server;
    deflater_ = MessageDeflater(own, *deflate_);
  }
  base::Buffer scratch;
  const auto frame = deflater_->deflate(opcode, payload, fin, scratch);
  append(opcode, frame.payload, fin, frame.reserved);
  deflater_->sent();
}

void Connection::append_pending_pong() {
  if (!pong_) return;
  append(Opcode::pong, *pong_);
  pong_.reset();
}

bool Connection::send(Opcode opcode, std::string_view payload, bool fin) {
  if (state_ != State::open) return false;
  if (pong_) append_pending_pong();
  if (deflate_ == nullptr || is_control(opcode)) {
    append(opcode, payload, fin);
  } else {
    append_compressed(opcode, payload, fin);
  }
  if (fin && !is_control(opcode)) delivery_.message_queued();
  return true;
}

bool Connection::ping(std::string_view payload, TimeMark now) {
  if (!send(Opcode::ping, payload)) return false;
  delivery_.ping_queued(payload, now);
  return true;
}

bool Connection::send_frames(FrameBatch& batch) {
  if (state_ != State::open) return false;
  append_pending_pong();
  const bool is_behind = !output_.empty();
  // What takes memory comes first: either all of it is done, or nothing.
  if (is_behind) output_.prepare(batch.frames.size());
  delivery_.batch_queued(batch);
  if (is_behind) {
    output_.append(batch.frames.view());
  } else {
    output_.swap(batch.frames);
  }
  batch.clear();
  return true;
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  append_pending_pong();
  append(Opcode::close, make_close_payload(code, reason));
  code_we_sent_ = code;
  state_ = State::closing;
}

}  // namespace websocket::protocol
