// Two threads that do different things with an app at once.
#include <doctest/doctest.h>

#include "life/cell.hpp"

using life::Situation;

namespace {

[[maybe_unused]] const bool pairs =
    life::add_pairs("life with two threads at once", __FILE__, __LINE__,
                    {Situation::idle, Situation::resolving, Situation::connecting, Situation::tls,
                     Situation::handshake, Situation::open, Situation::half_a_frame,
                     Situation::half_a_message, Situation::write_blocked, Situation::closing,
                     Situation::closed_by_server, Situation::waiting, Situation::closed});

}  // namespace
