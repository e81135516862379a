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

// At least one unit. The last one overlaps the one before it where the size is no multiple of a
// unit's; it is read before that one may be written in its place.
template <class Unit>
void mask_units(char* to, const char* from, std::size_t size, Word pattern) noexcept {
  const std::size_t last = size - sizeof(Unit);
  const Unit last_unit(from + last);
  for (std::size_t at = 0; at < last; at += sizeof(Unit)) Unit(from + at).store(to + at, pattern);
  last_unit.store(to + last, turned(pattern, last));
}

// Long enough that it pays to begin every unit but the first and the last with a line of the
// processor's cache: storing across two lines takes twice as long. The first one overlaps the next; it
// is read before that one is written, and written after it.
constexpr std::size_t long_size = 1024;
void mask_long(char* to, const char* from, std::size_t size, Word pattern) noexcept {
  const Block first(from);
  const std::size_t begin = -reinterpret_cast<std::uintptr_t>(to) % sizeof(Block);
  mask_units<Block>(to + begin, from + begin, size - begin, turned(pattern, begin));
  first.store(to, pattern);
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
  if (size >= long_size) return mask_long(to, from, size, pattern);
  if (size >= sizeof(Block)) return mask_units<Block>(to, from, size, pattern);
  if (size >= sizeof(Quarter)) return mask_units<Quarter>(to, from, size, pattern);
  if (size >= sizeof(One)) return mask_units<One>(to, from, size, pattern);
  mask_bytes(to, from, size, pattern);
}

}  // namespace websocket::protocol
