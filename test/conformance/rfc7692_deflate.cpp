// zlib behind rfc7692_deflate.hpp.
#include "conformance/rfc7692_deflate.hpp"

#include <zlib.h>

#include <array>
#include <random>
#include <stdexcept>
#include <utility>

#include "conformance/bytes.hpp"

namespace conformance {

using support::RawFrame;

namespace {

constexpr std::string_view tail("\x00\x00\xff\xff", 4);

Bytef* input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

std::string agreed(std::string_view parameters) {
  return std::string("Sec-WebSocket-Extensions: permessage-deflate").append(parameters) + "\r\n";
}

websocket::ConnectOptions compressing(const websocket::CompressionOptions& compression) {
  auto options = patient();
  options.compression = compression;
  return options;
}

// ---- DEFLATE data

Bits& Bits::value(unsigned value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (used_ == 8) {
      bytes_ += '\0';
      used_ = 0;
    }
    const unsigned last = static_cast<unsigned char>(bytes_.back());
    bytes_.back() = static_cast<char>(last | (value >> i & 1U) << used_++);
  }
  return *this;
}

Bits& Bits::code(unsigned code, unsigned count) {
  for (unsigned i = count; i > 0; --i) value(code >> (i - 1) & 1U, 1);
  return *this;
}

Bits& Bits::align() {
  used_ = 8;
  return *this;
}

Bits& Bits::bytes(std::string_view bytes) {
  bytes_ += bytes;
  return align();
}

// RFC 1951 3.2.6's table.
Bits& Bits::fixed(unsigned symbol) {
  if (symbol < 144) return code(0x30 + symbol, 8);
  if (symbol < 256) return code(0x190 + symbol - 144, 9);
  if (symbol < 280) return code(symbol - 256, 7);
  return code(0xc0 + symbol - 280, 8);
}

Bits& Bits::text(std::string_view letters) {
  for (const char letter : letters) fixed(static_cast<unsigned char>(letter));
  return *this;
}

Bits& Bits::copy_three(unsigned distance) {
  fixed(257);
  if (distance <= 4) return code(distance - 1, 5);
  return code(4, 5).value(distance - 5, 1);
}

// ---- zlib

struct Deflating::Stream {
  z_stream z{};
};

Deflating::Deflating(int window_bits, int level) : stream_(std::make_unique<Stream>()) {
  // zlib has no raw window of 8 bits. Of 9 it uses the last 250 bytes, which are within one of 8.
  const int bits = window_bits == 8 ? 9 : window_bits;
  if (deflateInit2(&stream_->z, level, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
}

Deflating::~Deflating() { deflateEnd(&stream_->z); }

void Deflating::reset() { deflateReset(&stream_->z); }

std::string Deflating::message(std::string_view data) {
  z_stream& z = stream_->z;
  std::string compressed;
  std::array<char, 4096> room;
  z.next_in = input(data);
  z.avail_in = static_cast<uInt>(data.size());
  do {
    z.next_out = reinterpret_cast<Bytef*>(room.data());
    z.avail_out = static_cast<uInt>(room.size());
    ::deflate(&z, Z_SYNC_FLUSH);
    compressed.append(room.data(), room.size() - z.avail_out);
  } while (z.avail_out == 0);
  if (compressed.ends_with(tail)) compressed.resize(compressed.size() - tail.size());
  return compressed.empty() ? std::string(1, '\0') : compressed;
}

std::string deflated(std::string_view data, int window_bits) {
  return Deflating(window_bits).message(data);
}

std::string fragmented(unsigned opcode, std::string_view compressed, std::size_t frame_size) {
  std::string frames;
  unsigned first = 0x40U | opcode;
  while (compressed.size() > frame_size) {
    frames += frame(std::exchange(first, 0U), compressed.substr(0, frame_size));
    compressed.remove_prefix(frame_size);
  }
  return frames + frame(0x80U | first, compressed);
}

struct Inflating::Stream {
  z_stream z{};
};

Inflating::Inflating(int window_bits) : stream_(std::make_unique<Stream>()) {
  if (inflateInit2(&stream_->z, -window_bits) != Z_OK) throw std::runtime_error("inflateInit2");
}

Inflating::~Inflating() { inflateEnd(&stream_->z); }

void Inflating::reset() { inflateReset(&stream_->z); }

std::optional<std::string> Inflating::message(std::string_view compressed) {
  const std::string whole = std::string(compressed).append(tail);
  z_stream& z = stream_->z;
  z.next_in = input(whole);
  z.avail_in = static_cast<uInt>(whole.size());
  std::string data;
  for (;;) {
    char byte = 0;
    z.next_out = reinterpret_cast<Bytef*>(&byte);
    z.avail_out = 1;
    const int result = ::inflate(&z, Z_SYNC_FLUSH);
    if (z.avail_out == 0) data += byte;
    if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_out == 1)) break;
    if (result != Z_OK) return std::nullopt;
  }
  return z.avail_in == 0 ? std::optional(data) : std::nullopt;
}

// ---- payloads

std::string noise(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xffU);
  return bytes;
}

std::string repeated(std::string_view part, std::size_t size) {
  std::string text;
  while (text.size() < size) text += part;
  text.resize(size);
  return text;
}

// ---- what the client sends

namespace {

std::string check_compressed(Inflating& inflating, const RawFrame& frame, const std::string& data) {
  // 7.2.3.6: even of nothing something is sent.
  if (frame.payload.empty()) return "a compressed message has no payload";
  // 7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
  if (frame.payload.ends_with(tail)) return "a compressed message ends with 00 00 FF FF";
  const auto inflated = inflating.message(frame.payload);
  if (!inflated) return "a compressed message cannot be inflated with the window agreed on";
  return *inflated == data ? "" : "a compressed message inflates to something else";
}

std::string check_sent(Inflating& inflating, const RawFrame& frame, const Delivery& message,
                       const Sending& rules) {
  const unsigned opcode = message.kind == Kind::ping ? 9U : message.kind == Kind::binary ? 2U : 1U;
  const bool compresses = opcode != 9 && message.data.size() >= rules.threshold;
  const std::string which = "the message of " + std::to_string(message.data.size()) + " bytes ";
  if (frame.opcode != opcode || !frame.fin) {
    return which + "came as a frame with opcode " + std::to_string(frame.opcode) +
           (frame.fin ? "" : " without FIN");
  }
  if (frame.reserved_bits != (compresses ? 4 : 0)) {
    return which + "has the RSV bits " + std::to_string(frame.reserved_bits);
  }
  if (!compresses) return frame.payload == message.data ? "" : which + "was changed";
  return check_compressed(inflating, frame, message.data);
}

}  // namespace

std::vector<Step> expect_messages(std::vector<Delivery> messages, const Sending& rules) {
  // Each play of the row begins with the first step.
  const auto inflating = std::make_shared<Inflating>(rules.window_bits);
  std::vector<Step> steps;
  for (Delivery& message : messages) {
    const bool begins_anew = steps.empty() || rules.no_context_takeover;
    steps.push_back(expect_that(
        [inflating, begins_anew, rules, expected = std::move(message)](const RawFrame& frame) {
          if (begins_anew) inflating->reset();
          return check_sent(*inflating, frame, expected, rules);
        }));
  }
  return steps;
}

}  // namespace conformance
