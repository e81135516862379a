// libFuzzer's mutations of a session (session.hpp): most of them leave it valid or break one rule,
// so that what lies behind the checks is reached. Only linked into fuzzers; the replay needs none
// of it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/session.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace fuzz {
namespace {

using Chance = std::minstd_rand;

unsigned below(Chance& chance, std::size_t bound) {
  return static_cast<unsigned>(chance() / 7U % bound);
}

template <class Container>
auto& one_of(Chance& chance, Container& from) {
  return from[below(chance, from.size())];
}

constexpr std::array<std::uint16_t, 24> sizes = {
    0,   1,   2,   3,   4,   15,   16,    17,    123,   124,   125,   126,
    127, 128, 255, 256, 257, 4095, 16383, 16384, 16385, 32768, 65534, 65535};
constexpr std::array<std::uint64_t, 12> lies = {0,
                                                1,
                                                125,
                                                126,
                                                65535,
                                                65536,
                                                0x7fffffff,
                                                0xffffffff,
                                                0x100000000,
                                                0x7fffffffffffffff,
                                                0x8000000000000000,
                                                0xffffffffffffffff};
constexpr std::array<std::uint16_t, 24> close_codes = {
    0,    999,  1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009,
    1011, 1012, 1014, 1015, 1016, 1100, 2000, 2999, 3000, 4000, 4999, 5000};

// What is no UTF-8, or is only just: RFC 3629 3 and 10.
constexpr std::array<std::string_view, 14> sequences = {"\xc0\x80",
                                                        "\xc1\xbf",
                                                        "\xc2\x80",
                                                        "\xe0\x9f\xbf",
                                                        "\xe0\xa0\x80",
                                                        "\xed\x9f\xbf",
                                                        "\xed\xa0\x80",
                                                        "\xf0\x8f\xbf\xbf",
                                                        "\xf0\x90\x80\x80",
                                                        "\xf4\x8f\xbf\xbf",
                                                        "\xf4\x90\x80\x80",
                                                        "\xf5\x80\x80\x80",
                                                        "\x80",
                                                        "\xff"};

void mutate_text(Chance& chance, std::string& text) {
  if (below(chance, 4) == 0) {
    text.insert(below(chance, text.size() + 1), one_of(chance, sequences));
    return;
  }
  std::array<std::uint8_t, 255> bytes{};
  const std::size_t size = std::min(text.size(), bytes.size());
  std::memcpy(bytes.data(), text.data(), size);
  const std::size_t room = std::min(bytes.size(), size + 1 + below(chance, 16));
  const std::size_t now = LLVMFuzzerMutate(bytes.data(), size, room);
  text.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(now));
}

SessionFrame close_frame(Chance& chance) {
  SessionFrame frame;
  frame.start = 0x88;
  frame.payload = below(chance, 4) == 0 ? Payload::literal : Payload::close;
  frame.size = one_of(chance, close_codes);
  if (below(chance, 2) == 0) mutate_text(chance, frame.literal);
  return frame;
}

SessionFrame control_frame(Chance& chance) {
  if (below(chance, 4) == 0) return close_frame(chance);
  SessionFrame frame;
  frame.start = below(chance, 2) == 0 ? 0x89 : 0x8a;
  frame.payload = Payload::noise;
  frame.size = static_cast<std::uint16_t>(below(chance, 126));
  return frame;
}

SessionFrame data_frame(Chance& chance) {
  SessionFrame frame;
  const bool text = below(chance, 2) == 0;
  frame.start = text ? 0x81 : 0x82;
  frame.payload = text ? Payload::characters : Payload::noise;
  frame.size = one_of(chance, sizes);
  if (below(chance, 4) == 0) {
    frame.payload = Payload::literal;
    mutate_text(chance, frame.literal);
  }
  return frame;
}

// Into two fragments of the same message: valid as before, as far as its text is not cut within a
// character.
void split(Chance& chance, std::vector<SessionFrame>& frames, std::size_t at) {
  SessionFrame rest = frames[at];
  frames[at].start &= 0x7fU;
  rest.start &= 0x80U;
  if (rest.payload == Payload::literal) {
    const std::size_t cut = below(chance, rest.literal.size() + 1);
    rest.literal.erase(0, cut);
    frames[at].literal.resize(cut);
  } else {
    const std::size_t cut = below(chance, std::size_t{rest.size} + 1);
    rest.size = static_cast<std::uint16_t>(rest.size - cut);
    frames[at].size = static_cast<std::uint16_t>(cut);
  }
  frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
}

