#include "parts/compressing_hook.hpp"

#include <zlib.h>

namespace {

thread_local std::function<void()> hook;

}  // namespace

namespace parts {

void before_compressing(std::function<void()> next) { hook = std::move(next); }

}  // namespace parts

// The linker's --wrap=deflate.
extern "C" int __real_deflate(z_streamp stream, int flush);   // NOLINT
extern "C" int __wrap_deflate(z_streamp stream, int flush) {  // NOLINT
  if (const auto now = std::exchange(hook, nullptr)) now();
  return __real_deflate(stream, flush);
}
