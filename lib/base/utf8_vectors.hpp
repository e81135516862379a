// Checking UTF-8 sixteen bytes at a time, where the machine can: utf8_vectors_ssse3.cpp, or where there
// is no such thing utf8_vectors_absent.cpp in its place.
#pragma once

#include <string_view>

namespace websocket::base {

// Whether the processor that this runs on can.
bool has_utf8_vectors() noexcept;
// For a text that is there whole.
bool is_utf8_by_vectors(std::string_view text) noexcept;

}  // namespace websocket::base
