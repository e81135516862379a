#include "protocol/http_body.hpp"

#include <algorithm>
#include <optional>

#include "base/ascii.hpp"

namespace websocket::protocol {
namespace {

constexpr std::size_t max_chunk_line = 256;  // a size, its extensions and the line end

// RFC 9110 6.4.1: "All 1xx (Informational), 204 (No Content), and 304 (Not Modified) responses do
// not include content."
bool has_no_content(int status) { return status < 200 || status == 204 || status == 304; }

// Nothing where it is invalid. RFC 9112 6.3 lets a list, or repeated fields, of one and the same
// number pass.
std::optional<std::uint64_t> content_length(const Headers& headers) {
  std::optional<std::uint64_t> length;
  for (const std::string_view value : headers.get_all("Content-Length")) {
    const auto elements = base::split_list(value);
    if (elements.empty()) return std::nullopt;
    for (const std::string_view element : elements) {
      const auto number = base::parse_decimal<std::uint64_t>(element);
      if (!number || (length && *length != *number)) return std::nullopt;
      length = number;
    }
  }
  return length;
}

// Whether chunked is the last of the transfer codings.
bool ends_chunked(const Headers& headers) {
  bool chunked = false;
  for (const std::string_view value : headers.get_all("Transfer-Encoding")) {
    for (const std::string_view coding : base::split_list(value)) {
      chunked = base::equal_ignoring_case(coding, "chunked");
    }
  }
  return chunked;
}

}  // namespace

// The order is that of RFC 9112 6.3.
BodyReader::BodyReader(int status, const Headers& headers, std::size_t max_size)
    : max_size_(max_size) {
  if (has_no_content(status) || max_size == 0) return;
  // "If a message is received with both a Transfer-Encoding and a Content-Length header field, the
  // Transfer-Encoding overrides the Content-Length."
  if (headers.get("Transfer-Encoding")) {
    state_ = ends_chunked(headers) ? State::chunk_line : State::until_end;
    return;
  }
  if (!headers.get("Content-Length")) {
    state_ = State::until_end;
    return;
  }
  left_ = content_length(headers).value_or(0);
  if (left_ > 0) state_ = State::until_length;
}

BodyReader::Progress BodyReader::progress() const noexcept {
  return state_ == State::done ? Progress::done : Progress::more;
}

BodyReader::Progress BodyReader::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (state_ != State::done && consumed < bytes.size()) {
    const std::string_view rest = bytes.substr(consumed);
    switch (state_) {
      case State::until_length:
      case State::until_end:
      case State::chunk_data:
        consumed += take_data(rest);
        break;
      case State::chunk_line:
      case State::chunk_end:
        consumed += take_chunk_line(rest);
        break;
      case State::done:
        break;
    }
  }
  return progress();
}

std::size_t BodyReader::take_data(std::string_view bytes) {
  std::size_t taken = std::min(bytes.size(), max_size_ - body_.size());
  if (state_ != State::until_end) {
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(taken, left_));
    left_ -= taken;
  }
  body_.append(bytes.substr(0, taken));
  if (body_.size() == max_size_) {
    state_ = State::done;
  } else if (state_ != State::until_end && left_ == 0) {
    state_ = state_ == State::chunk_data ? State::chunk_end : State::done;
  }
  return taken;
}

std::size_t BodyReader::take_chunk_line(std::string_view bytes) {
  const std::size_t line_feed = bytes.find('\n');
  const bool ends = line_feed != std::string_view::npos;
  const std::size_t taken = ends ? line_feed + 1 : bytes.size();
  if (line_.size() + taken > max_chunk_line) {
    state_ = State::done;
    return taken;
  }
  line_.append(bytes.substr(0, taken));
  if (ends) {
    state_ = read_chunk_size(line_);
    line_.clear();
  }
  return taken;
}

// What follows behind that line, which may be the empty one behind a chunk's data.
BodyReader::State BodyReader::read_chunk_size(std::string_view line) {
  line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  if (state_ == State::chunk_end) return line.empty() ? State::chunk_line : State::done;
  const std::string_view digits = base::trim(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 16) return State::done;
  left_ = 0;
  for (const char c : digits) {
    const auto value = base::hex_value(c);
    if (!value) return State::done;
    left_ = left_ * 16U + *value;
  }
  // The last chunk has no data; behind it come only trailers.
  return left_ == 0 ? State::done : State::chunk_data;
}

}  // namespace websocket::protocol
