// Compressed messages put together bit by bit, RFC 1951 and RFC 7692 7.2, without zlib: what a hostile
// server would send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hostile {

/// The line with which a server agrees to permessage-deflate.
std::string deflate_line(std::string_view parameters = {});

/// A frame with RSV1: the first one of a compressed message.
std::string compressed_frame(bool fin, std::uint8_t opcode, std::string_view payload);

/// That many matches of 258 bytes and one byte before them, all zeros: four matches in a byte, so a
/// thousandth of its size.
std::string bomb(std::size_t matches);
constexpr std::size_t inflated_size(std::size_t matches) { return 1 + 258 * matches; }

/// RFC 7692 7.2.3.1: "Hello".
inline constexpr std::string_view deflated_hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);

/// Counts the running case as skipped when the library was built without permessage-deflate.
bool skip_without_deflate();

}  // namespace hostile
