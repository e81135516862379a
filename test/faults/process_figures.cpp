// Linux's /proc, and what the allocator knows: glibc's, or the sanitizer's that takes its place.
#include "process_figures.hpp"

#include <malloc.h>

#include <filesystem>
#include <iterator>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAULTS_SANITIZER_ALLOCATES
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAULTS_SANITIZER_ALLOCATES
#endif
#endif

#ifdef FAULTS_SANITIZER_ALLOCATES
// Not every compiler brings the header with it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace faults {
namespace {

std::size_t entries(const char* directory) {
  const std::filesystem::directory_iterator all(directory);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t allocated() {
#ifdef FAULTS_SANITIZER_ALLOCATES
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
#endif
}

}  // namespace

Figures figures_now() {
  // One descriptor is the directory's own.
  return {entries("/proc/self/task"), entries("/proc/self/fd") - 1, allocated()};
}

}  // namespace faults
