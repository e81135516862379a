// Turns received bytes into messages, fragments and control frames: RFC 6455 5 and 8.1, RFC 7692 6.2,
// one side's ears. What to do about them (pong, closing) is connection's business.
//
// Bytes come in through prepare() and commit(), or through feed(); then next() is asked until it
// gives nothing. Views it gives are valid until it is asked again. A message that arrived whole is
// a view of the read buffer; only a partial one is kept here, and a long one is read straight to
// where it is kept. Where pieces are wanted nothing is kept but what a step of inflating made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <websocket/message.hpp>
#include <websocket/options.hpp>

#include "base/buffer.hpp"
#include "base/failure.hpp"
#include "base/seldom.hpp"
#include "base/utf8.hpp"
#include "protocol/deflate.hpp"
#include "protocol/frame.hpp"

namespace websocket::protocol {

// What a message is to be given as.
enum class Wanted : std::uint8_t {
  messages,   // whole
  fragments,  // a fragmented one frame by frame, any other whole
  // As its bytes come: what is there of a frame, and of a compressed one what that inflates to, in
  // steps. However long a frame is, no more than the read buffer is held of it.
  pieces
};

using MessageReceived = Message;  // text or binary
// In place of the message: a frame of it, or a piece of one.
struct FragmentReceived {
  Opcode opcode;  // of a message's first one text or binary, then continuation
  std::string_view data;
  bool fin;  // the message's last one
};
struct ControlReceived {
  Opcode opcode;  // close, ping or pong
  std::string_view payload;
};
// The peer broke the rules; the failure stays with the reader.
struct Violated {
  const base::Failure& failure;
};
using Received = std::variant<MessageReceived, FragmentReceived, ControlReceived, Violated>;

class MessageReader {
 public:
  MessageReader(Role own_role, const Limits& limits, bool check_utf8);

  // From the next message on. Whole messages, where nothing was said.
  void want(Wanted wanted) noexcept {
    wanted_ = wanted;
    gives_plain_ = peer_ == Role::server && wanted != Wanted::pieces;
  }

  // permessage-deflate was agreed on; that is how the peer compresses. Before the first next().
  void use_deflate(const DeflateSide& peer) { inflater_ = Inflater(peer); }
  // Gives back memory that it can do without.
  void rest() noexcept {
    if (in_message_ || !between_frames()) return;
    longest_kept_ = 0;
    if (!delivered_) message_.rest_long();
    if (inflater_) inflater_->rest();
  }
  // Whether there is much of it; and how much was put aside for messages.
  bool holds_much() const noexcept { return message_.holds_much(); }
  std::size_t memory() const noexcept { return message_.capacity(); }

  // Where the next bytes are to be read to: somewhere in `scratch` or in memory of its own.
  // Only after next() gave nothing.
  std::span<char> prepare(std::span<char> scratch);
  void commit(std::size_t size) noexcept;
  // These bytes, in memory that stays as it is until next() gave nothing; they may be changed.
  void feed(std::span<char> bytes) noexcept {
    kept_input_.reset();
    input_ = bytes;
  }
  // Or until this was called: what was not looked at yet is kept here. False: there is no memory for it.
  bool keep_input() noexcept;
  // That is over, if all of it was looked at and nobody needs a view of it any more.
  void forget_kept_input() noexcept {
    if (kept_input_ && !has_input()) kept_input_.reset();
  }

  // After Violated it gives nothing any more, and what comes in is dropped.
  std::optional<Received> next();
  // The same without a violation: what is here is given up, and the memory it takes.
  void stop() noexcept;
  // The short way of most messages: one that is there whole, in one frame with a plain header.
  // False: next() says what there is.
  bool next_plain_message(MessageReceived& message) noexcept {
    return plain_may_follow() && take_plain_message(message);
  }
  // The same for all that are there. `take` gets them one by one, and says whether it wants more;
  // until it has returned for the last time nothing else is asked of this.
  template <class Take>
  void take_plain_messages(Take&& take) {
    if (!plain_may_follow()) return;
    MessageReceived message{};
    while (take_plain_message(message) && take(message)) {
    }
  }

  // The views that it gave are not needed any more; asking again says so too.
  void forget_given() noexcept {
    if (delivered_) forget_delivered();
  }

  // Whether that is a message's or fragment's view that the last next() gave, and of what the reader has
  // kept. Then it can be taken as a string; the view is none any more.
  bool has_kept(std::string_view given) const noexcept {
    return delivered_ && given.data() == message_.view().data();
  }
  std::string take_kept();

  // What came in and was not looked at yet.
  bool has_input() const noexcept { return !input_.empty() || inflates_more_; }
  // False: next() would give nothing, and do nothing.
  bool may_have_more() const noexcept { return has_input() || delivered_; }
  // Whether the next byte begins a frame.
  bool between_frames() const noexcept {
    return awaits_header() && partial_header_size_ == 0 && input_.empty();
  }

 private:
  enum class State : std::uint8_t {
    between_messages,  // the next byte begins a header, and that a message or a control frame
    header,            // within a message, or the header came in part
    payload,
    failed
  };

