// Masking: RFC 6455 5.3. Where the keys come from: mask_keys.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace websocket::protocol {

using MaskKey = std::array<unsigned char, 4>;

// Masks (or unmasks, which is the same) while copying; `to` may be `from`. `offset` says how many
// bytes of the frame's payload came before these.
void mask_copy(char* to, const char* from, std::size_t size, MaskKey key,
               std::size_t offset = 0) noexcept;

}  // namespace websocket::protocol
