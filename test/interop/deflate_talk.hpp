// What the tests of permessage-deflate have in common: messages that compress well or not at all, and
// what the servers' /check says of those it got.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/websocket.hpp>

#include "talk.hpp"

namespace interop {

/// Counts the running test case as skipped when there is nobody to compress with.
bool skip_without_deflate(const Peer& peer);

websocket::ConnectOptions with(const websocket::CompressionOptions& compression);

// ---- messages

/// The same at every run; about as small as it gets.
std::string noise(std::size_t size, std::uint32_t seed = 1);
std::string noisy_letters(std::size_t size, std::uint32_t seed = 1);
std::string repeated(std::string_view start, std::size_t size);
/// As often as it fits: no character is cut.
std::string repeated_whole(std::string_view start, std::size_t at_most);
/// For /check: what the server can tell to be right, the SHA-1 of the rest before it.
std::string with_sum(std::string_view rest);
/// Each cannot be made smaller by itself, but all are alike; for /check.
std::vector<std::string> alike(std::size_t count, std::size_t size);
std::size_t size_of(const std::vector<std::string>& messages);

// ---- what came of them

struct Report {
  std::size_t messages = 0;
  std::size_t wrong = 0;
  std::size_t bytes_on_the_wire = 0;
};
Report read_report(const std::string& text);
Report ask_for_report(Talk& talk);

/// What they need on the wire, each inflated and checked by the server.
std::size_t wire_bytes(Talk& talk, const std::string& url,
                       const websocket::CompressionOptions& compression,
                       const std::vector<std::string>& messages);

void check_echo(Talk& talk, const std::string& message, websocket::Opcode opcode);
/// A conversation that refers back and forth, with messages on both sides of every threshold.
void converse(Talk& talk);

}  // namespace interop
