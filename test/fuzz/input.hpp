// A fuzzer's input, read from its front: numbers first, then whatever the target makes of the rest.
// Past its end there are zeros, so that every input means something.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const noexcept { return left_.empty(); }
  std::string_view rest() const noexcept { return left_; }

  unsigned take_byte() noexcept {
    if (left_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }
  // The lowest byte first.
  std::uint64_t take_number(unsigned bytes) noexcept {
    std::uint64_t number = 0;
    for (unsigned i = 0; i < bytes; ++i) number |= std::uint64_t{take_byte()} << (8U * i);
    return number;
  }
  // Fewer where there are no more.
  std::string_view take_bytes(std::size_t size) noexcept {
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view left_;
};

// How bytes are cut before they are handed in: piece after piece of these sizes, over and over.
using Cuts = std::vector<std::size_t>;

inline const Cuts whole = {};
inline const Cuts byte_by_byte = {1};

// 0: whole; up to 63: pieces of that size; beyond that: that many sizes less 63, up to 8, which
// follow, 0 for 256.
inline Cuts take_cuts(Input& input) {
  const unsigned kind = input.take_byte();
  if (kind == 0) return whole;
  if (kind < 64) return {kind};
  Cuts cuts(1 + (kind - 64) % 8);
  for (std::size_t& size : cuts) {
    size = input.take_byte();
    if (size == 0) size = 256;
  }
  return cuts;
}

// Calls `push` with piece after piece.
template <class Push>
void cut(std::string_view bytes, const Cuts& cuts, Push push) {
  for (std::size_t piece = 0; !bytes.empty(); ++piece) {
    const std::size_t wanted = cuts.empty() ? bytes.size() : cuts[piece % cuts.size()];
    const std::size_t size = std::min(bytes.size(), wanted);
    push(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

}  // namespace fuzz
