// The other side of permessage-deflate: zlib used directly, apart from the library's code.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

namespace zlib_peer {

inline Bytef* bytes(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

// Compresses message after message; RFC 7692 7.2.1.
class Compressor {
 public:
  explicit Compressor(int window_bits = 15, int level = 6, int strategy = Z_DEFAULT_STRATEGY) {
    REQUIRE(deflateInit2(&z_, level, Z_DEFLATED, -window_bits, 8, strategy) == Z_OK);
  }
  ~Compressor() { deflateEnd(&z_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // The message's payload on the wire.
  std::string message(std::string_view text) {
    std::string made = flushed(text, Z_SYNC_FLUSH);
    if (made.ends_with(std::string_view("\0\0\xff\xff", 4))) made.resize(made.size() - 4);
    return made.empty() ? std::string(1, '\0') : made;
  }
  std::string flushed(std::string_view text, int flush) {
    std::string made;
    z_.next_in = bytes(text);
    z_.avail_in = static_cast<uInt>(text.size());
    do {
      char buffer[4096];
      z_.next_out = bytes({buffer, sizeof buffer});
      z_.avail_out = sizeof buffer;
      deflate(&z_, flush);
      made.append(buffer, sizeof buffer - z_.avail_out);
    } while (z_.avail_out == 0);
    return made;
  }
  void reset() { deflateReset(&z_); }

 private:
  z_stream z_{};
};

// Inflates message after message, a byte of output at a time, so that whatever looks back further
// than the window is noticed.
class Decompressor {
 public:
  explicit Decompressor(int window_bits = 15) { REQUIRE(inflateInit2(&z_, -window_bits) == Z_OK); }
  ~Decompressor() { inflateEnd(&z_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Nothing where it is invalid.
  std::optional<std::string> message(std::string_view payload) {
    const std::string whole = std::string(payload) + std::string("\0\0\xff\xff", 4);
    std::string made;
    z_.next_in = bytes(whole);
    z_.avail_in = static_cast<uInt>(whole.size());
    for (;;) {
      char byte = 0;
      z_.next_out = bytes({&byte, 1});
      z_.avail_out = 1;
      const int result = inflate(&z_, Z_SYNC_FLUSH);
      if (z_.avail_out == 0) made += byte;
      if (result == Z_BUF_ERROR || (result == Z_OK && z_.avail_in == 0 && z_.avail_out == 1)) {
        return made;
      }
      if (result != Z_OK) return std::nullopt;
    }
  }
  void reset() { inflateReset(&z_); }

 private:
  z_stream z_{};
};

}  // namespace zlib_peer
