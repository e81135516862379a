// The body of an HTTP/1.1 answer, up to a bound: RFC 9112 6 (length) and 7.1 (chunked). For the words
// a server gives when it refuses; trailers are not looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <websocket/headers.hpp>

namespace websocket::protocol {

class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(int status, const Headers& headers, std::size_t max_size);

  enum class Progress : std::uint8_t { more, done };
  // Done at the body's end, at `max_size`, and where its length cannot be made out.
  Progress feed(std::string_view bytes, std::size_t& consumed);
  Progress progress() const noexcept;

  // What there is of it.
  std::string take_body() noexcept { return std::move(body_); }

 private:
  enum class State : std::uint8_t {
    until_length,
    until_end,
    chunk_line,
    chunk_data,
    chunk_end,
    done
  };

  std::size_t take_data(std::string_view bytes);
  std::size_t take_chunk_line(std::string_view bytes);
  State read_chunk_size(std::string_view line);

  State state_ = State::done;
  std::size_t max_size_ = 0;
  std::uint64_t left_ = 0;  // of the body or chunk
  std::string line_;        // a chunk's size line, or the line end behind its data
  std::string body_;
};

}  // namespace websocket::protocol
