// A client's connection from its first byte to its last, without I/O: the opening handshake (RFC 6455 4.1),
// then what connection.hpp does.
//
//   in:  prepare() where to read to, commit() how much came, commit_eof(); then next_event() until nothing
//   out: output() what to send now, consume_output() how much of it left
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "protocol/client_handshake.hpp"
#include "protocol/connection.hpp"
#include "protocol/handshake_request.hpp"

namespace websocket::protocol {

class ClientProtocol {
 public:
  enum class State : std::uint8_t { connecting, open, closing, draining, closed };

  // The keys outlive this.
  ClientProtocol(HandshakeRequest request, const Limits& limits, bool check_utf8, MaskKeys& keys);

  void set_last_words(Connection::LastWords* last_words) noexcept {
    connection_.set_last_words(last_words);
  }
  void want(Wanted wanted) noexcept { connection_.want(wanted); }
  std::span<char> prepare(std::span<char> scratch);
  void commit(std::size_t size) noexcept;
  void commit_eof(std::optional<base::Failure> failure = {});
  std::optional<Event> next_event();
  bool may_have_events() const noexcept {
    return !handshake_done_ || connection_.may_have_events();
  }
  // Before the handshake is done the connection has no input.
  bool next_plain_message(MessageReceived& message) noexcept {
    return connection_.next_plain_message(message);
  }
  template <class Take>
  void take_plain_messages(Take&& take) {
    connection_.take_plain_messages(std::forward<Take>(take));
  }
  bool keep_input() noexcept { return connection_.keep_input(); }
  void forget_kept_input() noexcept { connection_.forget_kept_input(); }
  bool fail(const base::Failure& failure) { return is_open() && connection_.fail(failure); }
  bool has_input() const noexcept {
    return connection_.has_input() || (opening_ && !opening_->head_input.empty());
  }
  bool reads_input() const noexcept { return connection_.reads_input(); }
  bool listens() const noexcept { return handshake_done_ && connection_.listens(); }
  bool between_frames() const noexcept { return connection_.between_frames(); }

  std::string_view output() {
    return sends_frames() ? connection_.output() : opening_->request_left;
  }
  // Frames that wait to be written.
  std::size_t unsent_bytes() const noexcept { return connection_.unsent_bytes(); }
  void consume_output(std::size_t size) {
    if (!opening_) return connection_.consume_output(size);
    consume_opening_output(size);
  }
  void rest_output() noexcept { connection_.rest_output(); }
  // Whether what output() gives are frames; before, it is the request.
  bool sends_frames() const noexcept { return !opening_ || opening_->request_left.empty(); }
  bool has_output() const noexcept { return !sends_frames() || connection_.has_output(); }

  bool send(Opcode opcode, std::string_view payload, bool fin = true);
  bool ping(std::string_view payload, TimeMark now);
  bool send_frames(FrameBatch& batch);
  void exchange_memory(base::Buffer& memory) noexcept { connection_.exchange_memory(memory); }
  // While connecting: gives up.
  void close(std::uint16_t code, std::string_view reason);
  void give_up(std::optional<base::Failure> failure = {});

  State state() const noexcept;
  bool is_open() const noexcept {
    return handshake_done_ && connection_.state() == Connection::State::open;
  }
  bool eof_expected() const noexcept { return handshake_done_ && connection_.eof_expected(); }
  std::size_t unsent_messages() const noexcept { return connection_.unsent_messages(); }
  std::size_t unconfirmed_messages() const noexcept { return connection_.unconfirmed_messages(); }
  bool failed() const noexcept { return (opening_ && opening_->failure) || connection_.failed(); }
  // The answer was not 101 and its body is being waited for; give_up() ends that wait.
  bool in_body() const noexcept { return !handshake_done_ && opening_->handshake.in_body(); }
  bool handshake_done() const noexcept { return handshake_done_; }

  const std::shared_ptr<const HandshakeAnswer>& answer() const noexcept { return answer_; }
  void rest() noexcept { connection_.rest(); }
  bool holds_much() const noexcept { return connection_.holds_much(); }
  void forget_given() noexcept { connection_.forget_given(); }
  bool has_kept(std::string_view given) const noexcept { return connection_.has_kept(given); }
  std::string take_kept() { return connection_.take_kept(); }

 private:
  std::optional<Event> next_handshake_event();
  void consume_opening_output(std::size_t size);
  Event accept();
  void refuse(std::optional<base::Failure> failure);

  // What is there until the connection is open, and not any more then.
  struct Opening {
    Opening(HandshakeRequest asked, const Limits& limits)
        : request(std::move(asked.bytes)),
          request_left(request),
          handshake(std::move(asked), limits) {}

    const std::string request;
    std::string_view request_left;
    ClientHandshake handshake;
    // Where it was asked to go, and what of it was not looked at yet.
    std::span<char> prepared;
    std::span<char> head_input;
    bool eof = false;
    std::optional<base::Failure> eof_cause;
    // A handshake that did not succeed: over, and why.
    bool refused = false;
    bool end_is_told = false;
    base::Seldom<base::Failure> failure;
    CloseInfo info;
  };

  std::unique_ptr<Opening> opening_;
  bool handshake_done_ = false;
  std::shared_ptr<const HandshakeAnswer> answer_;
  Connection connection_;
};

}  // namespace websocket::protocol
