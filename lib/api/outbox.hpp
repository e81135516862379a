// What a program's threads have sent and the loop has not taken yet: whole frames, masked already,
// in one run of bytes. Framing happens on the sender's thread, so that the loop only passes the
// bytes on.
#pragma once

#include <cstddef>
#include <mutex>
#include <string_view>
#include <websocket/app.hpp>
#include <websocket/message.hpp>

#include "base/buffer.hpp"
#include "protocol/mask_keys.hpp"

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
  void open();        // a connection is open; the loop will look
  void discard();     // the connection is gone, what is here can't go out
  void stay_awake();  // the loop will look when its turn ends: no need to wake it
  // Takes everything, in exchange for an empty buffer; false when there is nothing: wake me from
  // now on.
  bool take(base::Buffer& frames);
  // What the loop holds. True once after a push was refused: there is room again.
  bool set_in_flight(std::size_t size);

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  protocol::MaskKeys keys_;
  base::Buffer frames_;
  std::size_t in_flight_ = 0;
  bool open_ = false;
  bool loop_will_look_ = false;
  bool refused_ = false;
};

}  // namespace websocket::api
