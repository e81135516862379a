// RFC 6455 5.1 and 5.2: reserved bits, reserved opcodes, masked frames, and every way of encoding a
// length, at its boundaries.
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Condition;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 5.2 framing";

struct Known {
  unsigned opcode;
  const char* name;
};
constexpr Known known_opcodes[] = {{0, "continuation"}, {1, "text"}, {2, "binary"},
                                   {8, "Close"},        {9, "Ping"}, {10, "Pong"}};
constexpr unsigned reserved_opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};

// A continuation frame needs a message to continue.
std::string before(unsigned opcode) { return opcode == 0 ? frame(0x01, "begun") : ""; }

std::string payload_for(unsigned opcode) { return opcode == 8 ? close_payload(1000) : "payload"; }

// 5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values. If a
// nonzero value is received and none of the negotiated extensions defines the meaning of such a
// nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_."
std::vector<Case> reserved_bits() {
  std::vector<Case> cases;
  for (unsigned bits = 1; bits <= 7; ++bits) {
    for (const auto& [opcode, name] : known_opcodes) {
      const std::string which = std::string(bits & 4U ? " RSV1" : "") + (bits & 2U ? " RSV2" : "") +
                                (bits & 1U ? " RSV3" : "");
      cases.push_back({.name = "RFC 6455 5.2: a " + std::string(name) + " frame with" + which +
                               " fails the connection with 1002",
                       .server = {send(frame(0x81, "before") + before(opcode) +
                                       frame(0x80U | bits << 4U | opcode, payload_for(opcode)))},
                       .delivered = {text("before")},
                       .end = fails(Errc::reserved_bits, 1002)});
    }
  }
  cases.push_back({.name = "RFC 6455 5.2: reserved bits on a middle fragment fail the connection "
                           "with 1002",
                   .server = {send(frame(0x02, "a") + frame(0x40, "b") + frame(0x80, "c"))},
                   .end = fails(Errc::reserved_bits, 1002)});
  cases.push_back(
      {.name = "RFC 6455 5.2: reserved bits fail the connection before the payload came",
       .server = {send(raw({0xc1, 125}))},
       .end = fails(Errc::reserved_bits, 1002)});
  return cases;
}
const bool bits_registered = add_rows(suite, __FILE__, __LINE__, reserved_bits());

// 5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
// Connection_."
std::vector<Case> reserved_opcode_cases() {
  std::vector<Case> cases;
  const auto add = [&](unsigned opcode, const std::string& how, std::string bytes) {
    cases.push_back({.name = "RFC 6455 5.2: a frame with the reserved opcode " +
                             std::to_string(opcode) + how + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + bytes)},
                     .delivered = {text("before")},
                     .end = fails(Errc::reserved_opcode, 1002)});
  };
  for (const unsigned opcode : reserved_opcodes) {
    add(opcode, "", frame(0x80U | opcode));
    add(opcode, " and a payload", frame(0x80U | opcode, "payload") + frame(0x81, "behind"));
    if (opcode < 8) {
      add(opcode, " within a fragmented message", frame(0x01, "a") + frame(0x80U | opcode, "b"));
      add(opcode, " that begins a fragmented message", frame(opcode, "a") + frame(0x80, "b"));
    }
  }
  return cases;
}
const bool opcodes_registered = add_rows(suite, __FILE__, __LINE__, reserved_opcode_cases());

// 5.1: "A server MUST NOT mask any frames that it sends to the client. A client MUST close a
// connection if it detects a masked frame. In this case, it MAY use the status code 1002".
std::vector<Case> masked_frames() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes) {
    cases.push_back({.name = "RFC 6455 5.1: a masked " + what + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + bytes)},
                     .delivered = {text("before")},
                     .end = fails(Errc::masked_frame, 1002)});
  };
  for (const auto& [opcode, name] : known_opcodes) {
    add(name + " frame"s,
        before(opcode) + masked_frame(0x80U | opcode, 0x12345678, payload_for(opcode)));
    add(name + " frame without a payload"s,
        before(opcode) + masked_frame(0x80U | opcode, 0x12345678));
  }
  add("text frame with a key of zeros", masked_frame(0x81, 0, "hello"));
  add("frame that begins a fragmented message", masked_frame(0x01, 0xffffffff, "hello"));
  add("text frame whose payload never comes", raw({0x81, 0x85}) + "abcd");
  add("text frame with a 16-bit length", raw({0x81, 0xfe}) + number(200, 2) + "abcd");
  add("binary frame with a 64-bit length", raw({0x82, 0xff}) + number(70000, 8) + "abcd");
  return cases;
}
const bool masked_registered = add_rows(suite, __FILE__, __LINE__, masked_frames());

