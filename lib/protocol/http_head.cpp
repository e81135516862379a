// An HTTP/1.1 head: see http_head.hpp. RFC 9112 2.2 (lines), 5 (fields); RFC 9110 5.5 (values).
#include "protocol/http_head.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace websocket::protocol {

namespace {

constexpr std::size_t max_quoted = 40;  // foreign bytes in a sentence

std::string quoted(std::string_view bytes) {
  return "\"" + base::printable(bytes, max_quoted) + "\"";
}

// TLS records of an alert and of a handshake message (RFC 8446 5.1).
bool looks_like_tls(std::string_view bytes) {
  return bytes.starts_with('\x15') || bytes.starts_with('\x16');
}

}  // namespace

HeadParser::HeadParser(std::size_t max_size, HeadKind kind) : max_size_(max_size), kind_(kind) {}

HeadParser::Progress HeadParser::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (progress_ == Progress::more && consumed < bytes.size()) {
    progress_ = take_line_part(bytes, consumed);
  }
  return progress_;
}

// Takes what is there of the current line.
HeadParser::Progress HeadParser::take_line_part(std::string_view bytes, std::size_t& consumed) {
  const std::string_view rest = bytes.substr(consumed);
  // RFC 9112 2.2: "a recipient MAY recognize a single LF as a line terminator and ignore any
  // preceding CR."
  const std::size_t line_feed = rest.find('\n');
  const bool ends = line_feed != std::string_view::npos;
  const std::size_t wanted = ends ? line_feed + 1 : rest.size();
  const std::size_t taken = std::min(wanted, max_size_ - size_);
  size_ += taken;
  consumed += taken;
  // Most lines are here whole, and need not be kept.
  const bool is_kept = !ends || !line_.empty();
  if (is_kept) line_.append(rest.substr(0, taken));
  const std::string_view line = is_kept ? std::string_view(line_) : rest.substr(0, taken);
  if (start_line_.empty() && check_beginning(line, rest.substr(taken)) == Progress::malformed) {
    return Progress::malformed;
  }
  if (taken < wanted) return Progress::too_large;
  if (!ends) return Progress::more;
  const Progress progress = end_line(line);
  line_.clear();
  return progress;
}

// Tells garbage, and servers that speak first in another protocol, by their first bytes.
HeadParser::Progress HeadParser::check_beginning(std::string_view line,
                                                 std::string_view following) {
  if (line.empty()) return Progress::more;
  switch (kind_) {
    case HeadKind::answer: {
      constexpr std::string_view beginning = "HTTP/1.";
      const std::size_t compared = std::min(line.size(), beginning.size());
      if (beginning.substr(0, compared) == line.substr(0, compared)) {
        return Progress::more;
      }
      break;
    }
    case HeadKind::request:
      // RFC 9112 2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior to the
      // request-line."
      if (line.front() == '\r' || line.front() == '\n') return Progress::more;
      if (base::is_token(line.substr(0, 1))) return Progress::more;
      break;
  }
  std::string seen(line);
  seen.append(following.substr(0, max_quoted));
  if (looks_like_tls(seen)) return refuse("begins as TLS does, not as HTTP does");
  const std::string_view first_line = std::string_view(seen).substr(0, seen.find_first_of("\r\n"));
  return refuse("begins with " + quoted(first_line.empty() ? seen : first_line) +
                ", which is not HTTP/1.1");
}

HeadParser::Progress HeadParser::end_line(std::string_view line) {
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  // RFC 9112 2.2 allows no bare CR anywhere in a head.
  if (base::has_forbidden_in_field(line)) {
    // Not quoted as a whole: a value may be a secret.
    return refuse("has a control character in the line that begins with " +
                  quoted(line.substr(0, line.find(':'))));
  }
  if (line.empty()) {
    if (!start_line_.empty()) {
      end_field();
      return Progress::done;
    }
  } else if (start_line_.empty()) {
    start_line_ = line;
  } else {
    return read_field(line);
  }
  return Progress::more;
}

// RFC 9112 5: field-line = field-name ":" OWS field-value OWS
HeadParser::Progress HeadParser::read_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return read_folded(line);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return refuse("has a header line without a colon: " + quoted(line));
  }
  const std::string_view name = line.substr(0, colon);
  if (name.empty()) return refuse("has a header field without a name");
  // RFC 9112 5.1: "No whitespace is allowed between the field name and colon."
  if (name.back() == ' ' || name.back() == '\t') {
    return refuse("has white space between a header's name and its colon: " + quoted(name));
  }
  if (!base::is_token(name)) return refuse("has a header with the invalid name " + quoted(name));
  end_field();
  field_.emplace(name, base::trim(line.substr(colon + 1)));
  return Progress::more;
}

// RFC 9112 5.2: "A user agent that receives an obs-fold in a response message that is not within a
// "message/http" container MUST replace each received obs-fold with one or more SP octets prior to
// interpreting the field value". A server may refuse it in a request; 2.2: anybody where there is
// no field before it.
HeadParser::Progress HeadParser::read_folded(std::string_view line) {
  if (!field_ || kind_ == HeadKind::request) {
    return refuse("has a header line that begins with white space");
  }
  std::string& value = field_->second;
  const std::string_view more = base::trim(line);
  if (!value.empty() && !more.empty()) value += ' ';
  value += more;
  return Progress::more;
}

void HeadParser::end_field() {
  if (!field_) return;
  headers_.add(std::move(field_->first), std::move(field_->second));
  field_.reset();
}

HeadParser::Progress HeadParser::refuse(std::string because) {
  malformed_because_ = std::move(because);
  return Progress::malformed;
}

bool header_has_token(const Headers& headers, std::string_view name, std::string_view token) {
  const auto is_token = [token](std::string_view element) {
    return base::equal_ignoring_case(element, token);
  };
  for (const auto& [field_name, value] : headers) {
    if (!base::equal_ignoring_case(field_name, name)) continue;
    const auto elements = base::split_list(value);
    if (std::any_of(elements.begin(), elements.end(), is_token)) return true;
  }
  return false;
}

}  // namespace websocket::protocol