void mutate_settings(Chance& chance, Session& session) {
  constexpr std::array<std::uint8_t, 10> roots = {0, 1, 2, 11, 12, 16, 128, 254, 255, 255};
  switch (below(chance, 7)) {
    case 0:
      session.flags ^= static_cast<std::uint8_t>(1U << below(chance, 2));
      break;
    case 1:
      session.max_message_root = one_of(chance, roots);
      break;
    case 2:
      session.max_fragments =
          static_cast<std::uint8_t>(below(chance, 8) == 0 ? 255 : below(chance, 5));
      break;
    case 3:
      session.way ^= static_cast<std::uint8_t>(1U << below(chance, 2));
      break;
    case 4:
      session.pieces = static_cast<std::uint8_t>(below(chance, 64));
      break;
    case 5:
      session.close_at = static_cast<std::uint8_t>(below(chance, session.frames.size() + 2));
      break;
    default:
      session.missing = static_cast<std::uint8_t>(below(chance, 2) == 0 ? 0 : below(chance, 40));
      break;
  }
}

void mutate_frame(Chance& chance, SessionFrame& frame) {
  switch (below(chance, 12)) {
    case 0:
      frame.start ^= 0x80U;
      break;
    case 1:
      frame.start ^= 0x10U << below(chance, 3);
      break;
    case 2:
      frame.start = (frame.start & 0xf0U) | below(chance, 16);
      break;
    case 3:
      frame.start &= 0xf0U;
      break;
    case 4:
      frame.length = static_cast<LengthForm>(below(chance, 3));
      break;
    case 5:
      frame.length = LengthForm::lie;
      frame.lie = below(chance, 2) == 0 ? one_of(chance, lies)
                                        : payload_of(frame).size() + below(chance, 5) - 2;
      break;
    case 6:
      frame.masked = !frame.masked;
      break;
    case 7:
      frame.payload = static_cast<Payload>(below(chance, payload_kinds));
      break;
    case 8:
      frame.size =
          frame.payload == Payload::close ? one_of(chance, close_codes) : one_of(chance, sizes);
      break;
    case 9:
      frame.size = static_cast<std::uint16_t>(frame.size + below(chance, 9) - 4);
      break;
    case 10:
      frame.long_payload = !frame.long_payload;
      break;
    default:
      if (frame.payload != Payload::close) frame.payload = Payload::literal;
      mutate_text(chance, frame.literal);
      break;
  }
}

void mutate(Chance& chance, Session& session) {
  auto& frames = session.frames;
  const auto place = [&](std::size_t bound) {
    return frames.begin() + static_cast<std::ptrdiff_t>(below(chance, bound));
  };
  const unsigned what = frames.empty() ? 0 : below(chance, 16);
  switch (what) {
    case 0:
    case 1:
      frames.insert(place(frames.size() + 1), data_frame(chance));
      break;
    case 2:
    case 3:
      frames.insert(place(frames.size() + 1), control_frame(chance));
      break;
    case 4:
    case 5:
    case 6:
      split(chance, frames, below(chance, frames.size()));
      break;
    case 7: {
      const SessionFrame again = one_of(chance, frames);
      frames.insert(place(frames.size() + 1), again);
      break;
    }
    case 8:
      frames.erase(place(frames.size()));
      break;
    case 9:
      std::swap(one_of(chance, frames), one_of(chance, frames));
      break;
    case 10:
    case 11:
      mutate_settings(chance, session);
      break;
    default:
      mutate_frame(chance, one_of(chance, frames));
      break;
  }
}

std::size_t put(const Session& session, std::uint8_t* to, std::size_t max_size) {
  const std::vector<std::uint8_t> bytes = write_session(session);
  const std::size_t size = std::min(bytes.size(), max_size);
  std::memcpy(to, bytes.data(), size);
  return size;
}

}  // namespace
}  // namespace fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  fuzz::Chance chance(seed);
  chance.discard(3);
  if (fuzz::below(chance, 16) == 0) return LLVMFuzzerMutate(data, size, max_size);
  fuzz::Session session = fuzz::read_session(data, size);
  for (unsigned times = 1 + fuzz::below(chance, 3); times > 0; --times)
    fuzz::mutate(chance, session);
  return fuzz::put(session, data, max_size);
}

// The beginning of one session, the end of the other.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t max_size,
                                                 unsigned seed) {
  fuzz::Chance chance(seed);
  fuzz::Session session = fuzz::read_session(data1, size1);
  const fuzz::Session other = fuzz::read_session(data2, size2);
  session.frames.resize(fuzz::below(chance, session.frames.size() + 1));
  const std::size_t from = fuzz::below(chance, other.frames.size() + 1);
  session.frames.insert(session.frames.end(),
                        other.frames.begin() + static_cast<std::ptrdiff_t>(from),
                        other.frames.end());
  return fuzz::put(session, out, max_size);
}
