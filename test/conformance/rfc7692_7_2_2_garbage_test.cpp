// RFC 7692 7.2.2 and RFC 1951: compressed data that is none. RFC 6455 7.4.1: 1007, "data within a
// message that was not consistent with the type of the message".
#include <string>
#include <utility>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 7692 7.2.2 data that cannot be inflated";

const std::string hello = raw({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});

Case broken(const std::string& what, const std::string& bytes, std::string_view parameters = {}) {
  return {.name = "RFC 7692 7.2.2: " + what + " fails the connection with 1007",
          .server = {send(frame(0x81, "before") + bytes + frame(0x81, "behind"))},
          .delivered = {text("before")},
          .end = fails(Errc::invalid_deflate_data, 1007),
          .more_lines = agreed(parameters)};
}

Case broken_behind_hello(const std::string& what, const std::string& bytes) {
  Case row = broken(what + " behind a compressed message", frame(0xc1, hello) + bytes);
  row.delivered.push_back(text("Hello"));
  return row;
}

Bits fixed_block() { return Bits().header(false, 1); }
// The lengths of the codes 16, 17, 18 and 0, of which no more are given: RFC 1951 3.2.7.
Bits dynamic_block(unsigned of_16, unsigned of_17, unsigned of_18, unsigned of_0) {
  return Bits()
      .header(false, 2)
      .value(0, 5)
      .value(0, 5)
      .value(0, 4)
      .value(of_16, 3)
      .value(of_17, 3)
      .value(of_18, 3)
      .value(of_0, 3);
}
std::string padded(const Bits& bits) { return bits.done() + std::string(40, '\0'); }

// ---- what RFC 1951 does not have

std::vector<Case> invalid_blocks() {
  const std::vector<std::pair<std::string, std::string>> rows{
      // 3.2.3: "11 - reserved (error)".
      {"a block of the reserved type", raw({0x06})},
      {"a last block of the reserved type", raw({0x07})},
      {"bytes of ones", std::string(100, '\xff')},
      {"a block of the reserved type behind a right one",
       fixed_block().text("Hello").fixed(256).header(false, 3).align().done()},
      // 3.2.4: "NLEN is the one's complement of LEN".
      {"a length that its complement does not confirm",
       raw({0x00, 0x05, 0x00, 0xfa, 0xfe}) + "Hello" + raw({0x00})},
      {"a length with itself as complement", raw({0x00, 0x05, 0x00, 0x05, 0x00}) + "Hello"},
      {"a length of zero with zero as complement", std::string(20, '\0')},
      // 3.2.6: "literal/length values 286-287 will never actually occur".
      {"the length symbol 286", padded(fixed_block().text("abc").fixed(286).code(0, 5))},
      {"the length symbol 287", padded(fixed_block().text("abc").fixed(287).code(0, 5))},
      // "distance codes 30-31 will never actually occur".
      {"the distance code 30", padded(fixed_block().text("abc").fixed(257).code(30, 5))},
      {"the distance code 31", padded(fixed_block().text("abc").fixed(257).code(31, 5))},
      // 3.3: "a compliant decompressor must ... reject" references to before the beginning.
      {"a reference to before the beginning",
       fixed_block().text("abcd").copy_three(5).fixed(256).message()},
      {"a reference where nothing is yet", fixed_block().copy_three(1).fixed(256).message()},
      {"a reference over 32768 bytes where there are fewer",
       fixed_block().text("abc").fixed(257).code(29, 5).value(8191, 13).fixed(256).message()},
      // 3.2.7
      {"more literal codes than there are",
       padded(Bits().header(false, 2).value(30, 5).value(0, 5).value(0, 4))},
      {"more distance codes than there are",
       padded(Bits().header(false, 2).value(0, 5).value(30, 5).value(0, 4))},
      {"dynamic codes of which all lengths are zero", padded(dynamic_block(0, 0, 0, 0))},
      {"dynamic codes that are too many for their lengths", padded(dynamic_block(1, 1, 1, 0))},
      {"dynamic codes that are too few for their lengths", padded(dynamic_block(3, 0, 0, 3))},
      {"a length to repeat where none was before", padded(dynamic_block(1, 1, 0, 0).code(0, 1))},
      {"more zeros than there are codes",
       padded(dynamic_block(0, 0, 1, 1).code(1, 1).value(127, 7).code(1, 1).value(127, 7))},
      {"dynamic codes without one for the end",
       padded(dynamic_block(0, 0, 1, 1).code(1, 1).value(127, 7).code(1, 1).value(109, 7))},
  };
  std::vector<Case> cases;
  for (const auto& [what, data] : rows) {
    cases.push_back(broken(what, frame(0xc2, data)));
    cases.push_back(broken(what + ", with server_no_context_takeover", frame(0xc2, data),
                           "; server_no_context_takeover"));
    cases.push_back(broken(what + ", in fragments", fragmented(1, data, 2)));
  }
  return cases;
}
const bool blocks_registered = add_rows(suite, __FILE__, __LINE__, invalid_blocks());

