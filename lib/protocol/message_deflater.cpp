#include "protocol/message_deflater.hpp"

#include "protocol/frame.hpp"

namespace websocket::protocol {

// RFC 7692 6.1: of the frames of a compressed message the first alone has the "Per-Message
// Compressed" bit. Each is flushed by itself, so that a fragment carries what was given for it.
MessageDeflater::Frame MessageDeflater::deflate(Opcode opcode, std::string_view payload, bool fin,
                                                base::Buffer& scratch) {
  const bool is_first = opcode != Opcode::continuation;
  // Of a message in fragments nobody knows yet how long it will be.
  if (!is_sent_) deflater_.forget();
  if (is_first) compressing_ = !fin || wants(payload.size());
  in_message_ = !fin;
  if (!compressing_) return {payload, 0};
  is_sent_ = false;
  deflater_.compress(payload, fin, scratch);
  return {scratch.view(), is_first ? rsv1 : std::uint8_t{0}};
}

}  // namespace websocket::protocol