// 5.2: "The length of the "Payload data", in bytes: if 0-125, that is the payload length. If 126, the
// following 2 bytes interpreted as a 16-bit unsigned integer are the payload length. If 127, the
// following 8 bytes interpreted as a 64-bit unsigned integer [...] are the payload length."
std::string pattern(std::size_t size, bool ascii) {
  std::string bytes(size, '\0');
  unsigned state = static_cast<unsigned>(size);
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = ascii ? static_cast<char>('a' + (state >> 16U) % 26) : static_cast<char>(state >> 24U);
  }
  return bytes;
}

std::vector<Case> lengths() {
  std::vector<Case> cases;
  const std::size_t mega = 1U << 20U;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{124}, std::size_t{125},
        std::size_t{126}, std::size_t{127}, std::size_t{128}, std::size_t{255}, std::size_t{256},
        std::size_t{32767}, std::size_t{32768}, std::size_t{65534}, std::size_t{65535},
        std::size_t{65536}, std::size_t{65537}, std::size_t{131072}, mega, 3 * mega + 1}) {
    const std::string bytes = std::to_string(size) + " bytes";
    const std::string ascii = pattern(size, true);
    const std::string any = pattern(size, false);
    cases.push_back(
        {.name = "RFC 6455 5.2: a text message of " + bytes + " comes as it was sent",
         .server = {send(frame(0x81, ascii) + frame(0x81, "behind") + close_frame(1000))},
         .delivered = {text(ascii), text("behind")}});
    cases.push_back({.name = "RFC 6455 5.2: a binary message of " + bytes + " comes as it was sent",
                     .server = {send(frame(0x82, any) + frame(0x81, "behind") + close_frame(1000))},
                     .delivered = {binary(any), text("behind")}});
  }
  std::string all_bytes;
  for (unsigned byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  cases.push_back({.name = "RFC 6455 5.6: a binary message may hold every byte",
                   .server = {send(frame(0x82, all_bytes) + close_frame(1000))},
                   .delivered = {binary(all_bytes)}});
  cases.push_back({.name = "RFC 6455 5.6: a text message may hold NUL and control characters",
                   .server = {send(frame(0x81, "\0\x01\x7f\r\n\0"s) + close_frame(1000))},
                   .delivered = {text("\0\x01\x7f\r\n\0"s)}});
  std::string hundred;
  std::vector<Delivery> delivered;
  for (int i = 0; i < 100; ++i) {
    hundred += frame(i % 2 ? 0x81 : 0x82, std::to_string(i));
    delivered.push_back({i % 2 ? Kind::text : Kind::binary, std::to_string(i)});
  }
  cases.push_back({.name = "RFC 6455 5.2: a hundred messages in one segment come in their order",
                   .server = {send(hundred + close_frame(1000))},
                   .delivered = delivered});
  return cases;
}
const bool lengths_registered = add_rows(suite, __FILE__, __LINE__, lengths());

// 5.2: "Note that in all cases, the minimal number of bytes MUST be used to encode the length, for
// example, the length of a 124-byte-long string can't be encoded as the sequence 126, 0, 124."
std::vector<Case> lengths_not_minimal() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes) {
    cases.push_back({.name = "RFC 6455 5.2: " + what + " fails the connection with 1002",
                     .server = {send(frame(0x81, "before") + bytes)},
                     .delivered = {text("before")},
                     .end = fails(Errc::length_not_minimal, 1002)});
  };
  for (const unsigned opcode : {1U, 2U}) {
    const std::string kind = opcode == 1 ? "text" : "binary";
    for (const std::size_t size : {0U, 1U, 124U, 125U}) {
      add("a " + kind + " length of " + std::to_string(size) + " in 16 bits",
          frame16(0x80U | opcode, size, std::string(size, 'x')));
    }
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65534U, 65535U}) {
      add("a " + kind + " length of " + std::to_string(size) + " in 64 bits",
          frame64(0x80U | opcode, size, std::string(size, 'x')));
    }
  }
  add("a fragment's length of 5 in 16 bits", frame16(0x01, 5, "hello"));
  add("a continuation's length of 5 in 16 bits", frame(0x01, "a") + frame16(0x80, 5, "hello"));
  add("a continuation's length of 65535 in 64 bits",
      frame(0x02, "a") + frame64(0x80, 65535, std::string(65535, 'x')));
  add("a length of 125 in 16 bits whose payload never comes", frame16(0x81, 125));
  return cases;
}
const bool not_minimal_registered = add_rows(suite, __FILE__, __LINE__, lengths_not_minimal());

