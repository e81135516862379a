// A compact description of what a server sends, which the structure-aware target and its mutator
// share: settings, then frame after frame with all that may be right or wrong about one. Any bytes
// are a description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/listener.hpp"
#include "fuzz/outcome.hpp"

namespace fuzz {

enum class LengthForm : std::uint8_t { fewest, sixteen_bits, sixty_four_bits, lie };

enum class Payload : std::uint8_t {
  literal,     // as it stands in the description
  ascii,       // filling of `size` bytes, as are the next ones
  characters,  // of one to four bytes in UTF-8
  cut_off,     // the same, ending within a character unless `size` is 0
  noise,       // any bytes
  close        // of a Close frame: a code, which is `size`, and a reason
};
inline constexpr unsigned payload_kinds = 6;

// Its bytes: FIN, RSV and opcode as on the wire; length form (2 bits), payload kind (3 bits),
// longer than 16 bits can say, masked; then size (2 bytes), the lie (8 bytes), the literal or
// reason (its size in one byte before it).
struct SessionFrame {
  unsigned start = 0x81;
  LengthForm length = LengthForm::fewest;
  Payload payload = Payload::literal;
  bool long_payload = false;  // 65,280 bytes more than `size`
  bool masked = false;
  std::uint16_t size = 0;
  std::uint64_t lie = 0;
  std::string literal = {};
};

struct Session {
  // As bytes: what take_settings() reads.
  std::uint8_t flags = 0;
  std::uint8_t max_message_root = 255;
  std::uint8_t max_fragments = 255;
  std::uint8_t way = 0;  // how it is listened to: behind the handshake (1), with a stuck socket (2)
  std::uint8_t pieces = 0;    // as take_cuts() reads one byte, up to 63
  std::uint8_t close_at = 0;  // close() before that frame, counted from 1; 0 for never
  std::uint8_t missing = 0;   // bytes that are cut off the stream's end
  std::vector<SessionFrame> frames = {};
};

Session read_session(const std::uint8_t* data, std::size_t size);
std::vector<std::uint8_t> write_session(const Session& session);

std::string payload_of(const SessionFrame& frame);

// What it is as bytes on the wire, and where its frames begin.
struct Stream {
  std::string bytes;
  std::vector<std::size_t> begins;
};
Stream make_stream(const Session& session);

Settings settings_of(const Session& session, const Stream& stream);

}  // namespace fuzz
