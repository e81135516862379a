// A system without memory: programs that are linked with no_memory.cpp reallocate through it, as
// base::Buffer does.
#pragma once

namespace parts {

/// While one lives, the thread that made it gets no memory for a Buffer, but for the first `after` times.
class NoMemory {
 public:
  explicit NoMemory(int after = 0);
  ~NoMemory();
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
};

}  // namespace parts
