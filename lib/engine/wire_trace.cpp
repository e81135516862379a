#include "engine/wire_trace.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/ascii.hpp"
#include "engine/one_line.hpp"
#include "protocol/url.hpp"

namespace websocket::engine {
namespace {

// How many bytes of a payload are shown.
constexpr std::size_t shown_payload = 256;
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t most_inflated = std::uint64_t{256} << 20U;

constexpr std::array<std::string_view, 4> secret_fields = {"authorization", "proxy-authorization",
                                                           "cookie", "set-cookie"};

bool is_secret(std::string_view field_name) {
  return std::any_of(secret_fields.begin(), secret_fields.end(), [&](std::string_view secret) {
    return base::equal_ignoring_case(field_name, secret);
  });
}

// `hidden` says whether the line before was a secret, which a folded line goes on with.
std::string head_line(std::string_view line, bool& hidden) {
  const bool is_folded = line.starts_with(' ') || line.starts_with('\t');
  if (is_folded && hidden) return " ***";
  const std::size_t colon = line.find(':');
  hidden = colon != std::string_view::npos && is_secret(base::trim(line.substr(0, colon)));
  if (colon == std::string_view::npos) return one_line(line);
  const std::string_view name = line.substr(0, colon);
  if (hidden) return one_line(name) + ": ***";
  // A Location, say, may have a password in it.
  const std::string_view value = base::trim(line.substr(colon + 1));
  if (value.find("://") == std::string_view::npos) return one_line(line);
  return one_line(name) + ": " + one_line(protocol::hide_user_info(value));
}

// Bytes as Python shows them: b'\x81\x0bhello there'.
void append_quoted(std::string& to, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  to += "b'";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    switch (byte) {
      case '\\':
        to += "\\\\";
        break;
      case '\'':
        to += "\\'";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (value >= 0x20 && value < 0x7f) {
          to += byte;
        } else {
          to += "\\x";
          to += digits[value >> 4U];
          to += digits[value & 15U];
        }
    }
  }
  to += '\'';
}

void append_cut(std::string& to, std::string_view bytes, std::uint64_t size) {
  append_quoted(to, bytes);
  if (bytes.size() < size) to += "... (" + std::to_string(size) + " bytes)";
}

// A head of the handshake between its rules, a line each; values of secret fields as ***.
void trace_head(base::TraceSink& sink, std::string_view title, std::string_view head) {
  sink.line("--- " + std::string(title) + " ---");
  bool hidden = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) sink.line(head_line(line, hidden));
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  sink.line("-----------------------");
}

}  // namespace

void FrameTrace::feed(std::string_view bytes) {
  while (!bytes.empty() || (header_ && payload_seen_ == header_->length)) {
    bytes.remove_prefix(header_ ? take_payload(bytes) : take_header(bytes));
  }
}

void FrameTrace::restart() noexcept {
  raw_.clear();
  header_.reset();
  payload_seen_ = 0;
  inflated_.clear();
  inflated_size_ = 0;
}

std::size_t FrameTrace::take_header(std::string_view bytes) {
  const std::size_t before = raw_.size();
  raw_ += bytes.substr(0, protocol::max_header_size - before);
  header_ = protocol::decode_header(raw_);
  if (!header_) return raw_.size() - before;
  raw_.resize(header_->size);
  if (!protocol::is_control(header_->opcode) && header_->opcode != Opcode::continuation) {
    message_is_compressed_ = (header_->reserved & protocol::rsv1) != 0;
  }
  return header_->size - before;
}

std::size_t FrameTrace::take_payload(std::string_view bytes) {
  const auto size = static_cast<std::size_t>(
      std::min<std::uint64_t>(bytes.size(), header_->length - payload_seen_));
  const std::size_t shown = raw_.size() - header_->size;
  raw_ += bytes.substr(0, std::min(size, shown_payload - shown));
  if (is_compressed() && inflater_) inflate(bytes.substr(0, size));
  payload_seen_ += size;
  if (payload_seen_ == header_->length) {
    show();
    restart();
  }
  return size;
}

