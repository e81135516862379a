#include "protocol/message_reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <utility>

namespace websocket::protocol {
namespace {

// A payload with at least this much to come is read straight into the message.
constexpr std::uint64_t straight_threshold = std::uint64_t{16} << 10U;
// What is read of it at once. Of longer reads there are fewer, and less often somebody sleeps between two and
// has to be woken; but TCP tells the peer at the end of each that there is room again.
constexpr std::size_t longest_straight_read = std::size_t{1} << 20U;
// Behind a long payload another one may come, too long to be often whole in what is read at once. So much is
// read along with its header; more of it would only have to be copied to where the rest is read to.
constexpr std::uint64_t long_payload = std::uint64_t{64} << 10U;
constexpr std::size_t read_with_header = std::size_t{4} << 10U;
// A declared length is only a promise. So much is put aside for it before anything has come, then a
// megabyte, and then all of it, since a string is copied to grow: what nobody has written to takes addresses,
// but hardly any memory. Of what is very long, or is filled, as much again as has come.
constexpr std::size_t believed_at_once = std::size_t{128} << 10U;
std::size_t believed_of(std::size_t announced, std::size_t came) noexcept {
  constexpr std::size_t megabyte = std::size_t{1} << 20U;
  if (announced <= std::max(believed_at_once, came)) return announced;
  if (came < believed_at_once) return believed_at_once;
  if (!base::StringMemory::grows_unfilled || announced > 64 * megabyte) return came;
  return came < megabyte ? std::min(announced, megabyte) : announced;
}
// What is given at once of a message that comes in pieces, where inflating makes much of little.
constexpr std::size_t longest_inflated_piece = std::size_t{64} << 10U;

// What a frame of compressed data may announce. Compressing makes noise a little longer, by less
// than this; what all of them inflate to is counted as it does.
constexpr std::size_t most_compressed_bytes(std::size_t max_message_size) noexcept {
  const std::size_t slack = max_message_size / 4 + 1024;
  return max_message_size +
         std::min(slack, std::numeric_limits<std::size_t>::max() - max_message_size);
}

constexpr Role other(Role role) noexcept {
  return role == Role::client ? Role::server : Role::client;
}

}  // namespace

MessageReader::MessageReader(Role own_role, const Limits& limits, bool check_utf8)
    : max_message_size_(limits.max_message_size),
      max_fragments_(limits.max_fragments),
      peer_(other(own_role)),
      check_utf8_(check_utf8) {
  want(wanted_);
}

void MessageReader::forget_delivered() noexcept {
  delivered_ = false;
  if (control_) return control_.reset();
  message_.clear();
  message_.rest();
}

bool MessageReader::reads_straight() const noexcept {
  return state_ == State::payload && !is_control(frame_.opcode) && is_kept_as_it_comes() &&
         left_of_frame() >= straight_threshold;
}

// With `coming` bytes more of the frame, as far as they are believed in: all of them, where of the
// messages that had to be kept one has been as long not long ago. How long the message goes on behind
// it nobody knows.
std::size_t MessageReader::size_to_keep(std::uint64_t coming) const noexcept {
  const auto announced = static_cast<std::size_t>(coming);
  const std::size_t kept = message_.size();
  const bool is_nothing_new = kept + announced <= longest_kept_;
  const std::size_t known = kept + (is_nothing_new ? announced : believed_of(announced, kept));
  return is_given_at_once() ? known : std::max(known, message_.capacity() * 2);
}

std::string MessageReader::take_kept() {
  std::string kept = message_.take();
  forget_given();
  return kept;
}

// Where more of the frame goes straight to: first all the room that there is, so that the message moves
// no more often than it must. Nowhere, if there is no memory; what is read elsewhere then finds that out where
// it is to be kept.
std::span<char> MessageReader::prepare_straight() noexcept {
  const std::size_t enough = size_to_keep(left_of_frame());
  const bool has_room = message_.room() >= straight_threshold;
  const std::size_t room = has_room ? message_.room() : enough - message_.size();
  const auto size = static_cast<std::size_t>(
      std::min<std::uint64_t>(left_of_frame(), std::min(room, longest_straight_read)));
  try {
    return {message_.prepare(size, enough), size};
  } catch (const std::bad_alloc&) {
    return {};
  }
}

std::span<char> MessageReader::prepare(std::span<char> scratch) {
  forget_given();
  const std::span<char> straight = reads_straight() ? prepare_straight() : std::span<char>();
  input_is_in_place_ = !straight.empty();
  if (input_is_in_place_) {
    scratch = straight;
  } else if (follows_long_) {
    const std::uint64_t ends_frame = awaits_header() ? 0 : left_of_frame();
    scratch = scratch.first(static_cast<std::size_t>(
        std::min<std::uint64_t>(scratch.size(), ends_frame + read_with_header)));
  }
  kept_input_.reset();
  input_ = scratch.first(0);
  return scratch;
}

void MessageReader::commit(std::size_t size) noexcept {
  if (size > 0 && awaits_header()) follows_long_ = false;
  input_ = {input_.data(), size};
}

bool MessageReader::keep_input() noexcept {
  if (input_.empty() || kept_input_) return true;
  kept_input_.reset(new (std::nothrow) char[input_.size()]);
  if (!kept_input_) return false;
  std::memcpy(kept_input_.get(), input_.data(), input_.size());
  input_ = {kept_input_.get(), input_.size()};
  return true;
}

std::optional<Received> MessageReader::next() {
  forget_given();
  for (;;) {
    switch (state_) {
      case State::between_messages:
      case State::header: {
        const std::optional<FrameHeader> header = take_header();
        if (!header) return std::nullopt;
        if (auto failure = check(*header)) return fail(std::move(*failure));
        begin_frame(*header);
        break;
      }
      case State::payload: {
        auto received = read_payload();
        if (received || state_ == State::payload) return received;
        break;
      }
      case State::failed:
        input_ = {};
        return std::nullopt;
    }
  }
}

std::optional<FrameHeader> MessageReader::take_header() noexcept {
  if (input_.empty()) return std::nullopt;
  if (partial_header_size_ == 0) {
    const auto header = decode_header({input_.data(), input_.size()});
    if (header) {
      input_ = input_.subspan(header->size);
      return header;
    }
  }
  const std::size_t before = partial_header_size_;
  const std::size_t taken = std::min(input_.size(), max_header_size - before);
  std::memcpy(partial_header_.data() + before, input_.data(), taken);
  const auto header = decode_header({partial_header_.data(), before + taken});
  if (header) {
    partial_header_size_ = 0;
    input_ = input_.subspan(header->size - before);
  } else {
    partial_header_size_ = static_cast<std::uint8_t>(before + taken);
    state_ = State::header;
    input_ = {};
  }
  return header;
}

std::optional<base::Failure> MessageReader::check(const FrameHeader& header) const {
  if (auto failure = check_header(header, peer_, inflater_ ? rsv1 : std::uint8_t{0}))
    return failure;
  if (is_control(header.opcode)) return std::nullopt;

  // RFC 6455 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of
  // another message unless an extension has been negotiated that can interpret the interleaving."
  const bool continues = header.opcode == Opcode::continuation;
  if (continues && !in_message_) {
    return base::Failure{Errc::unexpected_continuation,
                         "a continuation frame came where no message had begun"};
  }
  if (!continues && in_message_) {
    return base::Failure{Errc::interrupted_message,
                         "a new message began before the fragmented one had ended"};
  }
  if (auto failure = check_size(header)) return failure;
  if (continues && fragments_ >= max_fragments_) {
    return base::Failure{
        Errc::too_many_fragments,
        "a message came in more than " + std::to_string(max_fragments_) + " fragments"};
  }
  return std::nullopt;
}

std::optional<base::Failure> MessageReader::check_size(const FrameHeader& header) const {
  const bool continues = header.opcode == Opcode::continuation;
  if (continues ? compressed_ : (header.reserved & rsv1) != 0) {
    if (header.length <= most_compressed_bytes(max_message_size_)) return std::nullopt;
    return base::Failure{Errc::message_too_big,
                         "a frame of " + std::to_string(header.length) +
                             " bytes of compressed data came; the limit for a message is " +
                             std::to_string(max_message_size_)};
  }
  const std::size_t before = continues ? message_size_ : 0;
  if (header.length <= max_message_size_ - before) return std::nullopt;
  return base::Failure{Errc::message_too_big,
                       "a message of at least " + std::to_string(before + header.length) +
                           " bytes came; the limit is " + std::to_string(max_message_size_)};
}

void MessageReader::begin_frame(const FrameHeader& header) noexcept {
  state_ = State::payload;
  frame_ = header;
  frame_received_ = 0;
  follows_long_ = false;
  if (is_control(header.opcode)) return;
  if (header.opcode != Opcode::continuation) {
    message_opcode_ = header.opcode;
    compressed_ = (header.reserved & rsv1) != 0;
    message_size_ = 0;
    fragments_ = 0;
    given_as_ = wanted_;
    utf8_.reset();
  }
  if (!compressed_) message_size_ += static_cast<std::size_t>(header.length);
  follows_long_ = is_kept_as_it_comes() && header.length >= long_payload;
  ++fragments_;
}

// Looks at what has come of the frame's payload. Nothing, with the state unchanged: more is needed.
std::optional<Received> MessageReader::read_payload() {
  try {
    return take_payload();
  } catch (const std::bad_alloc&) {
    // How long its messages are is the peer's choice; the program need not end by one.
    const std::size_t size = std::max(message_size_, message_.size());
    message_.release();
    const std::string what = is_control(frame_.opcode)
                                 ? "a control frame"
                                 : "a message of at least " + std::to_string(size) + " bytes";
    return fail({Errc::message_too_big, "there is no memory for " + what});
  }
}

std::optional<Received> MessageReader::take_payload() {
  const bool from_the_start = frame_received_ == 0;
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(left_of_frame(), input_.size()));
  char* const data = input_.data();
  input_ = input_.subspan(size);
  if (frame_.masked) {
    mask_copy(data, data, size, frame_.key, static_cast<std::size_t>(frame_received_ % 4));
  }
  frame_received_ += size;

