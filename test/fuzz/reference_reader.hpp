// The oracle: what RFC 6455 asks of a client that is sent these bytes, written from its text and
// from what the library promises (which events, which close code), without a look at how the
// library does it. It has the whole stream at once, reads it frame by frame and copies everything.
//
// Where a frame breaks several rules the RFC does not say which close code to give: here 1002 goes
// before 1009, and of a text what is not UTF-8 before what is too long. A compressed message may
// refer to all that was said before it, also beyond the window agreed on: that is not for the
// receiver to mind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/outcome.hpp"

namespace fuzz {

class ReferenceReader {
 public:
  ReferenceReader(const Settings& settings, std::string_view stream);

  // What comes of it once the stream has ended behind its last byte.
  Outcome read();

 private:
  enum class State : std::uint8_t { open, closing, over };

  struct Frame {
    std::size_t begins = 0;  // its payload, in the stream
    std::uint64_t length = 0;
    unsigned opcode = 0;
    unsigned reserved = 0;
    bool fin = false;
    bool masked = false;
    bool minimal = true;

    bool is_control() const { return opcode >= 8; }
    std::uint64_t ends() const { return begins + length; }
  };

  // Nothing where the stream ends within it.
  std::optional<Frame> read_header();
  // The close code for what is wrong with it; 0 where nothing is.
  unsigned judge(const Frame& frame) const;
  unsigned judge_size(const Frame& frame) const;
  void read_data(const Frame& frame);
  // Both: false when the connection failed. What the message is so far is in `message_`.
  bool take_payload(const Frame& frame, std::string_view payload);
  bool inflate_payload(const Frame& frame, std::string_view payload);
  bool checks_utf8() const { return message_opcode_ == 1 && settings_.check_utf8; }
  void read_control(const Frame& frame);
  void read_close(const Frame& frame, std::string_view payload);

  // What happens with the stream's byte before `at`.
  void tell(std::size_t at, Told told);
  bool fail(std::size_t at, unsigned code);  // false
  void reach(std::size_t at);

  const Settings settings_;
  const std::string_view stream_;
  State state_ = State::open;
  std::size_t position_ = 0;
  Outcome outcome_;

  // The message that has begun
  bool in_message_ = false;
  bool streamed_ = false;
  unsigned message_opcode_ = 0;
  bool compressed_ = false;
  std::string wire_;  // all its payload so far
  std::string message_;
  std::size_t told_ = 0;  // of it, in fragments
  std::size_t fragments_ = 0;
  std::string before_;  // what compressed messages said so far
};

}  // namespace fuzz