bool FrameTrace::is_compressed() const noexcept {
  return message_is_compressed_ && !protocol::is_control(header_->opcode);
}

// In small pieces: what they inflate to is dropped as soon as it was counted.
void FrameTrace::inflate(std::string_view bytes) {
  constexpr std::size_t piece_size = 1024;
  const bool ends_message = header_->fin && payload_seen_ + bytes.size() == header_->length;
  std::uint64_t offset = payload_seen_;
  base::StringBuffer inflated;
  auto result = protocol::Inflater::Result::ok;
  while (!bytes.empty() && result == protocol::Inflater::Result::ok) {
    std::string piece(bytes.substr(0, piece_size));
    bytes.remove_prefix(piece.size());
    if (header_->masked) {
      protocol::mask_copy(piece.data(), piece.data(), piece.size(), header_->key,
                          static_cast<std::size_t>(offset % 4));
    }
    offset += piece.size();
    result = inflater_->inflate(piece, inflated, no_limit);
    take_inflated(inflated);
  }
  if (ends_message && result == protocol::Inflater::Result::ok) {
    result = inflater_->end_message(inflated, no_limit);
    take_inflated(inflated);
  }
  // What grows without end is nothing to look at.
  if (result != protocol::Inflater::Result::ok || inflated_size_ > most_inflated) look_away();
}

void FrameTrace::take_inflated(base::StringBuffer& inflated) {
  inflated_ += inflated.view().substr(0, shown_payload - inflated_.size());
  inflated_size_ += inflated.size();
  inflated.clear();
}

void FrameTrace::show() {
  std::string raw = std::string(prefix_) + " raw: ";
  append_cut(raw, raw_, header_->size + header_->length);
  sink_.line(raw);

  const bool shows_inflated = is_compressed() && inflater_;
  std::string payload = shows_inflated ? inflated_ : raw_.substr(header_->size);
  if (header_->masked && !shows_inflated) {
    protocol::mask_copy(payload.data(), payload.data(), payload.size(), header_->key);
  }
  std::string decoded = std::string(prefix_) + " decoded: fin=" + (header_->fin ? "1" : "0") +
                        " opcode=" + std::to_string(static_cast<unsigned>(header_->opcode)) +
                        " data=";
  append_cut(decoded, payload, shows_inflated ? inflated_size_ : header_->length);
  if (is_compressed() && !shows_inflated) decoded += " (compressed)";
  sink_.line(decoded);
}

void WireTrace::request(std::string_view head) {
  if (!sink_.enabled()) return;
  handshake_ = Handshake::awaited;
  trace_head(sink_, "request header", head);
}

// Shows each head as it becomes whole, up to the final one: RFC 9110 15.2 lets any number of 1xx answers come
// before it.
void WireTrace::received_answer(std::string_view bytes) {
  answer_ += bytes;
  while (handshake_ == Handshake::awaited && sink_.enabled()) {
    const std::size_t end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = answer_.substr(0, end);
    trace_head(sink_, "response header", head);
    answer_.erase(0, end + 4);
    if (head.starts_with("HTTP/1.1 101")) {
      handshake_ = Handshake::switched;
    } else if (!head.starts_with("HTTP/1.1 1")) {
      handshake_ = Handshake::refused;
    }
  }
  if (handshake_ != Handshake::switched) answer_ = {};
}

void WireTrace::opened(const protocol::DeflateAgreement* deflate) {
  const bool follows_from_the_start = handshake_ == Handshake::switched;
  if (deflate != nullptr && follows_from_the_start) {
    sent_.use_deflate(deflate->client);
    received_.use_deflate(deflate->server);
  }
  handshake_ = Handshake::over;
  const std::string frames = std::exchange(answer_, {});
  if (follows_from_the_start) received(frames, true);
}

bool WireTrace::follows(FrameTrace& frames, bool& following, bool at_frame) {
  const bool enabled = sink_.enabled();
  if (!enabled) frames.look_away();
  if (enabled && !following && at_frame) frames.restart();
  following = enabled && (following || at_frame);
  return following;
}

}  // namespace websocket::engine
