// What RawConnection knows of WebSocket: the accept value and frames, RFC 6455 4.2.2 and 5.2.
// Written apart from the library's code, so that a mistake there is not made here as well.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "support/raw_server.hpp"

namespace support {
namespace {

bool same_letter(char left, char right) {
  return std::tolower(static_cast<unsigned char>(left)) ==
         std::tolower(static_cast<unsigned char>(right));
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

void append_big_endian(std::string& bytes, std::uint64_t value, unsigned size) {
  for (unsigned left = size; left > 0; --left) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> ((left - 1) * 8)));
  }
}

}  // namespace

std::string accept_value(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return {base64.begin(), base64.begin() + length};
}

std::string header_value(std::string_view head, std::string_view name) {
  std::string_view rest = head;
  for (auto end = rest.find("\r\n"); end != std::string_view::npos; end = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    const auto colon = line.find(':');
    if (colon != name.size()) continue;
    if (!std::equal(name.begin(), name.end(), line.begin(), same_letter)) continue;
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    if (begin == std::string_view::npos) return {};
    return std::string(line.substr(begin, line.find_last_not_of(" \t") - begin + 1));
  }
  return {};
}

void apply_mask(std::string& payload, std::uint32_t mask_key) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const auto key_byte = static_cast<unsigned char>(mask_key >> (24U - 8U * (i % 4)));
    payload[i] = static_cast<char>(static_cast<unsigned char>(payload[i]) ^ key_byte);
  }
}

std::string server_frame(bool fin, std::uint8_t opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>((fin ? 0x80U : 0U) | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(126);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(127);
    append_big_endian(frame, payload.size(), 8);
  }
  return frame.append(payload);
}

std::uint16_t RawFrame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<std::uint16_t>(big_endian(std::string_view(payload).substr(0, 2)));
}

std::string RawConnection::accept_handshake(std::string_view more_lines) {
  const std::string head = read_until("\r\n\r\n");
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  answer += accept_value(header_value(head, "Sec-WebSocket-Key"));
  answer += "\r\n";
  answer += more_lines;
  answer += "\r\n";
  write(answer);
  return head;
}

RawFrame RawConnection::read_frame(Milliseconds deadline) {
  const Deadline until(deadline);
  const auto read = [&](std::size_t size) {
    return read_exactly(size, Milliseconds(until.left()));
  };
  const std::string start = read(2);
  const auto first = static_cast<unsigned char>(start[0]);
  const auto second = static_cast<unsigned char>(start[1]);
  RawFrame frame;
  frame.fin = (first & 0x80U) != 0;
  frame.reserved_bits = static_cast<std::uint8_t>((first >> 4U) & 7U);
  frame.opcode = static_cast<std::uint8_t>(first & 15U);
  frame.masked = (second & 0x80U) != 0;
  frame.length_field = static_cast<std::uint8_t>(second & 0x7FU);
  std::uint64_t length = frame.length_field;
  if (frame.length_field == 126) length = big_endian(read(2));
  if (frame.length_field == 127) length = big_endian(read(8));
  if (frame.masked) frame.mask_key = static_cast<std::uint32_t>(big_endian(read(4)));
  frame.payload = read(length);
  if (frame.masked) apply_mask(frame.payload, frame.mask_key);
  return frame;
}

void RawConnection::write_frame(bool fin, std::uint8_t opcode, std::string_view payload) {
  write(server_frame(fin, opcode, payload));
}

void RawConnection::write_close(std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, code, 2);
  payload += reason;
  write_frame(true, 8, payload);
}

}  // namespace support
