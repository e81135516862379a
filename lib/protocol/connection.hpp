// A WebSocket connection after its opening handshake, without I/O: frames in, events out, and what has to
// be sent. RFC 6455 5 to 7, for either role. It has no clock: eof_expected() tells when a timer is wanted.
//
//   state    | close()              | Close frame arrives   | end of stream       | bad bytes             | give_up()
//   open     | send Close: closing  | echo its code: drain. | closed 1006, failed | send Close: draining  | closed 1006
//   failing  | nothing              | discarded             | as draining         | discarded             | as recorded
//   closing  | nothing              | draining              | closed 1006         | discarded             | closed 1006
//   draining | nothing              | discarded             | closed as recorded  | discarded             | as recorded
//
// It is failing from fail() to the next event, which sends Close: draining.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <websocket/close.hpp>

#include "base/buffer.hpp"
#include "base/failure.hpp"
#include "base/seldom.hpp"
#include "protocol/deflate.hpp"
#include "protocol/delivery.hpp"
#include "protocol/frame_batch.hpp"
#include "protocol/message_deflater.hpp"
#include "protocol/message_reader.hpp"

namespace websocket::protocol {

// The opening handshake went well.
struct Opened {};
struct PingReceived {
  std::string_view payload;  // the pong is among the output already
};
struct PongReceived {
  std::string_view payload;
  std::optional<TimeMark> ping_sent;  // of the ping that it answers
};
// No more data can be sent: the peer closes, or broke the rules.
struct Closing {};
// The last event. The failure is what went wrong, where something did. Both belong to who gave the
// event.
struct Closed {
  const CloseInfo& info;
  const base::Seldom<base::Failure>& failure;
};
using Event = std::variant<Opened, MessageReceived, FragmentReceived, PingReceived, PongReceived,
                           Closing, Closed>;

class Connection {
 public:
  // Asked when the peer's doing is about to end sending: what was sent before the program could know
  // goes out in front of the Close frame.
  class LastWords {
   public:
    // send() and send_frames() are still possible.
    virtual void add_last_words() = 0;

   protected:
    ~LastWords() = default;
  };

  enum class State : std::uint8_t {
    open,
    failing,   // for a reason that the next event tells
    closing,   // we sent a Close frame and wait for the peer's
    draining,  // nothing more to read or to say; the server ends TCP (RFC 6455 7.1.1)
    closed
  };

  // Keys mask what a client sends; null for a server. They outlive the connection.
  Connection(Role role, const Limits& limits, bool check_utf8, MaskKeys* keys);

  // It outlives the connection, or is taken away by null.
  void set_last_words(LastWords* last_words) noexcept { last_words_ = last_words; }
  // permessage-deflate was agreed on. Before the first event, and before anything is sent; the agreement
  // outlives the connection.
  void use_deflate(const DeflateAgreement& agreement);
  // Gives back memory that it can do without for now.
  void rest() noexcept;
  // Whether there is much of it.
  bool holds_much() const noexcept { return output_.holds_much() || reader_.holds_much(); }

  // The views that it gave are not needed any more; asking for the next event says so too.
  void forget_given() noexcept { reader_.forget_given(); }
  // As message_reader says.
  bool has_kept(std::string_view given) const noexcept { return reader_.has_kept(given); }
  std::string take_kept() { return reader_.take_kept(); }

  // In: as message_reader says. Then next_event() until it gives nothing.
  void want(Wanted wanted) noexcept { reader_.want(wanted); }
  std::span<char> prepare(std::span<char> scratch) { return reader_.prepare(scratch); }
  void commit(std::size_t size) noexcept { reader_.commit(size); }
  void feed(std::span<char> bytes) noexcept { reader_.feed(bytes); }
  bool keep_input() noexcept { return reader_.keep_input(); }
  void forget_kept_input() noexcept { reader_.forget_kept_input(); }
  bool has_input() const noexcept { return reader_.has_input(); }
  // What comes is looked at, messages may be among it.
  bool listens() const noexcept { return state_ == State::open || state_ == State::closing; }
  // There is some that is not only dropped.
  bool reads_input() const noexcept { return listens() && reader_.has_input(); }
  bool between_frames() const noexcept { return reader_.between_frames(); }
  // Whoever is told what comes cannot take it: the next event is that the connection fails (RFC 6455 7.1.7).
  // What was not looked at yet is dropped, with the memory that it takes. False: it is not open any more.
  bool fail(base::Failure failure);
  // The stream has ended, or broke with that failure.
  void commit_eof(std::optional<base::Failure> failure = {});
  // Views in an event are valid until the next call.
  std::optional<Event> next_event();
  // False: it would give nothing.
  bool may_have_events() const noexcept { return reader_.may_have_more() || eof_ || !listens(); }
  // The short way of most messages; false: next_event() says what there is.
  bool next_plain_message(MessageReceived& message) noexcept {
    return listens() && reader_.next_plain_message(message);
  }
  // As message_reader says. Closing may begin meanwhile, but not end.
  template <class Take>
  void take_plain_messages(Take&& take) {
    if (listens()) reader_.take_plain_messages(std::forward<Take>(take));
  }

