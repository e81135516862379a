#include "fuzz/plain_inflate.hpp"

#include <algorithm>

#include <zlib.h>

#include "fuzz/require.hpp"

namespace fuzz {
namespace {

class Inflating {
 public:
  Inflating(std::string_view before, int window_bits, std::size_t room)
      : window_(std::size_t{1} << window_bits), room_(room, '\0') {
    require(inflateInit2(&z_, -window_bits) == Z_OK, "zlib inflates");
    look_back_at(before);
  }
  ~Inflating() { inflateEnd(&z_); }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;

  // False where it cannot be inflated. Z_BLOCK stops at a block's end, so that it can be seen.
  bool push(char byte, int flush, std::string_view before, std::string& text) {
    if (ended_) {
      inflateReset(&z_);
      look_back_at(std::string(before) + text);
      ended_ = false;
    }
    auto input = static_cast<Bytef>(byte);
    z_.next_in = &input;
    z_.avail_in = 1;
    do {
      z_.next_out = reinterpret_cast<Bytef*>(room_.data());
      z_.avail_out = static_cast<uInt>(room_.size());
      const int result = ::inflate(&z_, flush);
      text.append(room_.data(), room_.size() - z_.avail_out);
      ended_ = result == Z_STREAM_END;
      if (result != Z_OK && result != Z_BUF_ERROR && !ended_) return false;
    } while (!ended_ && (z_.avail_in > 0 || z_.avail_out == 0));
    return true;
  }

  bool ended() const { return ended_; }
  bool between_blocks() const { return (z_.data_type & 128) != 0 && (z_.data_type & 7) == 0; }

 private:
  void look_back_at(std::string_view text) {
    const std::string_view last = text.substr(text.size() - std::min(text.size(), window_));
    if (last.empty()) return;
    inflateSetDictionary(&z_, reinterpret_cast<const Bytef*>(last.data()),
                         static_cast<uInt>(last.size()));
  }

  const std::size_t window_;
  std::string room_;
  z_stream z_{};
  bool ended_ = false;
};

}  // namespace

Inflated inflate_plainly(std::string_view compressed, std::string_view before, int window_bits) {
  Inflated inflated;
  // zlib lets a distance reach beyond the window as far as the output of the same call goes: one
  // byte at a time it can't.
  const bool narrow = window_bits < 15;
  Inflating inflating(before, window_bits, narrow ? 1 : 4096);
  inflated.made_after.reserve(compressed.size());
  for (const char byte : compressed) {
    inflated.invalid = !inflating.push(byte, Z_SYNC_FLUSH, before, inflated.text);
    inflated.made_after.push_back(inflated.text.size());
    if (inflated.invalid) return inflated;
  }
  if (inflating.ended()) {
    inflated.complete = true;
    return inflated;
  }
  const std::string all = std::string(before) + inflated.text;
  for (const char byte : std::string_view("\x00\x00\xff\xff", 4)) {
    if (!inflating.push(byte, Z_BLOCK, all, inflated.tail_text)) return inflated;
  }
  inflated.complete = inflating.between_blocks();
  return inflated;
}

}  // namespace fuzz
