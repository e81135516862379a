#include "protocol/mask.hpp"

#include <bit>
#include <cstring>

namespace websocket::protocol {
namespace {

using Word = std::uint64_t;

Word load_word(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Four words: all read before one is written, so that the compiler may use vector registers.
struct Block {
  explicit Block(const char* from) noexcept
      : a(load_word(from)),
        b(load_word(from + sizeof(Word))),
        c(load_word(from + 2 * sizeof(Word))),
        d(load_word(from + 3 * sizeof(Word))) {}
  Word a, b, c, d;
};
struct Single {
  explicit Single(const char* from) noexcept : word(load_word(from)) {}
  Word word;
};

void store(char* to, Word word, Word pattern) noexcept {
  word ^= pattern;
  std::memcpy(to, &word, sizeof word);
}

void store(char* to, Single single, Word pattern) noexcept { store(to, single.word, pattern); }

void store(char* to, Block block, Word pattern) noexcept {
  store(to, block.a, pattern);
  store(to + sizeof(Word), block.b, pattern);
  store(to + 2 * sizeof(Word), block.c, pattern);
  store(to + 3 * sizeof(Word), block.d, pattern);
}

// The key over and over, as it falls on what begins so far behind the payload's first byte.
Word pattern_at(MaskKey key, std::size_t offset) noexcept {
  const auto bytes = std::bit_cast<std::uint32_t>(key);
  const int turn = static_cast<int>(offset % 4) * 8;
  const std::uint32_t half =
      std::endian::native == std::endian::little ? std::rotr(bytes, turn) : std::rotl(bytes, turn);
  return Word{half} << 32U | half;
}

// At least one unit. The last one overlaps the one before it where the size is no multiple of a
// unit's; it is read before that one may be written in its place.
template <class Unit>
void mask_units(char* to, const char* from, std::size_t size, MaskKey key,
                std::size_t offset) noexcept {
  const std::size_t last = size - sizeof(Unit);
  const Unit last_unit(from + last);
  const Word pattern = pattern_at(key, offset);
  for (std::size_t at = 0; at < last; at += sizeof(Unit)) {
    store(to + at, Unit(from + at), pattern);
  }
  store(to + last, last_unit, pattern_at(key, offset + last));
}

void mask_bytes(char* to, const char* from, std::size_t size, MaskKey key,
                std::size_t offset) noexcept {
  for (std::size_t at = 0; at < size; ++at) {
    to[at] = static_cast<char>(static_cast<unsigned char>(from[at]) ^ key[(offset + at) % 4]);
  }
}

}  // namespace

// RFC 6455 5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)".
void mask_copy(char* to, const char* from, std::size_t size, MaskKey key,
               std::size_t offset) noexcept {
  if (size >= sizeof(Block)) return mask_units<Block>(to, from, size, key, offset);
  if (size >= sizeof(Single)) return mask_units<Single>(to, from, size, key, offset);
  mask_bytes(to, from, size, key, offset);
}

}  // namespace websocket::protocol