  // Out: what is to be sent now.
  std::string_view output() { return output_.empty() && pong_ ? pending_output() : output_.view(); }
  void consume_output(std::size_t size) noexcept {
    delivery_.leaves(output_.view(), size);
    output_.consume(size);
  }
  // Of it, what was put together already: without a pong that waits.
  std::size_t unsent_bytes() const noexcept { return output_.size(); }
  // Nothing more is to be sent for now.
  void rest_output() noexcept { output_.rest(); }
  bool has_output() const noexcept { return !output_.empty() || pong_.has_value(); }

  // Data comes by send() or by send_frames(), never by both: a compressor stands behind each, and
  // the peer has one window.
  //
  // A frame of data or a pong, compressed where that was agreed on and is worth it; false when the
  // state does not allow it any more.
  bool send(Opcode opcode, std::string_view payload, bool fin = true);
  // `now` comes back with the pong.
  bool ping(std::string_view payload, TimeMark now);
  // Frames that were put together elsewhere; takes them all out of there.
  bool send_frames(FrameBatch& batch);
  // Where all has left, much memory for other memory: what was sent last is still in the processor's
  // cache, and what is written over it next is written fastest. A little stays where it is, and what
  // is too much to be kept as well.
  void exchange_memory(base::Buffer& memory) noexcept {
    if (output_.empty() && output_.keeps_much()) output_.swap(memory);
  }
  // Begins the closing handshake; the code may be sent or is 1005 for none.
  void close(std::uint16_t code, std::string_view reason);
  // The close timer went off, or the link is dead: no more waiting for the peer.
  void give_up(std::optional<base::Failure> failure = {});

  State state() const noexcept { return state_; }
  // A timer of close_timeout is wanted from when this becomes true.
  bool eof_expected() const noexcept {
    return state_ == State::closing || state_ == State::draining;
  }
  // Messages that are still in the output; those that left it, and may not have been read.
  std::size_t unsent_messages() const noexcept { return delivery_.unsent(output_.view()); }
  std::size_t unconfirmed_messages() const noexcept {
    return delivery_.unconfirmed(output_.view());
  }
  // The peer broke the rules: once the output has left, sending may be shut down.
  bool failed() const noexcept { return failure_.has_value() && state_ != State::failing; }

 private:
  std::optional<Event> event_for(const Received& received);
  std::optional<Event> control_event(const ControlReceived& frame);
  std::optional<Event> peer_closes(std::string_view payload);
  Event violated(base::Failure failure);
  Event say_why_it_failed();
  void answer_ping(std::string_view payload);
  void add_last_words();
  void append(Opcode opcode, std::string_view payload, bool fin = true, std::uint8_t reserved = 0);
  void append_compressed(Opcode opcode, std::string_view payload, bool fin);
  std::string_view pending_output();
  void append_pending_pong();
  std::optional<base::Failure> why_the_stream_ended();
  void end(std::optional<base::Failure> failure);

  const Role role_;
  MaskKeys* const keys_;
  LastWords* last_words_ = nullptr;
  State state_ = State::open;
  bool eof_ = false;  // the stream has ended; told when all input was looked at
  bool end_is_told_ = false;
  std::uint16_t code_we_sent_ = 0;
  base::Seldom<CloseInfo> info_;
  base::Seldom<base::Failure> failure_;
  base::Seldom<base::Failure> eof_failure_;  // where the stream broke
  MessageReader reader_;
  base::Buffer output_;
  Delivery delivery_;
  const DeflateAgreement* deflate_ = nullptr;  // where it was agreed on
  base::Seldom<MessageDeflater> deflater_;     // made for the first message that is sent
  base::Seldom<std::string> pong_;  // waits for the output to leave; a later one takes its place
};

}  // namespace websocket::protocol
