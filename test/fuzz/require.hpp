// How a fuzzer says that something does not hold: a sentence on standard error, then abort(), which
// libFuzzer and the replay both take for a finding. Not assert(): the sentence has to be there in
// every build.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fuzz {

inline void require(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", sentence);
  std::abort();
}

}  // namespace fuzz
