// Every operation while a connection is being closed, and when the run is over.
#include <doctest/doctest.h>

#include "life/cell.hpp"

using life::Situation;

namespace {

[[maybe_unused]] const bool cells =
    life::add_cells("life at the end", __FILE__, __LINE__,
                    {Situation::closing, Situation::closed_by_server, Situation::closed});

}  // namespace
