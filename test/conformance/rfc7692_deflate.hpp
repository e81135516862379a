// What the rows of RFC 7692 have in common: DEFLATE data (RFC 1951) written bit by bit or made by
// zlib, and what a client's compressed frames are held against. Knows nothing of the library but its
// public API.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.hpp"

namespace conformance {

/// A line of the server's answer: `parameters` stand behind "permessage-deflate".
std::string agreed(std::string_view parameters = {});

/// Options with these for compressing.
websocket::ConnectOptions compressing(const websocket::CompressionOptions& compression);

// ---- DEFLATE data

/// RFC 1951 3.1.1: bits fill bytes from the least significant on.
class Bits {
 public:
  /// "Data elements other than Huffman codes are packed starting with the least-significant bit."
  Bits& value(unsigned value, unsigned count);
  /// "Huffman codes are packed starting with the most-significant bit of the code."
  Bits& code(unsigned code, unsigned count);
  /// Zeros up to the end of a byte.
  Bits& align();
  Bits& bytes(std::string_view bytes);

  // 3.2.3: a block's three bits; types are 0 stored, 1 fixed, 2 dynamic codes.
  Bits& header(bool final, unsigned type) { return value(final ? 1 : 0, 1).value(type, 2); }
  /// 3.2.6: a literal, a length or the end of the block (256) by the fixed codes.
  Bits& fixed(unsigned symbol);
  Bits& text(std::string_view letters);
  /// Three bytes copied from that far back: 1 to 4, or 5 and 6.
  Bits& copy_three(unsigned distance);
  /// RFC 7692 7.2.1: begins the empty block whose other four bytes are removed.
  std::string message() { return header(false, 0).align().done(); }
  std::string done() const { return bytes_; }

 private:
  std::string bytes_;
  unsigned used_ = 8;  // bits of the last byte
};

/// zlib as a sender has it: RFC 7692 7.2.1.
class Deflating {
 public:
  explicit Deflating(int window_bits = 15, int level = 6);
  ~Deflating();
  Deflating(const Deflating&) = delete;
  Deflating& operator=(const Deflating&) = delete;

  std::string message(std::string_view data);
  void reset();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// One message by itself.
std::string deflated(std::string_view data, int window_bits = 15);
/// Its frames: as many bytes in each, the first with RSV1 and that opcode.
std::string fragmented(unsigned opcode, std::string_view compressed, std::size_t frame_size);

/// zlib as a receiver has it, RFC 7692 7.2.2, and exact: byte by byte, so that it sees when data
/// refers back further than its window. Nothing where it cannot be inflated.
class Inflating {
 public:
  explicit Inflating(int window_bits = 15);
  ~Inflating();
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;

  std::optional<std::string> message(std::string_view compressed);
  void reset();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

// ---- payloads

/// The same at every run; DEFLATE cannot make it smaller.
std::string noise(std::size_t size, std::uint32_t seed = 1);
std::string repeated(std::string_view part, std::size_t size);

// ---- what the client sends

struct Sending {
  int window_bits = 15;
  bool no_context_takeover = false;
  std::size_t threshold = 256;
};
/// The client's next frames are these messages, one frame each, compressed as was agreed on.
std::vector<Step> expect_messages(std::vector<Delivery> messages, const Sending& rules);

}  // namespace conformance
