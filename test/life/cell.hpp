// One cell of the matrix: an operation in a situation, by one thread or by two at once.
#pragma once

#include <initializer_list>

#include "life/outcomes.hpp"

namespace life {

/// From where an operation is done; handlers have tables of their own.
enum class From : std::uint8_t { main_thread, another_thread, two_threads };
const char* name_of(From from);

/// Every operation there, from everywhere, on every ground: a doctest case each.
bool add_cells(const char* suite, const char* file, unsigned line,
               std::initializer_list<Situation> situations);

/// Each two operations at once there.
bool add_pairs(const char* suite, const char* file, unsigned line,
               std::initializer_list<Situation> situations);

}  // namespace life
