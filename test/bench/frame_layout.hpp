// Frames as RFC 6455 5.2 lays them out, as far as lengths and headers go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

enum class Kind : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

constexpr std::size_t length_field(std::size_t size) {
  return size < 126 ? 0 : size < 65536 ? 2 : 8;
}
/// A frame with a payload of that size: a client's has four bytes more, the mask's key.
constexpr std::size_t server_frame_size(std::size_t size) { return 2 + length_field(size) + size; }
constexpr std::size_t client_frame_size(std::size_t size) { return server_frame_size(size) + 4; }

/// The header of a server's frame; `first` is its first byte: FIN, RSV1-3 and the opcode.
inline std::string server_header(unsigned char first, std::size_t size) {
  std::string bytes(1, static_cast<char>(first));
  const std::size_t extended = length_field(size);
  bytes += static_cast<char>(extended == 0 ? size : extended == 2 ? 126 : 127);
  for (std::size_t i = extended; i > 0; --i) bytes += static_cast<char>(size >> (8 * (i - 1)));
  return bytes;
}

}  // namespace bench
