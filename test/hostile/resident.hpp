// How much memory a process really holds, as the kernel counts it (Linux: proc(5), VmHWM).
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace hostile {

/// The most bytes that were resident at once since the process began; 0 where that is not told.
inline std::uint64_t peak_resident() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    std::uint64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

// What a sanitizer makes of a byte, and what it takes for itself as it goes: shadows, and what was
// freed and is not given out again yet.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t resident_factor = 12;
inline constexpr std::uint64_t resident_extra = std::uint64_t{128} << 20U;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t resident_factor = 4;
inline constexpr std::uint64_t resident_extra = std::uint64_t{32} << 20U;
#else
inline constexpr std::uint64_t resident_factor = 1;
inline constexpr std::uint64_t resident_extra = 0;
#endif

}  // namespace hostile
