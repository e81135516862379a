// The server's side of a play: see exchange.hpp. Frames are read here, by code that is not the
// library's.
#include "conformance/exchange.hpp"

#include <algorithm>
#include <stdexcept>

#include "conformance/bytes.hpp"

namespace conformance {

using support::RawConnection;
using support::RawError;
using support::RawFrame;

namespace {

// A stream this short is sent byte by byte as a whole, a longer one at its ends.
constexpr std::size_t bytewise_up_to = 400;
constexpr std::size_t bytewise_beginning = 80;
constexpr std::size_t bytewise_end = 16;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

// Takes a whole frame from the beginning of these bytes, if there is one.
std::optional<RawFrame> take_frame(std::string& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  RawFrame frame;
  frame.fin = (byte_at(bytes, 0) & 0x80U) != 0;
  frame.reserved_bits = static_cast<std::uint8_t>((byte_at(bytes, 0) >> 4U) & 7U);
  frame.opcode = static_cast<std::uint8_t>(byte_at(bytes, 0) & 15U);
  frame.masked = (byte_at(bytes, 1) & 0x80U) != 0;
  frame.length_field = static_cast<std::uint8_t>(byte_at(bytes, 1) & 0x7fU);
  const std::size_t long_length = frame.length_field == 126 ? 2 : frame.length_field == 127 ? 8 : 0;
  const std::size_t head = 2 + long_length + (frame.masked ? 4 : 0);
  if (bytes.size() < head) return std::nullopt;
  const std::string_view view(bytes);
  const std::uint64_t length =
      long_length == 0 ? frame.length_field : big_endian(view.substr(2, long_length));
  if (bytes.size() - head < length) return std::nullopt;
  if (frame.masked) {
    frame.mask_key = static_cast<std::uint32_t>(big_endian(view.substr(head - 4, 4)));
  }
  frame.payload = bytes.substr(head, length);
  if (frame.masked) support::apply_mask(frame.payload, frame.mask_key);
  bytes.erase(0, head + length);
  return frame;
}

void write_bytewise(RawConnection& connection, std::string_view bytes) {
  for (const char& byte : bytes) {
    connection.write({&byte, 1});
    std::this_thread::yield();
  }
}

void write_at_ends_bytewise(RawConnection& connection, std::string_view bytes) {
  if (bytes.size() <= bytewise_up_to) return write_bytewise(connection, bytes);
  write_bytewise(connection, bytes.substr(0, bytewise_beginning));
  std::string_view middle =
      bytes.substr(bytewise_beginning, bytes.size() - bytewise_beginning - bytewise_end);
  const std::size_t piece = middle.size() / 13 + 1;  // seldom a multiple of anything
  while (!middle.empty()) {
    connection.write(middle.substr(0, piece));
    middle.remove_prefix(std::min(piece, middle.size()));
  }
  write_bytewise(connection, bytes.substr(bytes.size() - bytewise_end));
}

// The server's side of one play.
class Play {
 public:
  Play(RawConnection& connection, const Case& row, Chunking chunking, Seen& seen)
      : connection_(connection), row_(row), chunking_(chunking), seen_(seen) {}

  void run() {
    const std::string request = connection_.read_until("\r\n\r\n");
    const std::string accept =
        support::accept_value(support::header_value(request, "Sec-WebSocket-Key"));
    head_ = row_.answer ? row_.answer(accept)
                        : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
                              accept + "\r\n" + row_.more_lines + "\r\n";
    if (!row_.end.opened) return refuse();
    auto step = row_.server.begin();
    const bool glued = step != row_.server.end() && step->what == Step::What::send;
    write_first(glued ? (step++)->bytes : "");
    while (step != row_.server.end()) take(*step++);
    read_to_end();
  }

 private:
  // The client may end the connection while the head is still being written, and with a reset, since
  // it did not read all of the answer.
  void refuse() {
    std::string bytes = head_;
    for (const Step& step : row_.server) bytes += step.bytes;
    try {
      chunking_ == Chunking::bytewise ? write_bytewise(connection_, bytes)
                                      : connection_.write(bytes);
      if (!row_.server.empty() && row_.server.back().what == Step::What::end) {
        connection_.shutdown();
      }
      while (next()) {
        if (seen_.close) connection_.shutdown();
      }
      if (!seen_.frames.empty() || !unread_.empty()) problem("more than a request came");
    } catch (const RawError&) {
      // Throws again if it was not the end.
      connection_.wait_for_end(support::Milliseconds(1000));
    }
  }

