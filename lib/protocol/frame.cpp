#include "protocol/frame.hpp"

#include <cstring>
#include <string>

namespace websocket::protocol {
namespace {

constexpr unsigned fin_bit = 0x80;
constexpr unsigned mask_bit = 0x80;

unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint64_t load_big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

char* store_big_endian(char* to, std::uint64_t value, unsigned size) noexcept {
  for (unsigned shift = size * 8; shift > 0; shift -= 8)
    *to++ = static_cast<char>(value >> (shift - 8));
  return to;
}

// In the fewest bytes, as 5.2 says.
char* store_length(char* to, std::uint64_t length, unsigned mask) noexcept {
  const unsigned more = length_field_size(length);
  const unsigned in_short = more == 0 ? static_cast<unsigned>(length) : more == 2 ? 126U : 127U;
  *to++ = static_cast<char>(mask | in_short);
  return store_big_endian(to, length, more);
}

bool is_defined(Opcode opcode) noexcept {
  switch (opcode) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary:
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      return true;
  }
  return false;
}

base::Failure failure(Errc code, std::string message) { return {code, std::move(message), {}}; }

}  // namespace

std::optional<FrameHeader> decode_header(std::string_view bytes) noexcept {
  if (bytes.size() < 2) return std::nullopt;
  const unsigned first = byte_at(bytes, 0);
  const unsigned second = byte_at(bytes, 1);

  FrameHeader header;
  header.fin = (first & fin_bit) != 0;
  header.reserved = static_cast<std::uint8_t>((first >> 4U) & 7U);
  header.opcode = static_cast<Opcode>(first & 15U);
  header.masked = (second & mask_bit) != 0;

  const unsigned short_length = second & 127U;
  const unsigned extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  const unsigned size = 2 + extended + (header.masked ? 4 : 0);
  if (bytes.size() < size) return std::nullopt;

  header.size = static_cast<std::uint8_t>(size);
  header.length = extended == 0 ? short_length : load_big_endian(bytes.substr(2, extended));
  if (header.masked) std::memcpy(header.key.data(), bytes.data() + 2 + extended, 4);
  return header;
}

std::optional<base::Failure> check_header(const FrameHeader& header, Role sender,
                                          std::uint8_t defined_reserved) {
  // RFC 6455 5.2: "If a nonzero value is received and none of the negotiated extensions defines the
  // meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_."
  if ((header.reserved & ~unsigned{defined_reserved}) != 0) {
    return failure(Errc::reserved_bits, "a frame has reserved bits set (RSV " +
                                            std::to_string(header.reserved) +
                                            "), which no extension agreed on defines");
  }
  // RFC 7692 6.1: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and
  // non-first fragments of a data message. An endpoint receiving such a frame MUST _Fail the
  // WebSocket Connection_."
  if ((header.reserved & rsv1) != 0 &&
      (is_control(header.opcode) || header.opcode == Opcode::continuation)) {
    return failure(Errc::reserved_bits,
                   is_control(header.opcode)
                       ? "a control frame is marked as compressed (RSV1)"
                       : "a continuation frame is marked as compressed (RSV1)");
  }
  // RFC 6455 5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
  // Connection_."
  if (!is_defined(header.opcode)) {
    return failure(Errc::reserved_opcode, "a frame has the reserved opcode " +
                                              std::to_string(static_cast<unsigned>(header.opcode)));
  }
  // 5.1: "A client MUST close a connection if it detects a masked frame." And the server an
  // unmasked one.
  if (sender == Role::server && header.masked) {
    return failure(Errc::masked_frame, "the server sent a masked frame");
  }
  if (sender == Role::client && !header.masked) {
    return failure(Errc::unmasked_frame, "the client sent an unmasked frame");
  }
  if (is_control(header.opcode)) {
    // 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
    // fragmented."
    if (!header.fin) return failure(Errc::fragmented_control, "a control frame is fragmented");
    if (header.length > max_control_payload) {
      return failure(Errc::control_too_long, "a control frame announces " +
                                                 std::to_string(header.length) +
                                                 " bytes of payload, more than 125");
    }
  }
  // 5.2: "the most significant bit MUST be 0"
  if (header.length >> 63U != 0) {
    return failure(Errc::length_out_of_range, "a frame's 64-bit length has its first bit set");
  }
  // 5.2: "in all cases, the minimal number of bytes MUST be used to encode the length"
  if (header.size != 2 + length_field_size(header.length) + (header.masked ? 4U : 0U)) {
    return failure(Errc::length_not_minimal, "a frame's length " + std::to_string(header.length) +
                                                 " is not encoded in the fewest bytes");
  }
  return std::nullopt;
}

std::size_t append_frame(base::Buffer& to, unsigned char first, std::string_view payload,
                         MaskKeys* keys) {
  char* const begin = to.prepare(max_header_size + payload.size());
  *begin = static_cast<char>(first);
  char* at = store_length(begin + 1, payload.size(), keys != nullptr ? mask_bit : 0U);
  if (keys != nullptr) {
    // 5.1: "a client MUST mask all frames that it sends to the server"; 5.3: "When preparing a
    // masked frame, the client MUST pick a fresh masking key".
    const MaskKey key = keys->next();
    std::memcpy(at, key.data(), key.size());
    at += key.size();
    mask_copy(at, payload.data(), payload.size(), key);
  } else if (!payload.empty()) {
    std::memcpy(at, payload.data(), payload.size());
  }
  const std::size_t size = static_cast<std::size_t>(at - begin) + payload.size();
  to.commit(size);
  return size;
}

}  // namespace websocket::protocol
