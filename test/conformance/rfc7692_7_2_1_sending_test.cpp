// RFC 7692 6.1 and 7.2.1: what the client sends. Each of its frames is inflated by zlib with the
// window agreed on, byte by byte, so that a reference too far back is seen.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using support::RawFrame;
using websocket::CompressionOptions;

namespace {

const char* suite = "RFC 7692 7.2.1 sending";

Case sending(const std::string& what, std::vector<Delivery> messages, const Sending& rules,
             const CompressionOptions& options = {}, std::string_view parameters = {}) {
  Case row{.name = "RFC 7692 " + what,
           .server = expect_messages(messages, rules),
           .options = compressing(options),
           .client_sends = std::move(messages),
           .more_lines = agreed(parameters),
           .reserved_bits_allowed = 4};
  row.server.push_back(send(close_frame(1000)));
  return row;
}

std::string bits(int window_bits) { return std::to_string(window_bits); }

// ---- which messages

std::vector<Case> thresholds() {
  const auto around = [](std::size_t size) {
    return std::vector<Delivery>{text(std::string(size - 1, 'a')), text(std::string(size, 'b')),
                                 binary(std::string(size + 1, 'c')),
                                 binary(std::string(size - 1, 'd'))};
  };
  const std::vector<Delivery> small{text(""),      text("a"),     binary(""), text("Hello"),
                                    text("Hello"), binary("\0"s), text("")};
  return {
      sending("6.1: RSV1 stands on messages of 256 bytes and more", around(256), {}),
      sending("6.1: RSV1 stands on messages from the threshold on", around(1000),
              {.threshold = 1000}, {.threshold = 1000}),
      sending("6.1: without a threshold RSV1 stands on every message", small, {.threshold = 0},
              {.threshold = 0}),
      // 7.2.3.6: "the payload ... is a single octet 0x00"; anything that inflates to nothing will do,
      // but for a payload of nothing.
      sending("7.2.3.6: empty messages are compressed to something",
              {text(""), text(""), binary(""), text("a"), text("")}, {.threshold = 0},
              {.threshold = 0}),
      sending("7.2.3.6: empty messages are compressed to something, each by itself",
              {text(""), text(""), binary(""), text("a"), text("")},
              {.no_context_takeover = true, .threshold = 0},
              {.client_no_context_takeover = true, .threshold = 0}),
      // 6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames".
      sending("6: pings between compressed messages are as they were given",
              {ping(""), text(repeated("text ", 500)), ping(std::string(125, 'p')),
               binary(repeated("more ", 500)), ping("Hello")},
              {}),
      sending("6.1: compressed and plain messages by turns keep one context",
              {text(repeated("text ", 500)), text("plain"), text(repeated("text ", 500)),
               binary("plain"), binary(repeated("text ", 500))},
              {}),
  };
}
const bool thresholds_registered = add_rows(suite, __FILE__, __LINE__, thresholds());

// ---- how they are compressed

// Messages that lead a compressor into temptation to look back as far as it can.
std::vector<Delivery> tempting() {
  const std::string near = noise(200);
  const std::string nearly_256 = noise(250, 2);
  const std::string far = noise(3000, 3);
  return {binary(near + near + near),
          binary(nearly_256 + nearly_256 + "x" + nearly_256),
          binary(far + near + far),
          text(repeated("abcdefg ", 2000)),
          binary(far + far),
          binary(noise(20'000, 4) + far),
          binary(noise(20'000, 4)),
          text(repeated("abcdefg ", 2000)),
          binary(std::string(300, '\0'))};
}

std::vector<Case> windows() {
  std::vector<Case> cases;
  for (int window_bits = 8; window_bits <= 15; ++window_bits) {
    cases.push_back(sending("7.1.2.2: with client_max_window_bits=" + bits(window_bits) +
                                " in the answer nothing refers back further",
                            tempting(), {.window_bits = window_bits}, {},
                            "; client_max_window_bits=" + bits(window_bits)));
    cases.push_back(sending("7.1.2.2: with a window of our own of " + bits(window_bits) +
                                " bits nothing refers back further",
                            tempting(), {.window_bits = window_bits},
                            {.client_max_window_bits = window_bits}));
    cases.push_back(
        sending("7.1: with a window of " + bits(window_bits) +
                    " bits and client_no_context_takeover nothing refers back further",
                tempting(), {.window_bits = window_bits, .no_context_takeover = true}, {},
                "; client_no_context_takeover; client_max_window_bits=" + bits(window_bits)));
  }
  return cases;
}
const bool windows_registered = add_rows(suite, __FILE__, __LINE__, windows());

std::vector<Case> levels() {
  std::vector<Case> cases;
  for (int level = 0; level <= 9; ++level) {
    cases.push_back(sending("7.2.1: level " + std::to_string(level) + " can be inflated",
                            tempting(), {}, {.level = level}));
  }
  cases.push_back(sending("7.2.1: level 0 with the smallest window can be inflated", tempting(),
                          {.window_bits = 8}, {.client_max_window_bits = 8, .level = 0}));
  return cases;
}
const bool levels_registered = add_rows(suite, __FILE__, __LINE__, levels());

std::vector<Case> sizes() {
  std::vector<Delivery> every;
  for (std::size_t size = 256; size < 400; ++size) {
    every.push_back(binary(noise(size)));
    every.push_back(text(std::string(size, 'x')));
  }
  std::vector<Delivery> big;
  for (const std::size_t size :
       {std::size_t{65535}, std::size_t{65536}, std::size_t{65537}, std::size_t{200'000}}) {
    big.push_back(binary(noise(size)));
    big.push_back(text(repeated("words and words, ", size)));
  }
  return {sending("7.2.1: messages of every size from 256 to 399 bytes", every, {}),
          sending("7.2.1: messages of every size from 256 to 399 bytes, each by itself", every,
                  {.no_context_takeover = true}, {}, "; client_no_context_takeover"),
          sending("7.2.1: big messages", big, {}),
          sending("7.2.1: big messages with the smallest window", big, {.window_bits = 8}, {},
                  "; client_max_window_bits=8")};
}
const bool sizes_registered = add_rows(suite, __FILE__, __LINE__, sizes());

// ---- context takeover

// The sizes that those messages' frames have; what they are is checked elsewhere.
Case compared(const std::string& what, const std::vector<std::string>& messages,
              const CompressionOptions& options, std::string_view parameters,
              std::function<std::string(std::size_t number, std::size_t size)> check) {
  Case row{.name = "RFC 7692 " + what,
           .options = compressing(options),
           .more_lines = agreed(parameters),
           .reserved_bits_allowed = 4};
  for (std::size_t number = 0; number < messages.size(); ++number) {
    row.client_sends.push_back(binary(messages[number]));
    row.server.push_back(expect_that(
        [number, check](const RawFrame& frame) { return check(number, frame.payload.size()); }));
  }
  row.server.push_back(send(close_frame(1000)));
  return row;
}

// 7.1.1.2: "If this parameter is absent, the client may use context takeover"; this one does.
std::vector<Case> takeover() {
  const std::vector<std::string> alike(5, noise(1000));
  const auto shrinks = [](std::size_t number, std::size_t size) {
    return number == 0 || size < 100 ? ""s : "the same message again has " + std::to_string(size);
  };
  const auto stays = [](std::size_t, std::size_t size) {
    return size >= 1000 ? ""s : "a message refers to an earlier one";
  };
  const std::string no_takeover = "; client_no_context_takeover";
  return {
      compared("7.1.1.2: the same message again is a reference to the first", alike, {}, "",
               shrinks),
      compared(
          "7.1.1.2: with client_no_context_takeover in the answer no message refers to another",
          alike, {}, no_takeover, stays),
      compared("7.1.1.2: with client_no_context_takeover offered and confirmed likewise", alike,
               {.client_no_context_takeover = true}, no_takeover, stays),
      compared("7.1.1.2: with client_no_context_takeover offered and not confirmed likewise", alike,
               {.client_no_context_takeover = true}, "", stays),
      compared("7.1.1.1: server_no_context_takeover is no matter of the client's", alike, {},
               "; server_no_context_takeover", shrinks),
      compared("7.1.2.2: with a window of 9 bits a message of 1000 bytes is too far back", alike,
               {}, "; client_max_window_bits=9", stays),
      compared("7.1.2.1: server_max_window_bits is no matter of the client's", alike, {},
               "; server_max_window_bits=9", shrinks),
  };
}
const bool takeover_registered = add_rows(suite, __FILE__, __LINE__, takeover());

}  // namespace
