// The words of deflate_talk.hpp in code; the sums are OpenSSL's.
#include "deflate_talk.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <array>
#include <random>
#include <sstream>

#include "support/tally.hpp"

namespace interop {

using websocket::CompressionOptions;
using websocket::ConnectOptions;
using websocket::Opcode;
using websocket::ReceivedMessage;

bool skip_without_deflate(const Peer& peer) {
  if (WEBSOCKETAPP_DEFLATE) return skip_without(peer);
  support::skip("the library was built without zlib");
  return true;
}

ConnectOptions with(const CompressionOptions& compression) {
  ConnectOptions options;
  options.compression = compression;
  return options;
}

std::string noise(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xffU);
  return bytes;
}

std::string noisy_letters(std::size_t size, std::uint32_t seed) {
  std::string text = noise(size, seed);
  for (char& letter : text) letter = static_cast<char>(' ' + (letter & 0x3f));
  return text;
}

std::string repeated(std::string_view start, std::size_t size) {
  std::string text;
  while (text.size() < size) text += start;
  text.resize(size);
  return text;
}

std::string repeated_whole(std::string_view start, std::size_t at_most) {
  return repeated(start, at_most / start.size() * start.size());
}

std::string with_sum(std::string_view rest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_Digest(rest.data(), rest.size(), sum.data(), &size, EVP_sha1(), nullptr);
  std::string message;
  for (unsigned i = 0; i < size; ++i) {
    message += digits[sum[i] >> 4U];
    message += digits[sum[i] & 15U];
  }
  return message.append(rest);
}

Report read_report(const std::string& text) {
  Report report;
  std::istringstream(text) >> report.messages >> report.wrong >> report.bytes_on_the_wire;
  return report;
}

Report ask_for_report(Talk& talk) {
  talk.send_text("report");
  return read_report(next_text(talk));
}

std::size_t wire_bytes(Talk& talk, const std::string& url, const CompressionOptions& compression,
                       const std::vector<std::string>& messages) {
  open(talk, url, with(compression));
  for (const std::string& message : messages) talk.send_bytes(message);
  const Report report = ask_for_report(talk);
  CHECK(report.messages == messages.size());
  CHECK(report.wrong == 0);
  CHECK(talk.close(1000, "").info.clean);
  return report.bytes_on_the_wire;
}

std::vector<std::string> alike(std::size_t count, std::size_t size) {
  const std::string body = noise(size);
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < count; ++i) messages.push_back(with_sum(body + std::to_string(i)));
  return messages;
}

std::size_t size_of(const std::vector<std::string>& messages) {
  std::size_t size = 0;
  for (const std::string& message : messages) size += message.size();
  return size;
}

void check_echo(Talk& talk, const std::string& message, Opcode opcode) {
  CAPTURE(message.size());
  if (opcode == Opcode::text) {
    talk.send_text(message);
  } else {
    talk.send_bytes(message);
  }
  const std::optional<ReceivedMessage> received = talk.receive();
  REQUIRE(received.has_value());
  CHECK(received->opcode == opcode);
  REQUIRE((received->data == message));
}

void converse(Talk& talk) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{256},
                                 std::size_t{1000}, std::size_t{1025}, std::size_t{70000}}) {
    check_echo(talk, repeated("the same words again, ", size), Opcode::text);
    check_echo(talk, noise(size), Opcode::binary);
    check_echo(talk, noise(size), Opcode::binary);
  }
  for (int number = 0; number < 10; ++number) {
    check_echo(talk, repeated("number " + std::to_string(number) + " of ten, ", 3000),
               Opcode::text);
  }
}

}  // namespace interop
