#include "protocol/wire.hpp"

#include <doctest/doctest.h>

#include <random>
#include <stdexcept>

namespace wire {
namespace {

void append_number(std::string& to, std::uint64_t value, int size) {
  while (size-- > 0) to += static_cast<char>(static_cast<unsigned char>(value >> (8 * size)));
}

void xor_with(std::string& payload, const Key& key) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key[i % 4]);
  }
}

Length fewest(std::uint64_t length) {
  if (length < 126) return Length::seven_bits;
  return length < 65536 ? Length::sixteen_bits : Length::sixty_four_bits;
}

std::string take(std::string_view& from, std::uint64_t size) {
  if (from.size() < size) throw std::runtime_error("a frame is cut");
  std::string taken(from.substr(0, size));
  from.remove_prefix(size);
  return taken;
}

std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value * 256 + static_cast<unsigned char>(byte);
  return value;
}

std::string kind(unsigned opcode) {
  switch (opcode) {
    case 0:
      return "continuation";
    case 1:
      return "text";
    case 2:
      return "binary";
    case 8:
      return "close";
    case 9:
      return "ping";
    case 10:
      return "pong";
    default:
      return "opcode " + std::to_string(opcode);
  }
}

}  // namespace

std::string bytes(const Frame& frame) {
  const std::uint64_t size = frame.announced.value_or(frame.payload.size());
  const unsigned mask_bit = frame.key ? 0x80U : 0U;
  std::string made;
  made += static_cast<char>((frame.fin ? 0x80U : 0U) | frame.reserved << 4U | frame.opcode);
  switch (frame.length == Length::fewest ? fewest(size) : frame.length) {
    case Length::fewest:
    case Length::seven_bits:
      made += static_cast<char>(mask_bit | static_cast<unsigned>(size));
      break;
    case Length::sixteen_bits:
      made += static_cast<char>(mask_bit | 126U);
      append_number(made, size, 2);
      break;
    case Length::sixty_four_bits:
      made += static_cast<char>(mask_bit | 127U);
      append_number(made, size, 8);
      break;
  }
  std::string payload = frame.payload;
  if (frame.key) {
    made.append(frame.key->begin(), frame.key->end());
    xor_with(payload, *frame.key);
  }
  return made + payload;
}

std::string text(std::string_view payload, bool fin) {
  return bytes({.opcode = 1, .payload = std::string(payload), .fin = fin});
}
std::string binary(std::string_view payload, bool fin) {
  return bytes({.opcode = 2, .payload = std::string(payload), .fin = fin});
}
std::string continuation(std::string_view payload, bool fin) {
  return bytes({.opcode = 0, .payload = std::string(payload), .fin = fin});
}
std::string ping(std::string_view payload) {
  return bytes({.opcode = 9, .payload = std::string(payload)});
}
std::string pong(std::string_view payload) {
  return bytes({.opcode = 10, .payload = std::string(payload)});
}
std::string close(std::optional<unsigned> code, std::string_view reason) {
  return bytes({.opcode = 8, .payload = code ? close_payload(*code, reason) : std::string()});
}
std::string close_payload(unsigned code, std::string_view reason) {
  std::string payload;
  append_number(payload, code, 2);
  return payload.append(reason);
}

std::string masked(Frame frame, Key key) {
  frame.key = key;
  return bytes(frame);
}

std::vector<Frame> parse(std::string_view bytes) {
  std::vector<Frame> frames;
  while (!bytes.empty()) {
    const std::uint64_t start = number(take(bytes, 2));
    Frame frame{.opcode = static_cast<unsigned>(start >> 8U & 15U),
                .fin = (start >> 15U) != 0,
                .reserved = static_cast<unsigned>(start >> 12U & 7U)};
    std::uint64_t size = start & 127U;
    frame.length = size < 126    ? Length::seven_bits
                   : size == 126 ? Length::sixteen_bits
                                 : Length::sixty_four_bits;
    if (size == 126) {
      size = number(take(bytes, 2));
    } else if (size == 127) {
      size = number(take(bytes, 8));
    }
    if ((start & 128U) != 0) {
      frame.key.emplace();
      for (unsigned char& byte : *frame.key) byte = static_cast<unsigned char>(take(bytes, 1)[0]);
    }
    if (frame.length != fewest(size)) throw std::runtime_error("a length is not minimal");
    frame.payload = take(bytes, size);
    if (frame.key) xor_with(frame.payload, *frame.key);
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::vector<std::string> describe(std::string_view bytes) {
  std::vector<std::string> words;
  for (const Frame& frame : parse(bytes)) {
    std::string word = kind(frame.opcode) + (frame.fin ? "" : "*");
    std::string_view payload = frame.payload;
    if (frame.opcode == 8 && payload.size() >= 2) {
      word += ' ' + std::to_string(number(payload.substr(0, 2)));
      payload.remove_prefix(2);
    }
    if (!payload.empty()) word += " '" + std::string(payload) + "'";
    words.push_back(std::move(word));
  }
  return words;
}

std::string filling(std::size_t size, unsigned seed) {
  std::string made(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& byte : made) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>('!' + (state >> 24U) % 90U);
  }
  return made;
}

Cuts cut_every(std::string_view bytes, std::size_t size) {
  Cuts cuts;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
    cuts.push_back(bytes.substr(0, size));
  }
  return cuts;
}

Cuts cut_at_random(std::string_view bytes, unsigned seed) {
  std::mt19937 random(seed);
  const std::size_t longest = std::size_t{1} << (1 + random() % 14);
  Cuts cuts;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % longest);
    cuts.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return cuts;
}

void in_every_cut(std::string_view bytes, const std::function<void(const Cuts&)>& run) {
  {
    INFO("whole");
    run(cut_every(bytes, bytes.size() + 1));
  }
  {
    INFO("byte by byte");
    run(cut_every(bytes, 1));
  }
  for (const std::size_t size : {2U, 3U, 7U, 4096U}) {
    INFO("in pieces of ", size);
    run(cut_every(bytes, size));
  }
  for (unsigned seed = 0; seed < 12; ++seed) {
    INFO("at random, seed ", seed);
    run(cut_at_random(bytes, seed));
  }
}

}  // namespace wire
