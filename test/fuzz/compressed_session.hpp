// A compact description of messages that a server compresses, or not, as permessage-deflate lets
// it, and of what happens to the bytes on their way. Any bytes are a description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/outcome.hpp"

namespace fuzz {

enum class Filling : std::uint8_t {
  literal,  // as it stands in the description
  ascii,
  characters,  // of UTF-8
  noise,
  run,      // of one byte, eight times as long as is said
  echo,     // what was said before, over again
  foreign,  // what the description says is the compressed payload
};
inline constexpr unsigned fillings = 7;

enum class Ending : std::uint8_t {
  flushed,         // RFC 7692 7.2.1
  final_block,     // 7.2.3.4: BFINAL, and an empty block behind it
  flushed_within,  // with an empty block in the middle of the message as well
  stored_block     // 7.2.3.3: without compression
};

// Its bytes: text, uncompressed, ending (2 bits), fragments less 1 (2 bits), a ping between them,
// refused; level and strategy; filling; size (2 bytes); of literal and foreign ones the literal,
// its size before it.
struct CompressedMessage {
  bool text = false;
  bool compressed = true;
  Ending ending = Ending::flushed;
  unsigned fragments = 1;
  bool pinged = false;
  bool refused = false;  // the client compresses it as well, and then does not send it
  int level = 6;
  int strategy = 0;
  Filling filling = Filling::literal;
  std::size_t size = 0;
  std::string literal;
};

struct Damage {
  std::size_t at;  // byte of the stream
  unsigned by;     // what it is changed by; 0: it is lost
};

struct CompressedSession {
  // As take_settings() reads them, then a byte for each side's window and context, the threshold.
  Settings settings;
  bool behind_head = false;
  bool resting = false;
  int memory_level = 1;
  Cuts cuts;
  std::vector<Damage> damages;
  std::vector<CompressedMessage> messages;
};

CompressedSession read_compressed_session(const std::uint8_t* data, std::size_t size);

struct CompressedStream {
  std::string bytes;
  std::vector<Told> said;  // the messages and pings
  bool valid = true;       // as far as the server knows: undamaged, and nothing foreign in it
};
CompressedStream make_stream(const CompressedSession& session);

}  // namespace fuzz
