// What a program's threads have sent and the loop has not taken yet: whole frames, masked already,
// in one run of bytes. Compressing and framing happen on the sender's thread, so that the loop only
// passes the bytes on.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <websocket/app.hpp>
#include <websocket/message.hpp>

#include "base/buffer.hpp"
#include "protocol/deflate.hpp"
#include "protocol/mask_keys.hpp"
#include "protocol/message_deflater.hpp"

namespace websocket::api {

class Outbox {
 public:
  Outbox(std::size_t limit, protocol::MaskKeys::Random random)
      : limit_(limit), keys_(std::move(random)) {}

  struct Pushed {
    SendResult result;
    bool wake_loop;  // nobody has promised to look yet: tell the loop
  };
  // Any thread. The payload may be sent as it is.
  Pushed push(Opcode opcode, std::string_view payload);
  // Any thread: nothing more is accepted; what is there still goes out.
  void shut();
  std::size_t size() const;  // what is here and what has not left the loop yet

  // ---- the loop's thread
  // A connection is open, and agreed on that; the loop will look.
  void open(const std::optional<protocol::DeflateAgreement>& deflate);
  void discard();     // the connection is gone, what is here can't go out
  void stay_awake();  // the loop will look when its turn ends: no need to wake it
  // Takes everything, in exchange for an empty buffer; false when there is nothing: wake me from
  // now on.
  bool take(base::Buffer& frames);
  // What the loop holds. True once after a push was refused: there is room again.
  bool set_in_flight(std::size_t size);
  // Gives back memory that it can do without for now.
  void rest();

 private:
  // A connection's compressor. Its lock is held while a message is compressed and framed, so that
  // messages go out in the order in which they were compressed. Nobody waits for it, and nobody
  // holds mutex_, which is taken after it, for long.
  struct Compressor {
    explicit Compressor(const protocol::DeflateAgreement& agreement)
        : deflater(agreement.client, agreement) {}
    std::mutex mutex;
    protocol::MessageDeflater deflater;
  };

  std::shared_ptr<Compressor> compressor_for(Opcode opcode, std::size_t size) const;
  Pushed push_compressed(Compressor& compressor, Opcode opcode, std::string_view payload);
  Pushed append(Opcode opcode, std::string_view payload, std::uint8_t reserved);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  protocol::MaskKeys keys_;
  std::shared_ptr<Compressor> compressor_;  // of the open connection
  base::Buffer frames_;
  std::size_t in_flight_ = 0;
  bool open_ = false;
  bool loop_will_look_ = false;
  bool refused_ = false;
};

}  // namespace websocket::api