// It is seen as soon as it is there.
std::vector<Case> early() {
  return {broken("a block of the reserved type in a frame whose rest never comes",
                 raw({0xc2, 125, 0x06}) + std::string(20, '\0')),
          broken("a block of the reserved type in a fragment whose last one never comes",
                 frame(0x42, raw({0x06, 0x00})) + frame(0x00, raw({0x00}))),
          broken_behind_hello("a block of the reserved type", frame(0xc1, raw({0x07})))};
}
const bool early_registered = add_rows(suite, __FILE__, __LINE__, early());

// ---- what ends too early

// Worth dynamic codes.
std::string few_letters(std::size_t size) {
  std::string letters = noise(size);
  for (char& letter : letters) letter = static_cast<char>('a' + (letter & 7));
  return letters;
}

// 7.2.2: with 00 00 FF FF behind it, it has to end with a whole block.
std::vector<Case> truncated() {
  std::vector<Case> cases;
  for (std::size_t size = 1; size < hello.size(); ++size) {
    cases.push_back(broken("a message of which only " + std::to_string(size) + " bytes are there",
                           frame(0xc1, hello.substr(0, size))));
  }
  const std::string stored_hello = raw({0x00, 0x05, 0x00, 0xfa, 0xff}) + "Hello" + raw({0x00});
  for (std::size_t size = 2; size < stored_hello.size(); ++size) {
    // What 7.2.2 puts behind makes it whole.
    if (size + 4 == stored_hello.size() - 1) continue;
    cases.push_back(broken(
        "a block without compression of which only " + std::to_string(size) + " bytes are there",
        frame(0xc2, stored_hello.substr(0, size))));
  }
  const std::string noisy = deflated(noise(500));
  const std::string dynamic = deflated(few_letters(3000));
  for (const std::size_t missing : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
    cases.push_back(
        broken("a message of which the last " + std::to_string(missing) + " bytes are missing",
               frame(0xc2, noisy.substr(0, noisy.size() - missing))));
    cases.push_back(broken("a message with dynamic codes of which the last " +
                               std::to_string(missing) + " bytes are missing",
                           frame(0xc2, dynamic.substr(0, dynamic.size() - missing))));
  }
  cases.push_back(broken("a message of no bytes", frame(0xc1)));
  cases.push_back(broken_behind_hello("a message of no bytes", frame(0xc2)));
  // 7.2.3.4: what ended with a final block was the message before.
  cases.push_back(broken_behind_hello(
      "a message of no bytes behind a final block",
      frame(0xc1, raw({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})) + frame(0xc1)));
  cases.back().delivered.push_back(text("Hello"));
  cases.push_back(broken_behind_hello("half a message", frame(0xc2, hello.substr(0, 3))));
  cases.push_back(
      broken("a message of empty fragments alone", frame(0x41) + frame(0x00) + frame(0x80)));
  cases.push_back(broken("a message with the four bytes that belong removed, and one more",
                         frame(0xc1, hello + raw({0x00, 0x00, 0xff}))));
  return cases;
}
const bool truncated_registered = add_rows(suite, __FILE__, __LINE__, truncated());

// ---- what is no DEFLATE at all

std::vector<Case> something_else() {
  return {broken("plain text with RSV1", frame(0xc1, "Hello, world, this was never compressed")),
          broken("zlib's format with its header",
                 frame(0xc2, raw({0x78, 0x9c, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}))),
          broken("gzip's format with its header",
                 frame(0xc2,
                       raw({0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03}) + hello))};
}
const bool else_registered = add_rows(suite, __FILE__, __LINE__, something_else());

}  // namespace
