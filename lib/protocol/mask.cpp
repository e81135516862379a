#include "protocol/mask.hpp"

#include <cstring>

namespace websocket::protocol {
namespace {

using Word = std::uint64_t;
constexpr std::size_t block_size = 4 * sizeof(Word);

// Four words at a time: independent of one another, so that the compiler may use vector registers.
void mask_block(char* to, const char* from, Word pattern) noexcept {
  Word words[4];
  std::memcpy(words, from, block_size);
  for (Word& word : words) word ^= pattern;
  std::memcpy(to, words, block_size);
}

void mask_word(char* to, const char* from, Word pattern) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  word ^= pattern;
  std::memcpy(to, &word, sizeof word);
}

}  // namespace

// RFC 6455 5.3: "transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)".
void mask_copy(char* to, const char* from, std::size_t size, MaskKey key,
               std::size_t offset) noexcept {
  const MaskKey turned = {key[offset % 4], key[(offset + 1) % 4], key[(offset + 2) % 4],
                          key[(offset + 3) % 4]};
  std::uint32_t half = 0;
  std::memcpy(&half, turned.data(), sizeof half);
  const Word pattern = static_cast<Word>(half) << 32U | half;

  std::size_t at = 0;
  for (; size - at >= block_size; at += block_size) mask_block(to + at, from + at, pattern);
  for (; size - at >= sizeof(Word); at += sizeof(Word)) mask_word(to + at, from + at, pattern);
  for (; at < size; ++at) {
    to[at] = static_cast<char>(static_cast<unsigned char>(from[at]) ^ turned[at % 4]);
  }
}

}  // namespace websocket::protocol
