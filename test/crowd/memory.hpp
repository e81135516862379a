// How much memory this process holds: as the kernel counts it, and as malloc does (glibc).
#pragma once

#include <malloc.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace crowd {

struct Memory {
  double resident = 0;  ///< KiB, VmRSS
  double in_use = 0;    ///< KiB that malloc has given out
};

inline Memory memory_now() {
  Memory memory;
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    status >> memory.resident;
    break;
  }
  const struct mallinfo2 info = ::mallinfo2();  // of all arenas
  memory.in_use = static_cast<double>(info.uordblks + info.hblkhd) / 1024;
  return memory;
}

inline Memory slope(const Memory& few, const Memory& many, std::size_t between) {
  const auto count = static_cast<double>(between);
  return {(many.resident - few.resident) / count, (many.in_use - few.in_use) / count};
}

}  // namespace crowd
