// What this process holds: threads, descriptors, memory.
#pragma once

#include <cstddef>

namespace faults {

struct Figures {
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  std::size_t memory = 0;  ///< bytes allocated and not freed
};

Figures figures_now();

}  // namespace faults
