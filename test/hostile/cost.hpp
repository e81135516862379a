// Visits by another process, and what they cost it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hostile/visit.hpp"

namespace hostile {

struct Cost {
  std::uint64_t messages = 0;  ///< on the hostile connection
  std::uint64_t bytes = 0;     ///< of those messages
  unsigned code = 0;           ///< CloseInfo's
  int errc = 0;                ///< of the only error; 0 without
  std::uint64_t resident = 0;  ///< bytes by which the most memory held at once grew
  double seconds = 0;          ///< of processor time
};

/// Lets a visitor of its own visit that server. Throws when the visitor crashed, when the hostile
/// connection did not end exactly once with at most one error, or when the connection before or
/// after it was none of a welcoming server.
Cost visit_apart(Face face, const std::string& url, const std::vector<std::string>& settings = {});

/// That many bytes, or what a sanitizer makes of them.
std::uint64_t resident_bound(std::uint64_t bytes);

/// Whether four times as much costs about four times as much processor time: far from sixteen times
/// as much. Of several rounds, the median of once, which may be so little that one measurement says
/// nothing, and the best of four times.
struct Growth {
  double once = 0;
  double four_times = 0;
  bool is_linear() const { return four_times < 8 * once; }
};
Growth measure_growth(const std::function<double(std::size_t factor)>& seconds);

}  // namespace hostile
