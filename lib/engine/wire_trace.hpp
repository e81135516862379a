// Shows one connection's bytes as lines of the trace, in the shape websocket-client gives them: the
// heads of the opening handshake with their secrets hidden, each frame raw and decoded. It follows
// the bytes by itself, so that reader and writer know nothing of it and nonsense on the wire shows
// as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "base/trace_sink.hpp"
#include "protocol/deflate.hpp"
#include "protocol/frame.hpp"

namespace websocket::engine {

// The frames of one direction.
class FrameTrace {
 public:
  FrameTrace(base::TraceSink& sink, std::string_view prefix) : sink_(sink), prefix_(prefix) {}

  // The next bytes on the wire, cut anywhere.
  void feed(std::string_view bytes);
  // They were not all shown: the next ones begin a frame.
  void restart() noexcept;
  // From here on messages may be compressed like that; they are shown inflated.
  void use_deflate(const protocol::DeflateSide& side) { inflater_.emplace(side); }
  // Some bytes go by unseen: what later messages refer to is lost.
  void look_away() noexcept { inflater_.reset(); }

 private:
  std::size_t take_header(std::string_view bytes);
  std::size_t take_payload(std::string_view bytes);
  void inflate(std::string_view bytes);
  void take_inflated(base::StringBuffer& inflated);
  bool is_compressed() const noexcept;
  void show();

  base::TraceSink& sink_;
  const std::string_view prefix_;  // "++Sent", "++Rcv"
  std::string raw_;                // the header, then as much of the payload as is shown
  std::optional<protocol::FrameHeader> header_;
  std::uint64_t payload_seen_ = 0;

  std::optional<protocol::Inflater> inflater_;
  bool message_is_compressed_ = false;
  std::string inflated_;  // of the frame, as much as is shown
  std::uint64_t inflated_size_ = 0;
};

// Both directions of a connection, and its handshake. Costs a branch while the trace is off; turned
// on in the middle it begins with the next frame.
class WireTrace {
 public:
  explicit WireTrace(base::TraceSink& sink)
      : sink_(sink), sent_(sink, "++Sent"), received_(sink, "++Rcv") {}

  void request(std::string_view head);
  // The answer was a right one, and that was agreed on: what came behind it are frames.
  void opened(const protocol::DeflateAgreement* deflate);
  // `at_frame`: the first of these bytes begins a frame.
  void sent(std::string_view bytes, bool at_frame) {
    if (follows(sent_, follows_sent_, at_frame)) sent_.feed(bytes);
  }
  void received(std::string_view bytes, bool at_frame) {
    if (handshake_ != Handshake::over) return received_answer(bytes);
    if (follows(received_, follows_received_, at_frame)) received_.feed(bytes);
  }

 private:
  enum class Handshake : std::uint8_t {
    over,      // or not followed
    awaited,   // a head is to come, or its rest
    switched,  // the 101 was shown; what is behind it waits for opened()
    refused    // another final answer was shown; its body isn't
  };

  bool follows(FrameTrace& frames, bool& following, bool at_frame);
  void received_answer(std::string_view bytes);

  base::TraceSink& sink_;
  FrameTrace sent_;
  FrameTrace received_;
  bool follows_sent_ = false;
  bool follows_received_ = false;
  Handshake handshake_ = Handshake::over;
  std::string answer_;  // what of it was not shown yet
};

}  // namespace websocket::engine
