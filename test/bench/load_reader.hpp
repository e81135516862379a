// Reads what a client sends: in big pieces, and walks from frame to frame in them (RFC 6455 5.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "frame_layout.hpp"
#include "stream.hpp"

namespace bench {

struct ClientFrame {
  unsigned char first = 0;  // FIN, RSV1-3 and the opcode
  char key[4] = {};
  std::size_t size = 0;

  Kind kind() const { return static_cast<Kind>(first & 0x0FU); }
  bool is_control() const { return (first & 0x08U) != 0; }
  bool is_last() const { return (first & 0x80U) != 0; }
};

class Reader {
 public:
  explicit Reader(Stream& stream) : stream_(stream), buffer_(new char[capacity]) {}

  /// The next frame's header; false at the end, and where there is no mask.
  bool read_header(ClientFrame& frame) {
    constexpr std::size_t shortest = 6;
    if (!have(shortest)) return false;
    const auto second = static_cast<unsigned char>(buffer_[begin_ + 1]);
    if (second < 0x80) return false;
    frame.first = static_cast<unsigned char>(buffer_[begin_]);
    frame.size = second & 0x7FU;
    const std::size_t extended = frame.size < 126 ? 0 : frame.size == 126 ? 2 : 8;
    if (!have(shortest + extended)) return false;
    if (extended > 0) frame.size = big_endian(buffer_.get() + begin_ + 2, extended);
    std::memcpy(frame.key, buffer_.get() + begin_ + 2 + extended, sizeof frame.key);
    begin_ += shortest + extended;
    return true;
  }

  /// Up to and with the end of an HTTP head, which does not come along; "" when it does not come.
  std::string read_head() {
    for (std::size_t searched = 0;;) {
      const std::string_view all(buffer_.get() + begin_, end_ - begin_);
      const std::size_t at = all.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
      if (at != std::string_view::npos) {
        begin_ += at + 4;
        return std::string(all.substr(0, at));
      }
      searched = all.size();
      if (searched > longest_head || !have(searched + 1)) return {};
    }
  }

  bool skip(std::size_t size) {
    const std::size_t here = std::min(size, end_ - begin_);
    begin_ += here;
    return here == size || stream_.discard(size - here);
  }

  bool read(char* into, std::size_t size) {
    const std::size_t here = std::min(size, end_ - begin_);
    std::memcpy(into, buffer_.get() + begin_, here);
    begin_ += here;
    for (std::size_t done = here; done < size;) {
      const std::size_t got = stream_.read(into + done, size - done);
      if (got == 0) return false;
      done += got;
    }
    return true;
  }

 private:
  static constexpr std::size_t capacity = std::size_t{256} << 10U;
  static constexpr std::size_t longest_head = std::size_t{16} << 10U;

  static std::size_t big_endian(const char* bytes, std::size_t count) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
  }

  // At least so many bytes, all in the buffer.
  bool have(std::size_t size) { return end_ - begin_ >= size || fetch(size); }

  bool fetch(std::size_t size) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    while (end_ < size) {
      const std::size_t got = stream_.read(buffer_.get() + end_, capacity - end_);
      if (got == 0) return false;
      end_ += got;
    }
    return true;
  }

  Stream& stream_;
  std::unique_ptr<char[]> buffer_;  // its pages come into being when something is read into them
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bench
