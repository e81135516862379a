// A compressed message, RFC 7692 7.2.2, inflated byte by byte by zlib alone, and from nothing but
// the text that went before it: plain, slow, and apart from the library's way of going on with one
// stream.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct Inflated {
  std::string text;
  // How much of the text was there after each byte of what was given; ends where that could not be
  // inflated.
  std::vector<std::size_t> made_after;
  bool invalid = false;  // it could not be inflated to its end
  // What the tail adds, which every message goes without; and whether it ends with a whole block
  // then.
  std::string tail_text;
  bool complete = false;
};

// `before`: the text of all earlier messages; it may refer to as much of it as the window holds.
Inflated inflate_plainly(std::string_view compressed, std::string_view before, int window_bits);

}  // namespace fuzz
