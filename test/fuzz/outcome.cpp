#include "fuzz/outcome.hpp"

#include <array>
#include <cstdio>

#include "fuzz/require.hpp"

namespace fuzz {
namespace {

std::string shown(std::string_view data) {
  constexpr std::size_t most = 60;
  std::string text = std::to_string(data.size()) + " bytes '";
  for (const char c : data.substr(0, most)) {
    std::array<char, 5> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
    text += c >= ' ' && c < '\x7f' ? std::string(1, c) : escaped.data();
  }
  return text + (data.size() > most ? "'..." : "'");
}

std::string word(const Told& told) {
  switch (told.kind) {
    case Told::Kind::message:
      return "message " + std::to_string(told.opcode) + ", " + shown(told.data);
    case Told::Kind::fragment:
      return "fragment " + std::to_string(told.opcode) + (told.fin ? ", " : " without FIN, ") +
             shown(told.data);
    case Told::Kind::ping:
      return "ping " + shown(told.data);
    case Told::Kind::pong:
      return "pong " + shown(told.data);
    case Told::Kind::closing:
      return "closing";
  }
  return "?";
}

void print(const char* whose, const Outcome& outcome) {
  std::fprintf(stderr, "%s:\n", whose);
  for (const Told& told : outcome.told) std::fprintf(stderr, "  %s\n", word(told).c_str());
  for (const SentFrame& frame : outcome.sent) {
    std::fprintf(stderr, "  sent opcode %u, %s%s%s\n", frame.opcode, shown(frame.payload).c_str(),
                 frame.fin ? "" : ", no FIN", frame.reserved != 0 ? ", reserved bits" : "");
  }
  std::fprintf(stderr, "  closed %u %s%s%s%s\n", outcome.close_code,
               shown(outcome.close_reason).c_str(), outcome.clean ? ", clean" : "",
               outcome.by_peer ? ", by peer" : "", outcome.failed ? ", failed" : "");
}

std::string_view take(std::string_view& from, std::uint64_t size) {
  require(from.size() >= size, "what the client sends are whole frames");
  const std::string_view taken = from.substr(0, size);
  from.remove_prefix(size);
  return taken;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number * 256 + static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

Settings take_settings(Input& input) {
  Settings settings;
  const unsigned flags = input.take_byte();
  settings.fragments_wanted = (flags & 1U) != 0;
  settings.check_utf8 = (flags & 2U) == 0;
  const std::size_t root = input.take_byte();
  if (root != 255) settings.limits.max_message_size = root * root;
  const std::size_t fragments = input.take_byte();
  if (fragments != 255) settings.limits.max_fragments = fragments;
  return settings;
}

void require_same(const Outcome& got, const Outcome& expected, const char* sentence) {
  if (got == expected) return;
  print("expected", expected);
  print("got", got);
  require(false, sentence);
}

std::vector<SentFrame> read_sent(std::string_view bytes) {
  std::vector<SentFrame> frames;
  while (!bytes.empty()) {
    const auto start = static_cast<unsigned>(big_endian(take(bytes, 2)));
    require((start & 0x80U) != 0, "the client masks its frames");
    std::uint64_t size = start & 127U;
    if (size == 126) {
      size = big_endian(take(bytes, 2));
      require(size > 125, "the client encodes a length in the fewest bytes");
    } else if (size == 127) {
      size = big_endian(take(bytes, 8));
      require(size > 65535, "the client encodes a length in the fewest bytes");
    }
    const std::string_view key = take(bytes, 4);
    SentFrame frame{start >> 8U & 15U, std::string(take(bytes, size)), start >= 0x8000U,
                    start >> 12U & 7U};
    require(frame.opcode < 8 || (frame.fin && frame.reserved == 0 && size <= 125),
            "the client's control frames are as they must be");
    for (std::size_t i = 0; i < frame.payload.size(); ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ key[i % 4]);
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace fuzz