  const std::string_view piece(data, size);
  if (is_control(frame_.opcode)) return read_control_payload(piece);
  if (compressed_) return inflate_payload(piece);

  if (auto failure = check_text(piece, message_has_ended())) return fail(std::move(*failure));
  const bool is_whole = from_the_start && frame_has_ended();
  if (is_whole && message_.empty() && !input_is_in_place_ && is_given_at_once()) {
    return end_data_frame(piece);
  }
  if (given_as_ == Wanted::pieces) return give_piece(piece, frame_has_ended());
  keep(piece);
  return give_what_was_kept();
}

// The frame's bytes are all in `message_`, as far as they came.
std::optional<Received> MessageReader::give_what_was_kept() {
  if (!frame_has_ended()) return std::nullopt;
  delivered_ = is_given_at_once();
  // Each that was shorter halves what is believed.
  if (!compressed_) longest_kept_ = std::max(longest_kept_ / 2, message_.size());
  return end_data_frame(message_.view());
}

std::optional<Received> MessageReader::give_piece(std::string_view piece, bool ends_frame) {
  if (ends_frame) {
    auto last = end_data_frame(piece);
    // What is compressed may end, and nothing have come of it since the piece before.
    const bool says_nothing = piece.empty() && !frame_.fin && frame_.opcode == Opcode::continuation;
    return says_nothing ? std::nullopt : last;
  }
  if (piece.empty()) return std::nullopt;
  // What is left of the frame continues what was given of it.
  return FragmentReceived{std::exchange(frame_.opcode, Opcode::continuation), piece, false};
}

