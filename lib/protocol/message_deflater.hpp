// Which of the messages that are sent are compressed, and what goes into their frames: RFC 7692 6.1.
// Framing and masking are left to who sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <websocket/message.hpp>

#include "base/buffer.hpp"
#include "protocol/deflate.hpp"

namespace websocket::protocol {

class MessageDeflater {
 public:
  MessageDeflater(const DeflateSide& own, const DeflateAgreement& agreement)
      : deflater_(own, agreement.level), threshold_(agreement.threshold) {}

  struct Frame {
    std::string_view payload;  // the one given, or what it was compressed to
    std::uint8_t reserved;     // the frame's reserved bits
  };
  // What the frame of a data message carries. What is compressed lies in `scratch`, an empty buffer.
  // Then sent(); where that is left out, by a refusal or an exception, the peer has not seen the
  // frame, and the next one does not refer to it.
  Frame deflate(Opcode opcode, std::string_view payload, bool fin, base::Buffer& scratch);
  // Whether a message of one frame would be compressed.
  bool wants(std::size_t size) const noexcept { return size >= threshold_; }

  void sent() noexcept { is_sent_ = true; }
  // Gives back memory; the next message takes it again.
  void rest() noexcept {
    if (!in_message_) deflater_.rest();
  }

 private:
  Deflater deflater_;
  const std::size_t threshold_;
  bool in_message_ = false;  // a frame without FIN came
  bool compressing_ = false;
  bool is_sent_ = true;
};

}  // namespace websocket::protocol
