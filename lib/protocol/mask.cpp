#include "protocol/mask.hpp"

#include <bit>
#include <cstring>

namespace websocket::protocol {
namespace {

using Word = std::uint64_t;

// So many bytes at once: all read before one is written, so that the compiler may use vector
// registers for what is made of two halves.
struct One {
  explicit One(const char* from) noexcept { std::memcpy(&word, from, sizeof word); }
  void store(char* to, Word pattern) const noexcept {
    const Word masked = word ^ pattern;
    std::memcpy(to, &masked, sizeof masked);
  }
  Word word;
};
template <class Half>
struct Two {
  explicit Two(const char* from) noexcept : a(from), b(from + sizeof(Half)) {}
  void store(char* to, Word pattern) const noexcept {
    a.store(to, pattern);
    b.store(to + sizeof(Half), pattern);
  }
  Half a, b;
};
using Quarter = Two<One>;
using Block = Two<Two<Quarter>>;

// The key over and over.
Word repeated(MaskKey key) noexcept {
  const auto once = std::bit_cast<std::uint32_t>(key);
  return Word{once} << 32U | once;
}

// The same, as it falls on what begins so many bytes later.
Word turned(Word pattern, std::size_t bytes) noexcept {
  const int turn = static_cast<int>(bytes % sizeof(Word)) * 8;
  return std::endian::native == std::endian::little ? std::rotr(pattern, turn)
                                                    : std::rotl(pattern, turn);
}

// At least one unit. The first and the last one may overlap their neighbours, and each other; they are
// read before those are written in their place, and written after them. `second`: where the first
// one's neighbour begins.
template <class Unit>
void mask_units(char* to, const char* from, std::size_t size, Word pattern,
                std::size_t second = sizeof(Unit)) noexcept {
  const std::size_t last = size - sizeof(Unit);
  const Unit first_unit(from);
  const Unit last_unit(from + last);
  const Word inner = turned(pattern, second);
  for (std::size_t at = second; at < last; at += sizeof(Unit))
    Unit(from + at).store(to + at, inner);
  first_unit.store(to, pattern);
  last_unit.store(to + last, turned(pattern, last));
}

// Storing across two lines of the processor's cache takes twice as long: where there is much to store,
// the blocks between the first and the last one begin with a line each.
std::size_t second_block(const char* to, std::size_t size) noexcept {
  constexpr std::size_t much = 1024;
  if (size < much) return sizeof(Block);
  return sizeof(Block) - reinterpret_cast<std::uintptr_t>(to) % sizeof(Block);
}

// Fewer than one unit.
void mask_bytes(char* to, const char* from, std::size_t size, Word pattern) noexcept {
  const auto keys = std::bit_cast<std::array<unsigned char, sizeof(Word)>>(pattern);
  for (std::size_t at = 0; at < size; ++at) {
    to[at] = static_cast<char>(static_cast<unsigned char>(from[at]) ^ keys[at]);
  }
}

}  // namespace

// RFC 6455 5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)".
void mask_copy(char* to, const char* from, std::size_t size, MaskKey key,
               std::size_t offset) noexcept {
  const Word pattern = turned(repeated(key), offset);
  if (size >= sizeof(Block)) {
    return mask_units<Block>(to, from, size, pattern, second_block(to, size));
  }
  if (size >= sizeof(Quarter)) return mask_units<Quarter>(to, from, size, pattern);
  if (size >= sizeof(One)) return mask_units<One>(to, from, size, pattern);
  mask_bytes(to, from, size, pattern);
}

}  // namespace websocket::protocol