// RFC 7692 6.2: the payloads of a message's frames, one after the other, are what was compressed.
std::optional<Received> MessageReader::inflate_payload(std::string_view piece) {
  const std::size_t before = message_.size();
  auto failure = inflate(piece);
  // What came out before it failed is looked at first: in other cuts it would have been.
  const bool ends = !failure && !inflates_more_ && message_has_ended();
  if (auto not_text = check_text(message_.view().substr(before), ends)) failure = not_text;
  if (failure) return fail(std::move(*failure));
  if (given_as_ == Wanted::pieces) {
    auto given = give_piece(message_.view(), frame_has_ended() && !inflates_more_);
    delivered_ = given.has_value();
    return given;
  }
  return give_what_was_kept();
}

std::optional<base::Failure> MessageReader::inflate(std::string_view piece) {
  const std::size_t before = message_.size();
  const auto left = [&] { return max_message_size_ - message_size_ - (message_.size() - before); };
  const std::size_t most = given_as_ == Wanted::pieces ? longest_inflated_piece
                                                       : std::numeric_limits<std::size_t>::max();
  Inflater::Result result = inflater_->inflate_some(piece, message_, left(), most);
  put_back(piece);
  inflates_more_ = result == Inflater::Result::more;
  if (result == Inflater::Result::ok && message_has_ended()) {
    result = inflater_->end_message(message_, left());
  }
  message_size_ += message_.size() - before;
  switch (result) {
    case Inflater::Result::ok:
    case Inflater::Result::more:
      return std::nullopt;
    case Inflater::Result::too_big:
      return base::Failure{Errc::message_too_big,
                           "a compressed message inflates to more than the limit of " +
                               std::to_string(max_message_size_) + " bytes"};
    case Inflater::Result::invalid:
      break;
  }
  return base::Failure{Errc::invalid_deflate_data,
                       "a compressed message cannot be inflated (RFC 7692 7.2.2)"};
}

