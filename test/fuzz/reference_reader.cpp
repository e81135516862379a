#include "fuzz/reference_reader.hpp"

#include <algorithm>

#include "fuzz/plain_inflate.hpp"
#include "fuzz/plain_utf8.hpp"

namespace fuzz {
namespace {

constexpr unsigned close = 8;
constexpr unsigned ping = 9;
constexpr unsigned pong = 10;

std::string two_bytes(unsigned number) {
  return {static_cast<char>(number / 256), static_cast<char>(number % 256)};
}

// RFC 6455 7.4.1, 7.4.2 and IANA's registry of close codes.
bool may_be_in_a_close_frame(unsigned code) {
  if (code < 1000 || code > 4999) return false;
  if (code >= 3000) return true;
  return code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

ReferenceReader::ReferenceReader(const Settings& settings, std::string_view stream)
    : settings_(settings), stream_(stream) {}

Outcome ReferenceReader::read() {
  while (state_ != State::over) {
    const std::optional<Frame> frame = read_header();
    if (!frame) break;
    if (const unsigned code = judge(*frame); code != 0) {
      fail(frame->begins, code);
      break;
    }
    if (frame->is_control()) {
      read_control(*frame);
    } else {
      read_data(*frame);
    }
    if (frame->ends() > stream_.size()) break;
    position_ = static_cast<std::size_t>(frame->ends());
  }
  reach(stream_.size() + 1);
  // RFC 6455 7.1.5: 1006 where no Close frame came. It is our wish where we had closed before.
  if (state_ == State::open) outcome_.failed = true;
  return outcome_;
}

// RFC 6455 5.2
std::optional<ReferenceReader::Frame> ReferenceReader::read_header() {
  const auto byte = [this](std::size_t at) -> std::uint64_t {
    return static_cast<unsigned char>(stream_[position_ + at]);
  };
  const std::size_t left = stream_.size() - position_;
  if (left < 2) return std::nullopt;
  Frame frame;
  frame.fin = byte(0) >= 0x80;
  frame.reserved = static_cast<unsigned>(byte(0) / 16 % 8);
  frame.opcode = static_cast<unsigned>(byte(0) % 16);
  frame.masked = byte(1) >= 0x80;
  const std::uint64_t first = byte(1) % 128;
  const std::size_t more = first == 126 ? 2 : first == 127 ? 8 : 0;
  const std::size_t size = 2 + more + (frame.masked ? 4 : 0);
  if (left < size) return std::nullopt;
  frame.length = more == 0 ? first : 0;
  for (std::size_t i = 0; i < more; ++i) frame.length = frame.length * 256 + byte(2 + i);
  frame.minimal = (more != 2 || frame.length >= 126) && (more != 8 || frame.length >= 65536);
  frame.begins = position_ + size;
  return frame;
}

unsigned ReferenceReader::judge(const Frame& frame) const {
  // 5.2: opcodes 3-7 and B-F are reserved, and so are bits that no extension defines; RFC 7692 6
  // defines RSV1 of a message's first frame.
  const bool may_be_compressed = settings_.deflate && (frame.opcode == 1 || frame.opcode == 2);
  if (frame.reserved != 0 && !(may_be_compressed && frame.reserved == 4)) return 1002;
  const bool known = frame.opcode <= 2 || (frame.opcode >= close && frame.opcode <= pong);
  if (!known) return 1002;
  // 5.1
  if (frame.masked) return 1002;
  // 5.2, payload length
  if (!frame.minimal || frame.length > 0x7fffffffffffffffU) return 1002;
  // 5.5
  if (frame.is_control()) return frame.fin && frame.length <= 125 ? 0 : 1002;
  // 5.4
  if ((frame.opcode == 0) != in_message_) return 1002;
  return judge_size(frame);
}

// 10.4, and the limits the program set
unsigned ReferenceReader::judge_size(const Frame& frame) const {
  const std::uint64_t limit = settings_.limits.max_message_size;
  if (in_message_ ? compressed_ : frame.reserved == 4) {
    // What is compressed may be somewhat longer than what it is inflated to, which is limited too.
    if (frame.length > limit + limit / 4 + 1024) return 1009;
  } else {
    const std::uint64_t before = in_message_ ? wire_.size() : 0;
    if (frame.length > limit - before) return 1009;
  }
  if (in_message_ && fragments_ + 1 > settings_.limits.max_fragments) return 1009;
  return 0;
}

// 5.4
void ReferenceReader::read_data(const Frame& frame) {
  if (!in_message_) {
    wire_.clear();
    message_.clear();
    message_opcode_ = frame.opcode;
    compressed_ = frame.reserved == 4;
    fragments_ = 0;
    told_ = 0;
    streamed_ = settings_.fragments_wanted && !frame.fin;
  }
  in_message_ = !frame.fin;
  ++fragments_;
  const std::string_view payload = stream_.substr(
      frame.begins,
      static_cast<std::size_t>(std::min<std::uint64_t>(frame.length, stream_.size())));
  wire_ += payload;
  if (!(compressed_ ? inflate_payload(frame, payload) : take_payload(frame, payload))) return;
  if (payload.size() < frame.length) return;
  const auto end = static_cast<std::size_t>(frame.ends());
  if (streamed_) {
    tell(end, {Told::Kind::fragment, frame.opcode, frame.fin, message_.substr(told_)});
    told_ = message_.size();
  } else if (frame.fin) {
    tell(end, {Told::Kind::message, message_opcode_, true, message_});
  }
}

// 5.6 and 8.1
bool ReferenceReader::take_payload(const Frame& frame, std::string_view payload) {
  const std::size_t before = message_.size();
  message_ += payload;
  if (!checks_utf8()) return true;
  const Utf8Reading reading = read_utf8(message_);
  if (reading.bad_at != std::string_view::npos) {
    return fail(frame.begins + (reading.bad_at - before) + 1, 1007);
  }
  const bool is_whole = frame.fin && payload.size() == frame.length;
  if (is_whole && !reading.complete) return fail(frame.begins + payload.size(), 1007);
  return true;
}

// RFC 7692 6.2 and 7.2.2
bool ReferenceReader::inflate_payload(const Frame& frame, std::string_view payload) {
  const Inflated inflated = inflate_plainly(wire_, before_, 15);
  const bool is_whole = frame.fin && payload.size() == frame.length;
  message_ = inflated.text + (is_whole ? inflated.tail_text : "");
  const std::size_t limit = settings_.limits.max_message_size;
  const Utf8Reading reading = checks_utf8() ? read_utf8(message_) : Utf8Reading();
  const auto is_bad = [&](std::size_t made) { return reading.bad_at < std::min(made, limit); };

  // After each byte, as far as it could be inflated; the last of them may be what could not.
  for (std::size_t i = wire_.size() - payload.size(); i < inflated.made_after.size(); ++i) {
    const std::size_t made = inflated.made_after[i];
    const std::size_t at = frame.begins + payload.size() - (wire_.size() - i) + 1;
    if (is_bad(made)) return fail(at, 1007);
    if (made > limit) return fail(at, 1009);
    if (inflated.invalid && i + 1 == inflated.made_after.size()) return fail(at, 1007);
  }
  const std::size_t end = frame.begins + payload.size();
  if (is_whole) {
    if (is_bad(message_.size())) return fail(end, 1007);
    if (message_.size() > limit) return fail(end, 1009);
    if (!inflated.complete || !reading.complete) return fail(end, 1007);
    if (!settings_.deflate->server.no_context_takeover) before_ += message_;
  }
  return true;
}

void ReferenceReader::read_control(const Frame& frame) {
  if (frame.ends() > stream_.size()) return;
  const auto end = static_cast<std::size_t>(frame.ends());
  const std::string_view payload = stream_.substr(frame.begins, frame.length);
  if (frame.opcode == close) return read_close(frame, payload);
  tell(end,
       {frame.opcode == ping ? Told::Kind::ping : Told::Kind::pong, 0, true, std::string(payload)});
  // 5.5.2, and 5.5.1: nothing is sent behind our own Close frame.
  if (frame.opcode == ping && state_ == State::open) {
    outcome_.sent.push_back({pong, std::string(payload)});
  }
}

// 5.5.1 and 7.4
void ReferenceReader::read_close(const Frame& frame, std::string_view payload) {
  const auto end = static_cast<std::size_t>(frame.ends());
  unsigned code = 1005;
  if (!payload.empty()) {
    if (payload.size() == 1) return static_cast<void>(fail(end, 1002));
    code = static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
    if (!may_be_in_a_close_frame(code)) return static_cast<void>(fail(end, 1002));
    const Utf8Reading reason = read_utf8(payload.substr(2));
    if (reason.bad_at != std::string_view::npos || !reason.complete) {
      return static_cast<void>(fail(end, 1007));
    }
  }
  reach(end);
  outcome_.close_code = static_cast<std::uint16_t>(code);
  outcome_.close_reason = payload.size() < 2 ? "" : payload.substr(2);
  outcome_.clean = true;
  if (state_ == State::open) {
    outcome_.by_peer = true;
    outcome_.sent.push_back({close, code == 1005 ? "" : two_bytes(code)});
    outcome_.told.push_back({Told::Kind::closing});
  }
  state_ = State::over;
}

void ReferenceReader::tell(std::size_t at, Told told) {
  reach(at);
  outcome_.told.push_back(std::move(told));
}

// 7.1.7. Whoever has closed already does not mind any more.
bool ReferenceReader::fail(std::size_t at, unsigned code) {
  reach(at);
  if (state_ == State::open) {
    outcome_.failed = true;
    outcome_.sent.push_back({close, two_bytes(code)});
    outcome_.told.push_back({Told::Kind::closing});
  }
  state_ = State::over;
  return false;
}

// The program's close() lies before what happens at `at`.
void ReferenceReader::reach(std::size_t at) {
  if (state_ != State::open || !settings_.close_at || *settings_.close_at >= at) return;
  state_ = State::closing;
  outcome_.sent.push_back({close, two_bytes(1000)});
}

}  // namespace fuzz
