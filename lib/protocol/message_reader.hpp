// Turns received bytes into messages, fragments and control frames: RFC 6455 5 and 8.1, RFC 7692 6.2,
// one side's ears. What to do about them (pong, closing) is connection's business.
//
// Bytes come in through prepare() and commit(), or through feed(); then next() is asked until it
// gives nothing. Views it gives are valid until it is asked again. A message that arrived whole is
// a view of the read buffer; only a partial one is kept here, and a long one is read straight to
// where it is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <websocket/message.hpp>
#include <websocket/options.hpp>

#include "base/buffer.hpp"
#include "base/failure.hpp"
#include "base/utf8.hpp"
#include "protocol/deflate.hpp"
#include "protocol/frame.hpp"

namespace websocket::protocol {

struct MessageReceived {
  Opcode opcode;  // text or binary
  std::string_view data;
};
// A frame of a fragmented message, in place of the message when fragments are wanted.
struct FragmentReceived {
  Opcode opcode;  // the frame's: text or binary, then continuation
  std::string_view data;
  bool fin;
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

  // From the next message on: give the fragments of a fragmented message instead of the whole.
  void want_fragments(bool wanted) noexcept { fragments_wanted_ = wanted; }

  // permessage-deflate was agreed on; that is how the peer compresses. Before the first byte.
  void use_deflate(const DeflateSide& peer) { inflater_.emplace(peer); }
  // Gives back memory that it can do without.
  void rest() noexcept {
    if (inflater_ && !in_message_ && between_frames()) inflater_->rest();
  }

  // Where the next bytes are to be read to: somewhere in `scratch` or in memory of its own.
  // Only after next() gave nothing.
  std::span<char> prepare(std::span<char> scratch);
  void commit(std::size_t size) noexcept;
  // These bytes, in memory that stays as it is until next() gave nothing; they may be changed.
  void feed(std::span<char> bytes) noexcept { input_ = bytes; }

  // After Violated it gives nothing any more, and what comes in is dropped.
  std::optional<Received> next();

  // Bytes that came in and were not looked at yet.
  bool has_input() const noexcept { return !input_.empty(); }
  // Whether the next byte begins a frame.
  bool between_frames() const noexcept {
    return state_ == State::header && partial_header_size_ == 0 && input_.empty();
  }

 private:
  enum class State : std::uint8_t { header, payload, failed };

  void forget_delivered() noexcept;
  std::optional<FrameHeader> take_header() noexcept;
  std::optional<base::Failure> check(const FrameHeader& header) const;
  std::optional<base::Failure> check_size(const FrameHeader& header) const;
  void begin_frame(const FrameHeader& header) noexcept;
  std::optional<Received> read_payload();
  std::optional<Received> inflate_payload(std::string_view piece);
  std::optional<base::Failure> inflate(std::string_view piece);
  std::optional<Received> end_control_frame(std::string_view piece);
  std::optional<Received> end_data_frame(std::string_view payload);
  std::optional<base::Failure> check_text(std::string_view piece, bool ends) noexcept;
  Received fail(base::Failure failure);

  std::uint64_t left_of_frame() const noexcept { return frame_.length - frame_received_; }
  bool frame_has_ended() const noexcept { return frame_received_ == frame_.length; }
  bool message_has_ended() const noexcept { return frame_.fin && frame_has_ended(); }
  bool reads_straight() const noexcept;
  void keep(std::string_view piece);

  const Role peer_;
  const bool check_utf8_;
  bool fragments_wanted_ = false;
  const std::size_t max_message_size_;
  const std::size_t max_fragments_;

  // Input: where it was asked to go, what of it is still to be looked at, and the first bytes of a
  // header that has not arrived whole.
  std::span<char> prepared_;
  std::span<char> input_;
  bool input_is_in_place_ = false;  // it was read straight to the end of `message_`
  std::uint8_t partial_header_size_ = 0;
  std::array<char, max_header_size> partial_header_;

  // The frame being read. A control frame has its own place: it may come between a message's
  // fragments.
  State state_ = State::header;
  FrameHeader frame_;
  std::uint64_t frame_received_ = 0;
  std::array<char, max_control_payload> control_;

  std::optional<base::Failure> failure_;

  // The message being read, and what had to be kept of it.
  bool in_message_ = false;  // a fragment came and the last one did not
  bool streaming_ = false;
  bool delivered_ = false;  // the last next() gave a view of `message_`
  bool compressed_ = false;
  Opcode message_opcode_ = Opcode::continuation;
  std::size_t message_size_ = 0;  // all its fragments: announced, or inflated where compressed
  std::size_t fragments_ = 0;
  base::Buffer message_;
  base::Utf8Validator utf8_;
  std::optional<Inflater> inflater_;  // once deflate was agreed on
};

}  // namespace websocket::protocol
