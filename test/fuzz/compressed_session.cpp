#include "fuzz/compressed_session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <zlib.h>

#include "fuzz/fillings.hpp"
#include "fuzz/require.hpp"

namespace fuzz {
namespace {

constexpr std::size_t most_messages = 16;
constexpr std::size_t longest = std::size_t{64} << 10U;

CompressedMessage read_message(Input& input) {
  CompressedMessage message;
  const unsigned flags = input.take_byte();
  message.text = (flags & 1U) != 0;
  message.compressed = (flags & 2U) == 0;
  message.ending = static_cast<Ending>(flags >> 2U & 3U);
  message.fragments = 1 + (flags >> 4U & 3U);
  message.pinged = (flags & 64U) != 0;
  message.refused = (flags & 128U) != 0;
  const unsigned how = input.take_byte();
  message.level = static_cast<int>(how % 16 % 10);
  message.strategy = static_cast<int>(how / 16 % 5);
  message.filling = static_cast<Filling>(input.take_byte() % fillings);
  message.size = input.take_number(2);
  if (message.filling == Filling::literal || message.filling == Filling::foreign) {
    message.literal = input.take_bytes(input.take_byte());
  }
  return message;
}

websocket::protocol::DeflateSide read_side(Input& input) {
  const unsigned byte = input.take_byte();
  return {(byte & 8U) != 0, 15 - static_cast<int>(byte & 7U)};
}

std::string fill(const CompressedMessage& message, const std::string& before) {
  constexpr std::size_t short_enough = 2000;  // what compresses badly
  const std::size_t size = std::min(message.size, longest);
  switch (message.filling) {
    case Filling::literal:
    case Filling::foreign:
      break;
    case Filling::ascii:
      return ascii(std::min(size, short_enough));
    case Filling::characters:
      return characters(std::min(size, short_enough), false);
    case Filling::noise:
      return noise(std::min(size, short_enough));
    case Filling::run:
      return std::string(std::min(size * 8, longest), 'r');
    case Filling::echo:
      return before.substr(before.size() - std::min(before.size(), size));
  }
  return message.literal;
}

// The server's compressor: one stream of zlib's for all messages, as RFC 7692 7.2.1 has it.
class Compressor {
 public:
  Compressor(const websocket::protocol::DeflateSide& side, int memory_level) : side_(side) {
    // zlib does not compress raw with a window of 256 bytes; with 512 it looks back 250 at most.
    const int bits = std::max(side.max_window_bits, 9);
    require(deflateInit2(&z_, 6, Z_DEFLATED, -bits, memory_level, Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib compresses");
  }
  ~Compressor() { deflateEnd(&z_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  std::string compress(const CompressedMessage& message, const std::string& text,
                       const std::string& before) {
    std::string made;
    change(message, made);
    const std::size_t half = message.ending == Ending::flushed_within ? text.size() / 2 : 0;
    if (half > 0) run(std::string_view(text).substr(0, half), Z_FULL_FLUSH, made);
    const std::string_view rest = std::string_view(text).substr(half);
    if (message.ending == Ending::final_block) {
      run(rest, Z_FINISH, made);
      made += '\0';  // 7.2.3.4: behind it an empty block, that is its first byte
      begin_again(before + text);
    } else {
      run(rest, Z_SYNC_FLUSH, made);
      constexpr std::string_view tail("\x00\x00\xff\xff", 4);
      // Nothing comes of flushing twice.
      if (std::string_view(made).ends_with(tail)) made.resize(made.size() - tail.size());
    }
    if (made.empty()) made += '\0';  // 7.2.3.6
    if (side_.no_context_takeover) deflateReset(&z_);
    return made;
  }

 private:
  void run(std::string_view text, int flush, std::string& to) {
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z_.avail_in = static_cast<uInt>(text.size());
    drain(to, [&] { return deflate(&z_, flush); });
  }
  void change(const CompressedMessage& message, std::string& to) {
    z_.next_in = nullptr;
    z_.avail_in = 0;
    const int level = message.ending == Ending::stored_block ? 0 : message.level;
    drain(to, [&] { return deflateParams(&z_, level, message.strategy); });
  }
  template <class Call>
  void drain(std::string& to, Call call) {
    do {
      std::string room(4096, '\0');
      z_.next_out = reinterpret_cast<Bytef*>(room.data());
      z_.avail_out = static_cast<uInt>(room.size());
      const int result = call();
      require(result != Z_STREAM_ERROR, "zlib compresses");
      to.append(room, 0, room.size() - z_.avail_out);
    } while (z_.avail_out == 0);
  }
  // Behind a final block zlib begins anew; the window may stay.
  void begin_again(const std::string& text) {
    deflateReset(&z_);
    if (side_.no_context_takeover) return;
    const std::size_t window = std::size_t{1} << side_.max_window_bits;
    const std::string_view last =
        std::string_view(text).substr(text.size() - std::min(text.size(), window));
    deflateSetDictionary(&z_, reinterpret_cast<const Bytef*>(last.data()),
                         static_cast<uInt>(last.size()));
  }

  const websocket::protocol::DeflateSide side_;
  z_stream z_{};
};

void append_frame(std::string& to, unsigned start, std::string_view payload) {
  const std::size_t size = payload.size();
  const unsigned bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  to += static_cast<char>(static_cast<unsigned char>(start));
  to += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (unsigned i = bytes; i > 0; --i) to += static_cast<char>(size >> (8 * (i - 1)) & 255U);
  to += payload;
}

// RFC 7692 6.1
void append_message(CompressedStream& stream, const CompressedMessage& message,
                    std::string_view payload) {
  for (unsigned i = 0; i < message.fragments; ++i) {
    const bool last = i + 1 == message.fragments;
    const std::string_view piece =
        payload.substr(0, last ? payload.size() : payload.size() / (message.fragments - i));
    payload.remove_prefix(piece.size());
    const unsigned opcode = i > 0 ? 0 : message.text ? 1 : 2;
    const unsigned rsv1 = i == 0 && message.compressed ? 0x40 : 0;
    append_frame(stream.bytes, (last ? 0x80U : 0U) | rsv1 | opcode, piece);
    if (message.pinged && !last) {
      append_frame(stream.bytes, 0x89, "ping");
      stream.said.push_back({Told::Kind::ping, 0, true, "ping"});
    }
  }
}

void damage(CompressedStream& stream, const std::vector<Damage>& damages) {
  for (const Damage& one : damages) {
    if (one.at >= stream.bytes.size()) continue;
    stream.valid = false;
    if (one.by == 0) {
      stream.bytes.erase(one.at, 1);
    } else {
      stream.bytes[one.at] =
          static_cast<char>(static_cast<unsigned char>(stream.bytes[one.at]) ^ one.by);
    }
  }
}

}  // namespace

CompressedSession read_compressed_session(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  CompressedSession session;
  session.settings = take_settings(input);
  auto& agreement = session.settings.deflate.emplace();
  agreement.server = read_side(input);
  agreement.client = read_side(input);
  agreement.threshold = input.take_byte();
  const unsigned way = input.take_byte();
  agreement.level = static_cast<int>(way % 16 % 10);
  session.behind_head = (way & 16U) != 0;
  session.resting = (way & 32U) != 0;
  session.memory_level = 1 + static_cast<int>(way / 64);
  session.cuts = take_cuts(input);
  for (unsigned count = input.take_byte() % 8; count > 0; --count) {
    const std::size_t at = input.take_number(2);
    session.damages.push_back({at, input.take_byte()});
  }
  while (!input.empty() && session.messages.size() < most_messages) {
    session.messages.push_back(read_message(input));
  }
  return session;
}

CompressedStream make_stream(const CompressedSession& session) {
  CompressedStream stream;
  Compressor compressor(session.settings.deflate->server, session.memory_level);
  std::string before;
  for (const CompressedMessage& message : session.messages) {
    const std::string text = fill(message, before);
    const bool foreign = message.filling == Filling::foreign;
    // What the compressor has not seen it can't refer to later.
    if (foreign && message.compressed) stream.valid = false;
    const bool compresses = message.compressed && !foreign;
    append_message(stream, message, compresses ? compressor.compress(message, text, before) : text);
    stream.said.push_back({Told::Kind::message, message.text ? 1U : 2U, true, text});
    if (compresses) before += text;
  }
  damage(stream, session.damages);
  return stream;
}

}  // namespace fuzz
