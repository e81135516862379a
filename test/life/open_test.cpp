// Every operation while a connection is open, also one that is stuck.
#include <doctest/doctest.h>

#include "life/cell.hpp"

using life::Situation;

namespace {

[[maybe_unused]] const bool cells =
    life::add_cells("life while a connection is open", __FILE__, __LINE__,
                    {Situation::open, Situation::half_a_frame, Situation::half_a_message,
                     Situation::write_blocked});

}  // namespace
