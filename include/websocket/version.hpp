// The version of these headers. The library and its soname follow semantic versioning.
#pragma once

namespace websocket {

/// Major, minor and patch number of these headers.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

}  // namespace websocket
