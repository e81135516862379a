// The library's client listening to a stream of frames: as a bare connection, or with the opening
// handshake in front of it. What it is handed lies in memory of just that size, and is overwritten
// once it was looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/input.hpp"
#include "fuzz/outcome.hpp"

namespace fuzz {

enum class Drain : std::uint8_t {
  at_once,  // what it wants to send leaves after every event: every ping has its pong
  late      // the socket is stuck until the end
};

struct Manner {
  Cuts cuts = whole;
  bool behind_head = false;
  Drain drain = Drain::at_once;
  // Messages are wanted in pieces, whatever the settings say.
  bool in_pieces = false;
  // They are wanted whole, in fragments and in pieces by turns, whatever the settings say.
  bool changing_its_mind = false;
  // Gives back the memory it can do without after every piece.
  bool resting = false;
  // Asks for plain messages first.
  bool taking_the_short_way = false;
  bool taking_strings = false;  // of messages that were kept
};

// Aborts where what is told or sent is in itself wrong.
Outcome listen(const Settings& settings, std::string_view stream, const Manner& manner);

// Fragments and pieces put together to messages; those of a message that did not end are left out.
Outcome put_together(Outcome outcome);

// Whether a client whose socket was stuck sent what it had to: pongs may be left out, but the last.
void require_late(const Outcome& late, const Outcome& at_once);

}  // namespace fuzz
