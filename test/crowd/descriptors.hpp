// How many descriptors a process may have, and how many it has (Linux: /proc).
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>

namespace crowd {

/// Asks for room for that many; how many there may be now.
inline std::size_t allow_descriptors(std::size_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit before = limit;
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, wanted);
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  // Only root may go beyond the hard limit: then up to that.
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    limit = {std::min<rlim_t>(before.rlim_max, wanted), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  // One of them is the iterator's own.
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries))) - 1;
}

}  // namespace crowd