  void write_first(const std::string& bytes) {
    switch (chunking_) {
      case Chunking::whole:
        connection_.write(head_ + bytes);
        break;
      case Chunking::bytewise:
        row_.answer ? write_bytewise(connection_, head_) : connection_.write(head_);
        write_at_ends_bytewise(connection_, bytes);
        break;
      case Chunking::cuts: {
        const std::string all = head_ + bytes;
        std::size_t written = 0;
        for (const std::ptrdiff_t cut : row_.cuts) {
          const auto end =
              static_cast<std::size_t>(static_cast<std::ptrdiff_t>(head_.size()) + cut);
          connection_.write(all.substr(written, end - written));
          std::this_thread::yield();
          written = end;
        }
        connection_.write(all.substr(written));
        break;
      }
    }
  }

  void take(const Step& step) {
    switch (step.what) {
      case Step::What::send:
        if (chunking_ == Chunking::bytewise) {
          write_at_ends_bytewise(connection_, step.bytes);
        } else {
          connection_.write(step.bytes);
        }
        break;
      case Step::What::expect: {
        const auto frame = next();
        if (!frame) throw RawError("the client ended the connection before an expected frame");
        const std::string wrong = step.check(*frame);
        if (!wrong.empty()) throw RawError(wrong);
        break;
      }
      case Step::What::end:
        connection_.shutdown();
        break;
      case Step::What::stay:
        stays_ = true;
        break;
    }
  }

  std::optional<RawFrame> next() {
    auto frame = next_frame(connection_, unread_);
    if (!frame) return frame;
    const std::string wrong = complaint(*frame, row_.reserved_bits_allowed);
    if (!wrong.empty()) problem(wrong);
    // 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
    if (seen_.close) problem("a frame came after the Close frame");
    if (frame->opcode == 8 && !seen_.close) {
      seen_.close = *frame;
    } else {
      seen_.frames.push_back(*frame);
    }
    return frame;
  }

  void read_to_end() {
    while (!seen_.close && next()) {
    }
    // 7.1.1: "in most normal cases, the TCP connection SHOULD be closed first by the server".
    if (seen_.close && !stays_) connection_.shutdown();
    if (seen_.close) {
      while (next()) {
      }
    }
    if (!unread_.empty()) problem("the client ended within a frame");
  }

  void problem(std::string what) { seen_.problems.push_back(std::move(what)); }

  RawConnection& connection_;
  const Case& row_;
  Chunking chunking_;
  Seen& seen_;
  std::string head_;
  std::string unread_;
  bool stays_ = false;
};

}  // namespace

const char* name_of(Chunking chunking) {
  switch (chunking) {
    case Chunking::whole:
      return "whole";
    case Chunking::bytewise:
      return "byte by byte";
    case Chunking::cuts:
      break;
  }
  return "cut where the case says";
}

Step expect(std::uint8_t opcode, std::string payload) {
  return expect_that([opcode, payload = std::move(payload)](const RawFrame& frame) -> std::string {
    if (frame.fin && frame.reserved_bits == 0 && frame.opcode == opcode &&
        frame.payload == payload) {
      return {};
    }
    return "a frame with opcode " + std::to_string(frame.opcode) + " and payload " +
           hex(frame.payload.substr(0, 200)) + " came; expected opcode " + std::to_string(opcode) +
           " and payload " + hex(payload.substr(0, 200));
  });
}

std::optional<RawFrame> next_frame(RawConnection& connection, std::string& unread) {
  for (;;) {
    if (auto frame = take_frame(unread)) return frame;
    const std::string more = connection.read_some();
    if (more.empty()) return std::nullopt;
    unread += more;
  }
}

std::string complaint(const RawFrame& frame, std::uint8_t reserved_bits_allowed) {
  const std::string which = "a frame with opcode " + std::to_string(frame.opcode) + " ";
  // 5.1: "a client MUST mask all frames that it sends to the server".
  if (!frame.masked) return which + "is not masked";
  // 5.2: RSV1-3 "MUST be 0 unless an extension is negotiated that defines meanings".
  if ((frame.reserved_bits & ~unsigned{reserved_bits_allowed}) != 0) return which + "has RSV bits";
  // 5.2: "the minimal number of bytes MUST be used to encode the length".
  const std::size_t size = frame.payload.size();
  const unsigned minimal = size < 126 ? static_cast<unsigned>(size) : size < 65536 ? 126U : 127U;
  if (frame.length_field != minimal) return which + "does not have the shortest length";
  if (frame.opcode < 8) return frame.opcode > 2 ? which + "is not defined" : "";
  if (frame.opcode > 10) return which + "is not defined";
  // 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
  // fragmented."
  if (!frame.fin || size > 125) return which + "is no control frame as of 5.5";
  // 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer".
  if (frame.opcode == 8 && size == 1) return which + "has a body of one byte";
  return {};
}

void play_server(RawConnection& connection, const Case& row, Chunking chunking, Seen& seen) {
  Play(connection, row, chunking, seen).run();
}

}  // namespace conformance
