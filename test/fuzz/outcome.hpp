// What came of a stream of frames, as the library and the reference reader both tell it, so that
// the two can be held against one another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/close.hpp>
#include <websocket/options.hpp>

#include "fuzz/input.hpp"
#include "protocol/deflate.hpp"

namespace fuzz {

struct Told {
  enum class Kind : std::uint8_t { message, fragment, ping, pong, closing };

  Kind kind;
  unsigned opcode = 0;  // of messages and fragments
  bool fin = true;
  std::string data = {};

  bool operator==(const Told&) const = default;
};

struct SentFrame {
  unsigned opcode;
  std::string payload;
  bool fin = true;
  unsigned reserved = 0;

  bool operator==(const SentFrame&) const = default;
};

struct Outcome {
  std::vector<Told> told;
  std::vector<SentFrame> sent;
  std::uint16_t close_code = 1006;
  std::string close_reason = {};
  bool clean = false;
  bool by_peer = false;
  bool failed = false;

  bool operator==(const Outcome&) const = default;
};

// How a connection is set up.
struct Settings {
  websocket::Limits limits = {};
  bool check_utf8 = true;
  bool fragments_wanted = false;
  // close(1000) is called when that many bytes of the stream have been looked at.
  std::optional<std::size_t> close_at = {};
  // permessage-deflate was agreed on.
  std::optional<websocket::protocol::DeflateAgreement> deflate = {};
};

// Settings as three bytes: flags (1: fragments wanted, 2: UTF-8 is not checked), the square root of
// the longest message, the most fragments; 255 for the defaults of both.
Settings take_settings(Input& input);

// Both in words, to standard error, and abort() when they differ.
void require_same(const Outcome& got, const Outcome& expected, const char* sentence);

// RFC 6455 5.2 and 5.3: the frames a client sent. Aborts where they are none.
std::vector<SentFrame> read_sent(std::string_view bytes);

}  // namespace fuzz
