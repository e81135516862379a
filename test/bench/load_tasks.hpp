// One connection of the load server, from the first byte to the last.
#pragma once

#include "stream.hpp"

namespace bench {

void serve(Stream& stream);

}  // namespace bench