  bool awaits_header() const noexcept {
    return state_ == State::between_messages || state_ == State::header;
  }
  bool plain_may_follow() const noexcept {
    return state_ == State::between_messages && gives_plain_;
  }
  bool take_plain_message(MessageReceived& message) noexcept;
  void forget_delivered() noexcept;
  std::optional<FrameHeader> take_header() noexcept;
  std::optional<base::Failure> check(const FrameHeader& header) const;
  std::optional<base::Failure> check_size(const FrameHeader& header) const;
  void begin_frame(const FrameHeader& header) noexcept;
  void frame_ends() noexcept { state_ = in_message_ ? State::header : State::between_messages; }
  std::optional<Received> read_payload();
  std::optional<Received> take_payload();
  std::optional<Received> inflate_payload(std::string_view piece);
  std::optional<base::Failure> inflate(std::string_view piece);
  void put_back(std::string_view rest) noexcept;
  std::optional<Received> read_control_payload(std::string_view piece);
  std::optional<Received> give_piece(std::string_view piece, bool ends_frame);
  std::optional<Received> give_what_was_kept();
  std::optional<Received> end_data_frame(std::string_view payload);
  std::optional<base::Failure> check_text(std::string_view piece, bool ends);
  Received fail(base::Failure failure);

  std::uint64_t left_of_frame() const noexcept { return frame_.length - frame_received_; }
  bool frame_has_ended() const noexcept { return frame_received_ == frame_.length; }
  bool message_has_ended() const noexcept { return frame_.fin && frame_has_ended(); }
  bool is_kept_as_it_comes() const noexcept { return !compressed_ && given_as_ != Wanted::pieces; }
  bool reads_straight() const noexcept;
  std::span<char> prepare_straight() noexcept;
  std::size_t size_to_keep(std::uint64_t coming) const noexcept;
  // Whether something is given when the frame ends.
  bool is_given_at_once() const noexcept { return frame_.fin || given_as_ != Wanted::messages; }
  void keep(std::string_view piece);

  // Thousands of readers have nothing to read: what is seldom needed has its memory elsewhere.
  const std::size_t max_message_size_;
  const std::size_t max_fragments_;
  const Role peer_;
  const bool check_utf8_;
  bool gives_plain_ = false;  // plain messages of the peer are given as they are
  Wanted wanted_ = Wanted::messages;

  // The message being read.
  Wanted given_as_ = Wanted::messages;
  Opcode message_opcode_ = Opcode::continuation;
  bool in_message_ = false;  // a fragment came and the last one did not
  bool compressed_ = false;
  base::Utf8Validator utf8_;
  bool delivered_ = false;      // the last next() gave a view of `message_`, or of `control_`
  bool inflates_more_ = false;  // what was taken of the frame inflates to more than was given

  // Input: where it was asked to go, what of it is still to be looked at, and the first bytes of a
  // header that has not arrived whole.
  bool input_is_in_place_ = false;  // it was read straight to the end of `message_`
  bool follows_long_ = false;  // what comes begins with a long payload's end, or right behind it
  State state_ = State::between_messages;
  std::uint8_t partial_header_size_ = 0;
  std::array<char, max_header_size> partial_header_;
  std::span<char> input_;               // between prepare() and commit() the place where it will be
  std::unique_ptr<char[]> kept_input_;  // where it is, if it had to be kept

  FrameHeader frame_;  // the one being read; a continuation once a piece of it was given
  std::uint64_t frame_received_ = 0;

  // What had to be kept. A control frame has its own place: it may come between a message's
  // fragments.
  std::size_t message_size_ = 0;  // of all fragments: announced, or inflated where compressed
  std::size_t fragments_ = 0;
  std::size_t longest_kept_ = 0;  // of late
  base::StringBuffer message_;
  std::unique_ptr<char[]> control_;
  std::unique_ptr<base::Failure> failure_;
  base::Seldom<Inflater> inflater_;  // once deflate was agreed on
};

inline bool MessageReader::take_plain_message(MessageReceived& message) noexcept {
  const PlainHeader header = decode_plain_header({input_.data(), input_.size()});
  if (!header || header.length > max_message_size_) return false;
  if (input_.size() - header.size < header.length) return false;
  const std::string_view payload(input_.data() + header.size, header.length);
  if (header.opcode == Opcode::text && check_utf8_ && !base::is_utf8(payload)) return false;
  input_ = input_.subspan(std::size_t{header.size} + header.length);
  message.data = payload;
  message.opcode = header.opcode;
  return true;
}

// On the way of every message; it pays to have it within take_payload().
inline std::optional<Received> MessageReader::end_data_frame(std::string_view payload) {
  in_message_ = !frame_.fin;
  frame_ends();
  if (given_as_ == Wanted::messages) {
    if (!frame_.fin) return std::nullopt;
    return MessageReceived{payload, message_opcode_};
  }
  const bool is_one_frame = frame_.fin && frame_.opcode != Opcode::continuation;
  if (given_as_ == Wanted::fragments && is_one_frame) {
    return MessageReceived{payload, message_opcode_};
  }
  return FragmentReceived{frame_.opcode, payload, frame_.fin};
}

}  // namespace websocket::protocol
