// One row of the conformance tests: what a scripted server does after the handshake, byte by byte,
// and what RFC 6455 says must come of it, on both faces. play.hpp plays it, rows.hpp makes it a case of its
// own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/websocket.hpp>

#include "support/deadline.hpp"
#include "support/raw_server.hpp"

namespace conformance {

// ---- what the client's user receives, in order

enum class Kind : std::uint8_t { text, binary, ping, pong };

/// Pings and pongs are looked for on the callback face alone: the synchronous one does not show
/// them.
struct Delivery {
  Kind kind = Kind::text;
  std::string data;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};
inline Delivery text(std::string data) { return {Kind::text, std::move(data)}; }
inline Delivery binary(std::string data) { return {Kind::binary, std::move(data)}; }
inline Delivery ping(std::string data) { return {Kind::ping, std::move(data)}; }
inline Delivery pong(std::string data) { return {Kind::pong, std::move(data)}; }

// ---- what the server does

/// "" for a frame that is right, or what is wrong with it.
using FrameCheck = std::function<std::string(const support::RawFrame&)>;

struct Step {
  enum class What : std::uint8_t { send, expect, end, stay };
  What what = What::send;
  std::string bytes;  // to send
  FrameCheck check;   // of the client's next frame
};
/// The first of these leaves together with the answer to the handshake, in one segment.
inline Step send(std::string bytes) { return {Step::What::send, std::move(bytes), {}}; }
/// The client's next frame is this one: one frame, with FIN, RSV 0.
Step expect(std::uint8_t opcode, std::string payload);
inline Step expect_that(FrameCheck check) { return {Step::What::expect, {}, std::move(check)}; }
/// The server ends its side of TCP.
inline Step end_of_stream() { return {Step::What::end, {}, {}}; }
/// The server does not end TCP by itself, not even when it has the client's Close frame.
inline Step stay() { return {Step::What::stay, {}, {}}; }

// ---- how it ends

struct End {
  bool opened = true;                            ///< the handshake succeeds
  std::optional<websocket::Errc> error{};        ///< none: closed in order
  std::optional<websocket::Condition> class_{};  ///< where the RFC leaves open which of several
  std::optional<int> status{};                   ///< of an answer other than 101
  /// The code in the Close frame that arrives at the server; 1005: without a body; none: no Close
  /// frame may arrive.
  std::optional<std::uint16_t> close_sent{};
  // CloseInfo
  std::uint16_t code = 1006;
  std::string reason{};
  bool clean = false;
  bool by_peer = false;
};

/// 7.1.7, _Fail the WebSocket Connection_: that error, that code to the server.
inline End fails(websocket::Errc error, std::uint16_t code) {
  return {.error = error, .close_sent = code};
}
inline End fails(websocket::Condition condition, std::uint16_t code) {
  return {.class_ = condition, .close_sent = code};
}
/// The handshake fails: nothing more is sent.
inline End refused(websocket::Errc error) { return {.opened = false, .error = error}; }
inline End refused() { return {.opened = false, .class_ = websocket::Condition::handshake_failed}; }
/// An extension that was not offered, or not in that way. 7.4.1 has the code 1010 for clients that do
/// not get the extensions they need; the server, which believes the connection to be open, is told so.
inline End refused_extension() {
  return {.opened = false, .error = websocket::Errc::unexpected_extension, .close_sent = 1010};
}
/// The server answered something else than 101.
inline End answered(int status) {
  return {.opened = false, .error = websocket::Errc::bad_status, .status = status};
}
/// The server's Close frame came, and was answered with the same code.
inline End closed_by_server(std::uint16_t code = 1000, std::string reason = {}) {
  return {.close_sent = code,
          .code = code,
          .reason = std::move(reason),
          .clean = true,
          .by_peer = true};
}
/// Case::client_closes, and the server's answer has that code.
inline End closed_by_us(std::uint16_t sent, std::uint16_t code, std::string reason = {}) {
  return {.close_sent = sent, .code = code, .reason = std::move(reason), .clean = true};
}
/// Case::client_closes, and no Close frame of the server's came.
inline End closed_without_answer(std::uint16_t sent) { return {.close_sent = sent}; }
/// The link ended without a Close frame.
inline End lost() { return {.error = websocket::Errc::connection_lost}; }

// ---- the row

struct ClientClose {
  std::size_t after_messages = 0;  ///< 0: as soon as it is open
  std::uint16_t code = 1000;
  std::string reason{};
};

/// Deadlines that no passing case comes near.
inline websocket::ConnectOptions patient() {
  return {.timeout = support::default_deadline, .close_timeout = support::Milliseconds(10'000)};
}
inline websocket::ConnectOptions with_limit(std::size_t max_message_size) {
  auto options = patient();
  options.limits.max_message_size = max_message_size;
  return options;
}

struct Case {
  std::string
      name;  ///< "RFC 6455 5.5.1: a Close frame with code 1004 fails the connection with 1002"
  std::vector<Step> server{};
  std::vector<Delivery> delivered{};
  End end = closed_by_server();

  websocket::ConnectOptions options = patient();
  std::vector<Delivery> client_sends{};  ///< as soon as it is open; texts, binaries and pings
  std::optional<ClientClose> client_closes{};
  std::string subprotocol{};  ///< what both faces say was chosen
  /// Lines of the answer besides the four right ones, each with its CR LF.
  std::string more_lines{};
  /// The whole head, or what there is instead of one, given the right accept value.
  std::function<std::string(std::string_view accept)> answer{};
  /// Where the stream is cut, counted from the end of the head; empty: sent whole, and again byte
  /// by byte.
  std::vector<std::ptrdiff_t> cuts{};
  std::uint8_t reserved_bits_allowed = 0;  ///< in the client's frames; RSV1 is 4
};

}  // namespace conformance
