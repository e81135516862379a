// Every operation before a connection is open, and while the app waits for the next attempt.
#include <doctest/doctest.h>

#include "life/cell.hpp"

using life::Situation;

namespace {

[[maybe_unused]] const bool cells =
    life::add_cells("life before a connection is open", __FILE__, __LINE__,
                    {Situation::idle, Situation::resolving, Situation::connecting, Situation::tls,
                     Situation::handshake, Situation::waiting});

}  // namespace
