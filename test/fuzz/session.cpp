#include "fuzz/session.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "fuzz/fillings.hpp"

namespace fuzz {
namespace {

constexpr std::size_t most_frames = 64;
constexpr std::size_t longest_stream = std::size_t{256} << 10U;
constexpr std::size_t longer = 65536 - 256;

SessionFrame read_frame(Input& input) {
  SessionFrame frame;
  frame.start = input.take_byte();
  const unsigned what = input.take_byte();
  frame.length = static_cast<LengthForm>(what & 3U);
  frame.payload = static_cast<Payload>((what >> 2U & 7U) % payload_kinds);
  frame.long_payload = (what & 32U) != 0;
  frame.masked = (what & 64U) != 0;
  frame.size = static_cast<std::uint16_t>(input.take_number(2));
  if (frame.length == LengthForm::lie) frame.lie = input.take_number(8);
  if (frame.payload == Payload::literal || frame.payload == Payload::close) {
    frame.literal = input.take_bytes(input.take_byte());
  }
  return frame;
}

void write_number(std::vector<std::uint8_t>& to, std::uint64_t number, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8U * i)));
}

void write_frame(std::vector<std::uint8_t>& to, const SessionFrame& frame) {
  write_number(to, frame.start, 1);
  write_number(to,
               static_cast<unsigned>(frame.length) | static_cast<unsigned>(frame.payload) << 2U |
                   (frame.long_payload ? 32U : 0U) | (frame.masked ? 64U : 0U),
               1);
  write_number(to, frame.size, 2);
  if (frame.length == LengthForm::lie) write_number(to, frame.lie, 8);
  if (frame.payload == Payload::literal || frame.payload == Payload::close) {
    const std::string_view literal = std::string_view(frame.literal).substr(0, 255);
    write_number(to, literal.size(), 1);
    to.insert(to.end(), literal.begin(), literal.end());
  }
}

void append_big_endian(std::string& to, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) to += static_cast<char>(static_cast<unsigned char>(number >> (8U * bytes)));
}

void append_frame(std::string& to, const SessionFrame& frame) {
  std::string payload = payload_of(frame);
  const unsigned mask = frame.masked ? 128U : 0U;
  const std::uint64_t announced = frame.length == LengthForm::lie ? frame.lie : payload.size();
  // Where it is too long for the form that is wanted the next one is taken.
  unsigned bytes = announced < 126 ? 0 : announced < 65536 ? 2 : 8;
  if (frame.length == LengthForm::sixteen_bits) bytes = std::max(bytes, 2U);
  if (frame.length == LengthForm::sixty_four_bits) bytes = 8;
  to += static_cast<char>(static_cast<unsigned char>(frame.start));
  to += static_cast<char>(
      static_cast<unsigned char>(mask | (bytes == 0   ? static_cast<unsigned>(announced)
                                         : bytes == 2 ? 126U
                                                      : 127U)));
  append_big_endian(to, announced, bytes);
  if (frame.masked) {
    constexpr std::array<unsigned char, 4> key = {1, 2, 3, 4};
    to.append(key.begin(), key.end());
    for (std::size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key[i % 4]);
    }
  }
  to += payload;
}

}  // namespace

std::string payload_of(const SessionFrame& frame) {
  const std::size_t size = frame.size + (frame.long_payload ? longer : 0);
  switch (frame.payload) {
    case Payload::literal:
      return frame.literal;
    case Payload::ascii:
      return ascii(size);
    case Payload::characters:
      return characters(size, false);
    case Payload::cut_off:
      return characters(size, true);
    case Payload::noise:
      return noise(size);
    case Payload::close:
      break;
  }
  std::string payload;
  append_big_endian(payload, frame.size, 2);
  return payload + frame.literal;
}

Session read_session(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto byte = [&input] { return static_cast<std::uint8_t>(input.take_byte()); };
  Session session;
  session.flags = byte();
  session.max_message_root = byte();
  session.max_fragments = byte();
  session.way = byte();
  session.pieces = byte();
  session.close_at = byte();
  session.missing = byte();
  while (!input.empty() && session.frames.size() < most_frames) {
    session.frames.push_back(read_frame(input));
  }
  return session;
}

std::vector<std::uint8_t> write_session(const Session& session) {
  std::vector<std::uint8_t> bytes = {
      session.flags,  session.max_message_root, session.max_fragments, session.way,
      session.pieces, session.close_at,         session.missing};
  for (const SessionFrame& frame : session.frames) write_frame(bytes, frame);
  return bytes;
}

Stream make_stream(const Session& session) {
  Stream stream;
  for (const SessionFrame& frame : session.frames) {
    if (stream.bytes.size() > longest_stream) break;
    stream.begins.push_back(stream.bytes.size());
    append_frame(stream.bytes, frame);
  }
  stream.bytes.resize(stream.bytes.size() -
                      std::min<std::size_t>(session.missing, stream.bytes.size()));
  return stream;
}

Settings settings_of(const Session& session, const Stream& stream) {
  const std::array<std::uint8_t, 3> bytes = {session.flags, session.max_message_root,
                                             session.max_fragments};
  Input input(bytes.data(), bytes.size());
  Settings settings = take_settings(input);
  if (session.close_at != 0 && !stream.begins.empty()) {
    const std::size_t frame = std::min<std::size_t>(session.close_at, stream.begins.size()) - 1;
    settings.close_at = std::min(stream.begins[frame], stream.bytes.size());
  }
  return settings;
}

}  // namespace fuzz
