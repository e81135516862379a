// Frames as a server may send them, right or wrong, written down from RFC 6455 5.2's figure. Knows
// nothing of the library.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace conformance {

std::string raw(std::initializer_list<unsigned> bytes);
/// Big-endian, in that many bytes.
std::string number(std::uint64_t value, unsigned size);

/// The first byte is FIN, RSV and opcode as they stand on the wire; the length has the fewest bytes.
std::string frame(unsigned first, std::string_view payload = {});
/// The same with the length in 16 or 64 bits whatever it is, and whatever follows.
std::string frame16(unsigned first, std::uint64_t length, std::string_view payload = {});
std::string frame64(unsigned first, std::uint64_t length, std::string_view payload = {});
std::string masked_frame(unsigned first, std::uint32_t key, std::string_view payload = {});

std::string close_payload(std::uint16_t code, std::string_view reason = {});
/// A Close frame with a body; `frame(0x88)` is one without.
std::string close_frame(std::uint16_t code, std::string_view reason = {});

/// "E2 82 AC"
std::string hex(std::string_view bytes);

}  // namespace conformance
