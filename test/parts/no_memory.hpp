// A system without memory: programs that are linked with no_memory.cpp reallocate through it, as
// base::Buffer does.
#pragma once

#include <cstddef>

namespace parts {

/// While one lives, the thread that made it gets no memory for a Buffer, but for the first `after` times.
class NoMemory {
 public:
  explicit NoMemory(int after = 0);
  ~NoMemory();
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

/// While one lives, the thread that made it gets no more than that for a Buffer, and counts what it got.
class LittleMemory {
 public:
  explicit LittleMemory(std::size_t most);
  ~LittleMemory();
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;

  static int times_given();
};

}  // namespace parts
