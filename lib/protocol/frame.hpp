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

// What makes the header wrong by itself, whatever came before it. `sender` is who sent it;
// `defined_reserved` are the reserved bits that extensions agreed on give a meaning to.
std::optional<base::Failure> check_header(const FrameHeader& header, Role sender,
                                          std::uint8_t defined_reserved = 0);

// Appends a whole frame. With keys it is masked in the same pass that copies it.
void append_frame(base::Buffer& to, bool fin, Opcode opcode, std::string_view payload,
                  MaskKeys* keys, std::uint8_t reserved = 0);

// How long that frame will be.
std::size_t frame_size(std::size_t payload_size, bool masked) noexcept;

}  // namespace websocket::protocol
