// One frame's header, RFC 6455 5.2, and putting a whole frame together. Which frames may follow one
// another is message_reader's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <websocket/message.hpp>

#include "base/buffer.hpp"
#include "base/failure.hpp"
#include "protocol/mask.hpp"
#include "protocol/mask_keys.hpp"

namespace websocket::protocol {

enum class Role : std::uint8_t { client, server };

inline constexpr std::size_t max_header_size = 14;
// RFC 6455 5.5: "All control frames MUST have a payload length of 125 bytes or less".
inline constexpr std::size_t max_control_payload = 125;

// The "Per-Message Compressed" bit among FrameHeader::reserved: RFC 7692 6.
inline constexpr std::uint8_t rsv1 = 4;

struct FrameHeader {
  std::uint64_t length = 0;  // of the payload
  Opcode opcode = Opcode::continuation;
  std::uint8_t reserved = 0;  // RSV1 is 4, RSV2 is 2, RSV3 is 1
  std::uint8_t size = 0;      // of the header
  bool fin = false;
  bool masked = false;
  MaskKey key = {};
};

inline bool is_control(Opcode opcode) noexcept { return (static_cast<unsigned>(opcode) & 8U) != 0; }

// Nothing when more bytes are needed. Judges nothing.
std::optional<FrameHeader> decode_header(std::string_view bytes) noexcept;

// The header that most messages of a server come with: of text or binary, in one frame, with nothing
// set that an extension would have to explain, the length in 7 or 16 bits.
struct PlainHeader {
  Opcode opcode = Opcode::continuation;
  unsigned size = 0;  // of the header; 0: it is another one, or incomplete
  unsigned length = 0;

  explicit operator bool() const noexcept { return size > 0; }
};
// Such a one has nothing that check_header() could find wrong.
inline PlainHeader decode_plain_header(std::string_view bytes) noexcept {
  if (bytes.size() < 2) return {};
  const auto byte = [&](std::size_t at) -> unsigned {
    return static_cast<unsigned char>(bytes[at]);
  };
  constexpr unsigned fin_text = 0x81;
  constexpr unsigned fin_binary = 0x82;
  if (byte(0) != fin_text && byte(0) != fin_binary) return {};
  const auto opcode = static_cast<Opcode>(byte(0) & 15U);
  if (byte(1) <= 125) return {opcode, 2, byte(1)};
  if (byte(1) != 126 || bytes.size() < 4) return {};
  const unsigned length = byte(2) << 8U | byte(3);
  if (length <= 125) return {};
  return {opcode, 4, length};
}

// Two looks at a frame's first bytes, for who walks over many: whether a message ends with it, and its
// whole size where the length has 7 bits.
inline bool ends_message(char first) noexcept {
  return (static_cast<unsigned char>(first) & 0x88U) == 0x80U;  // FIN, and no control frame
}
inline std::optional<std::size_t> short_frame_size(std::string_view frame) noexcept {
  const unsigned second = static_cast<unsigned char>(frame[1]);
  const unsigned length = second & 127U;
  if (length > 125) return std::nullopt;
  return 2 + ((second & 128U) != 0 ? 4 : 0) + length;
}

// What makes the header wrong by itself, whatever came before it. `sender` is who sent it;
// `defined_reserved` are the reserved bits that extensions agreed on give a meaning to.
std::optional<base::Failure> check_header(const FrameHeader& header, Role sender,
                                          std::uint8_t defined_reserved = 0);

// RFC 6455 5.2: how many bytes behind the header's first two tell a payload's length.
inline unsigned length_field_size(std::uint64_t length) noexcept {
  if (length <= 125) return 0;
  return length <= 0xffff ? 2 : 8;
}

// How long a frame is, of as few bytes as it may be.
inline std::size_t frame_size(std::size_t payload_size, bool masked) noexcept {
  return 2 + length_field_size(payload_size) + (masked ? 4 : 0) + payload_size;
}

// A frame's first byte.
constexpr unsigned char first_byte(bool fin, Opcode opcode, std::uint8_t reserved = 0) noexcept {
  return static_cast<unsigned char>((fin ? 0x80U : 0U) | unsigned{reserved} << 4U |
                                    static_cast<unsigned>(opcode));
}

// Appends a whole frame, and tells its size. With keys it is masked in the same pass that copies it.
std::size_t append_frame(base::Buffer& to, unsigned char first, std::string_view payload,
                         MaskKeys* keys);
inline std::size_t append_frame(base::Buffer& to, bool fin, Opcode opcode, std::string_view payload,
                                MaskKeys* keys, std::uint8_t reserved = 0) {
  return append_frame(to, first_byte(fin, opcode, reserved), payload, keys);
}

}  // namespace websocket::protocol
