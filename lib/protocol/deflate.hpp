// What permessage-deflate does to a message: RFC 7692 7.2. How it is agreed on is deflate_offer's
// business, which frames it concerns is frame's and message_reader's. zlib is known in
// deflate_zlib.cpp alone; without it deflate_absent.cpp stands in its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "base/buffer.hpp"

namespace websocket::protocol {

inline constexpr std::string_view deflate_name = "permessage-deflate";

// Whether this library was built with it. Where it was not, nothing below is ever called.
bool deflate_is_available() noexcept;

inline constexpr int fewest_window_bits = 8;
inline constexpr int most_window_bits = 15;

// How one side compresses: RFC 7692 7.1.1 and 7.1.2.
struct DeflateSide {
  bool no_context_takeover = false;  // no message refers to an earlier one
  int max_window_bits = most_window_bits;
};

struct DeflateAgreement {
  DeflateSide client = {};
  DeflateSide server = {};
  // What our side chose for itself.
  int level = 6;
  std::size_t threshold = 0;  // shorter messages go out as they are
};

// Compresses what is sent. Takes its memory, some 260 KiB, with the first message.
class Deflater {
 public:
  Deflater(const DeflateSide& own, int level);
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;
  ~Deflater();

  // Appends what goes into the next frame of a message; `fin`: its last one.
  void compress(std::string_view piece, bool fin, base::Buffer& to);
  // The next message does not refer to earlier ones; needed where one was compressed and not sent.
  void forget() noexcept;
  // The same, and gives the memory back.
  void rest() noexcept;

 private:
  struct Stream;
  DeflateSide side_;
  int level_;
  std::unique_ptr<Stream> stream_;
};

// Inflates what was received. Takes its memory, some 40 KiB, with the first message.
class Inflater {
 public:
  explicit Inflater(const DeflateSide& peer);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  enum class Result : std::uint8_t { ok, more, invalid, too_big };
  // Appends what a piece of a message inflates to: `limit` bytes at most, however much there would
  // be. After invalid and too_big it may not be asked again; what had been inflated until then is
  // there.
  Result inflate(std::string_view piece, base::StringBuffer& to, std::size_t limit) {
    return inflate_some(piece, to, limit, std::numeric_limits<std::size_t>::max());
  }
  // The same in steps of `most` bytes. After `more` it is to be asked again with what is left of the
  // piece, also where nothing is: it may have been taken and not be told yet.
  Result inflate_some(std::string_view& piece, base::StringBuffer& to, std::size_t limit,
                      std::size_t most);
  // All pieces of the message were given.
  Result end_message(base::StringBuffer& to, std::size_t limit);
  // Between messages: gives the memory back if the next one does not refer to earlier ones.
  void rest() noexcept;

 private:
  struct Stream;
  DeflateSide side_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace websocket::protocol
