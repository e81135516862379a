// An HTTP/1.1 head, of an answer or a request: RFC 9112 2-5, whole or byte by byte, in linear time.
// The start line is kept as it came; who reads it knows what must stand there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <websocket/headers.hpp>

namespace websocket::protocol {

enum class HeadKind : std::uint8_t { answer, request };

class HeadParser {
 public:
  // `max_size` bounds the head with its line ends, the empty line included.
  explicit HeadParser(std::size_t max_size, HeadKind kind = HeadKind::answer);

  enum class Progress : std::uint8_t { more, done, too_large, malformed };
  // Takes bytes up to and including the empty line, never beyond it; `consumed` says how many.
  // Once it said anything but `more` it says so again and takes nothing.
  Progress feed(std::string_view bytes, std::size_t& consumed);

  // Bytes taken so far.
  std::size_t size() const noexcept { return size_; }
  std::string_view start_line() const noexcept { return start_line_; }
  const Headers& headers() const noexcept { return headers_; }
  Headers take_headers() noexcept { return std::move(headers_); }
  // The second half of a sentence that begins with whose head it is: "has a header line without a
  // colon".
  const std::string& malformed_because() const noexcept { return malformed_because_; }

 private:
  Progress take_line_part(std::string_view bytes, std::size_t& consumed);
  Progress check_beginning(std::string_view line, std::string_view following);
  Progress end_line(std::string_view line);
  Progress read_field(std::string_view line);
  Progress read_folded(std::string_view line);
  void end_field();
  Progress refuse(std::string because);

  std::size_t max_size_;
  HeadKind kind_;
  Progress progress_ = Progress::more;
  std::size_t size_ = 0;
  std::string line_;  // what is there of the line that has not ended yet
  std::string start_line_;
  std::optional<Headers::Field> field_;  // the latest one: its value may go on in the next line
  Headers headers_;
  std::string malformed_because_;
};

// Whether a field of that name, which is a comma list and may be repeated, has that token:
// "upgrade" in "Connection: keep-alive, Upgrade". Without regard to case.
bool header_has_token(const Headers& headers, std::string_view name, std::string_view token);

}  // namespace websocket::protocol
