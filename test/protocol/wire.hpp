// Frames as the tests write and read them, right or wrong: RFC 6455 5.2, written apart from the
// library's code. And the cuts in which every vector runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

using Key = std::array<unsigned char, 4>;

enum class Length : std::uint8_t { fewest, seven_bits, sixteen_bits, sixty_four_bits };

// What a frame has in its header, whether it may or not.
struct Frame {
  unsigned opcode = 1;
  std::string payload = {};
  bool fin = true;
  unsigned reserved = 0;  // RSV1 is 4
  std::optional<Key> key = {};
  Length length = Length::fewest;
  std::optional<std::uint64_t> announced = {};  // a length that the payload does not have
};

std::string bytes(const Frame& frame);

// Short forms of what a server sends.
std::string text(std::string_view payload, bool fin = true);
std::string binary(std::string_view payload, bool fin = true);
std::string continuation(std::string_view payload, bool fin = true);
std::string ping(std::string_view payload = {});
std::string pong(std::string_view payload = {});
std::string close(std::optional<unsigned> code = {}, std::string_view reason = {});
std::string close_payload(unsigned code, std::string_view reason = {});

// The same frames as a client sends them.
std::string masked(Frame frame, Key key = {0x12, 0x34, 0x56, 0x78});

// The frames those bytes are, unmasked; nothing left over is allowed.
std::vector<Frame> parse(std::string_view bytes);
// The same as words, a frame each: "text 'hello'", "close 1000 'bye'", "text* 'a'" without FIN.
std::vector<std::string> describe(std::string_view bytes);

// `size` bytes with no period that a buffer could hide in; ASCII.
std::string filling(std::size_t size, unsigned seed = 1);

// How bytes are cut before they are handed in.
using Cuts = std::vector<std::string_view>;
Cuts cut_every(std::string_view bytes, std::size_t size);
Cuts cut_at_random(std::string_view bytes, unsigned seed);
// Whole, byte by byte, in small pieces and at random; says which one it was when something fails.
void in_every_cut(std::string_view bytes, const std::function<void(const Cuts&)>& run);

}  // namespace wire