// 5.2: "If 127, the following 8 bytes interpreted as a 64-bit unsigned integer (the most significant
// bit MUST be 0) are the payload length."
std::vector<Case> lengths_out_of_range() {
  std::vector<Case> cases;
  struct Row {
    const char* what;
    std::uint64_t length;
  };
  const Row rows[] = {{"2^63", std::uint64_t{1} << 63U},
                      {"2^63+5", (std::uint64_t{1} << 63U) + 5},
                      {"2^64-14", ~std::uint64_t{0} - 13},
                      {"2^64-1", ~std::uint64_t{0}}};
  for (const auto& [what, length] : rows) {
    for (const unsigned first : {0x81U, 0x82U, 0x01U}) {
      cases.push_back({.name = "RFC 6455 5.2: a length of " + std::string(what) + " behind " +
                               hex(raw({first})) + " fails the connection with 1002",
                       .server = {send(frame64(first, length, "hello"))},
                       .end = fails(Errc::length_out_of_range, 1002)});
    }
  }
  return cases;
}
const bool out_of_range_registered = add_rows(suite, __FILE__, __LINE__, lengths_out_of_range());

// 7.4.1: "1009 indicates that an endpoint is terminating the connection because it has received a
// message that is too big for it to process." 10.4: implementations with limits "MUST protect
// themselves against exceeding those limits".
std::vector<Case> too_big() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes, std::size_t limit) {
    cases.push_back({.name = "RFC 6455 7.4.1: " + what + " fails the connection with 1009",
                     .server = {send(std::move(bytes))},
                     .end = fails(Errc::message_too_big, 1009),
                     .options = with_limit(limit)});
  };
  const std::size_t usual = websocket::Limits{}.max_message_size;
  add("a text frame that declares 2^63-1 bytes", frame64(0x81, ~std::uint64_t{0} >> 1U, "hello"),
      usual);
  add("a binary frame that declares 2^63-1 bytes", frame64(0x82, ~std::uint64_t{0} >> 1U, "hello"),
      usual);
  add("a frame that declares 2^62 bytes", frame64(0x82, std::uint64_t{1} << 62U), usual);
  add("a frame that declares 2^32 bytes", frame64(0x82, std::uint64_t{1} << 32U), usual);
  add("a frame that declares 2^31 bytes with ten behind it",
      frame64(0x82, std::uint64_t{1} << 31U, "0123456789"), usual);
  add("a frame that declares a byte more than the usual limit", frame64(0x82, usual + 1), usual);
  add("a frame of 126 bytes where 125 are allowed", frame(0x82, std::string(126, 'x')), 125);
  add("a frame of 1001 bytes where 1000 are allowed", frame(0x81, std::string(1001, 'x')), 1000);
  add("a frame of 65537 bytes where 65536 are allowed", frame(0x82, std::string(65537, 'x')),
      65536);
  add("a frame of one byte where none is allowed", frame(0x82, "x"), 0);
  add("a message of 600 and 401 bytes where 1000 are allowed",
      frame(0x02, std::string(600, 'x')) + frame(0x80, std::string(401, 'x')), 1000);
  add("a message of 1000 bytes and a fragment of one more where 1000 are allowed",
      frame(0x02, std::string(1000, 'x')) + frame(0x00) + frame(0x00, "x"), 1000);
  add("a fragment that declares 2^63-1 bytes behind one of 5",
      frame(0x02, "hello") + frame64(0x80, ~std::uint64_t{0} >> 1U), usual);
  cases.push_back(
      {.name = "RFC 6455 10.4: a message of exactly the limit is received",
       .server = {send(frame(0x82, std::string(1000, 'x')) + frame(0x02, "a") +
                       frame(0x80, std::string(999, 'y')) + close_frame(1000))},
       .delivered = {binary(std::string(1000, 'x')), binary("a" + std::string(999, 'y'))},
       .options = with_limit(1000)});
  cases.push_back(
      {.name = "RFC 6455 10.4: a message of two fragments whose last is empty may reach "
               "the limit",
       .server = {send(frame(0x02, std::string(1000, 'x')) + frame(0x80) + close_frame(1000))},
       .delivered = {binary(std::string(1000, 'x'))},
       .options = with_limit(1000)});
  cases.push_back({.name = "RFC 6455 10.4: control frames do not count for a message's limit",
                   .server = {send(frame(0x02, "ab") + frame(0x8a, "a pong of many bytes") +
                                   frame(0x80, "cd") + close_frame(1000, "and a reason"))},
                   .delivered = {pong("a pong of many bytes"), binary("abcd")},
                   .end = closed_by_server(1000, "and a reason"),
                   .options = with_limit(4)});
  return cases;
}
const bool too_big_registered = add_rows(suite, __FILE__, __LINE__, too_big());

}  // namespace