// What the inflater did not take is input again, masked as it came.
void MessageReader::put_back(std::string_view rest) noexcept {
  if (rest.empty()) return;
  input_ = {input_.data() - rest.size(), input_.size() + rest.size()};
  frame_received_ -= rest.size();
  if (!frame_.masked) return;
  mask_copy(input_.data(), input_.data(), rest.size(), frame_.key,
            static_cast<std::size_t>(frame_received_ % 4));
}

std::optional<Received> MessageReader::read_control_payload(std::string_view piece) {
  const auto received = static_cast<std::size_t>(frame_received_);
  const bool is_whole = piece.size() == received && frame_has_ended();
  if (!is_whole && !piece.empty()) {
    if (!control_) control_ = std::make_unique<char[]>(max_control_payload);
    std::memcpy(control_.get() + (received - piece.size()), piece.data(), piece.size());
  }
  if (!frame_has_ended()) return std::nullopt;
  frame_ends();
  delivered_ = !is_whole;
  return ControlReceived{frame_.opcode,
                         is_whole ? piece : std::string_view(control_.get(), received)};
}

// RFC 6455 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte
// stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket
// Connection_."
std::optional<base::Failure> MessageReader::check_text(std::string_view piece, bool ends) {
  if (message_opcode_ != Opcode::text || !check_utf8_) return std::nullopt;
  if (!utf8_.feed(piece)) {
    return base::Failure{Errc::invalid_utf8, "a text message is not UTF-8"};
  }
  if (ends && !utf8_.complete()) {
    return base::Failure{Errc::invalid_utf8, "a text message ends within a UTF-8 character"};
  }
  return std::nullopt;
}

void MessageReader::keep(std::string_view piece) {
  if (input_is_in_place_) {
    message_.commit(piece.size());
    input_is_in_place_ = false;
  } else {
    message_.append(piece, size_to_keep(piece.size() + left_of_frame()));
  }
}

void MessageReader::stop() noexcept {
  state_ = State::failed;
  follows_long_ = false;
  input_ = {};
  kept_input_.reset();
  inflates_more_ = false;
  message_.release();
}

Received MessageReader::fail(base::Failure failure) {
  stop();
  failure_ = std::make_unique<base::Failure>(std::move(failure));
  return Violated{*failure_};
}

}  // namespace websocket::protocol
