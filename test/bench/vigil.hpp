// Not to fall asleep at once. Who sends to a thread that sleeps has it woken, and that takes the sender's
// time: in a virtual machine, where the sleeper's core has gone away, more of it than the sending does. Then a
// measurement shows how often the server slept, which differs from run to run, and hides what it was for. So
// where the server has a core to itself it looks for a while whether something comes before it sleeps.
#pragma once

#include <chrono>

namespace bench {

/// Of every thread, and before there is one. Without it nobody keeps awake.
void keep_awake(std::chrono::microseconds how_long);
bool keeps_awake();

/// Returns when there is something to read from the socket, or has not been for that long.
void watch_for_input(int socket);

/// How much processor time all threads together spent on watching while nothing came.
std::chrono::nanoseconds watched_in_vain();

}  // namespace bench
