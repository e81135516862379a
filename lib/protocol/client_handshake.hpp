// What the server answers to the opening handshake: RFC 6455 4.1 (the client's checks of 4.2.2).
// Other answers than 101 are read with their body, for the program to see. Timeouts and redirects
// are left to the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <websocket/headers.hpp>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "base/seldom.hpp"
#include "protocol/deflate.hpp"
#include "protocol/extension_list.hpp"
#include "protocol/handshake_request.hpp"
#include "protocol/http_body.hpp"
#include "protocol/http_head.hpp"
#include "protocol/packed_response.hpp"

namespace websocket::protocol {

// What the server answered, and what both agreed on. It stays when the handshake is over.
struct HandshakeAnswer {
  // Also when the handshake failed; status 0 before the head was whole.
  PackedResponse response;
  bool accepted = false;  // the handshake has succeeded
  // Nothing where the server did not take permessage-deflate.
  base::Seldom<DeflateAgreement> deflate = {};

  // What the server chose; empty for nothing.
  std::string subprotocol() const;
  // What the server chose of the extensions, as it wrote it; empty for none.
  std::string extensions() const;
};

class ClientHandshake {
 public:
  static constexpr std::size_t max_body = std::size_t{64} << 10U;

  ClientHandshake(HandshakeRequest request, const Limits& limits);

  // The request has left. What its answer must say is worked out while the server reads it.
  void request_has_left() { expected_accept(); }

  enum class Progress : std::uint8_t { more, accepted, failed };
  // When accepted, `consumed` stops right behind the head's empty line: what follows are frames.
  // Once it said anything but `more` it says so again and takes nothing.
  Progress feed(std::string_view bytes, std::size_t& consumed);
  // The server closed the connection.
  Progress feed_end();
  // No more waiting for the body of an answer other than 101; nothing where there is none.
  Progress give_up_on_body();
  // Whether the head of such an answer is whole and its body is not.
  bool in_body() const noexcept { return state_ == State::body; }

  const base::Failure& failure() const noexcept { return failure_; }
  const Response& response() const noexcept { return response_; }
  std::shared_ptr<const HandshakeAnswer> answer() const noexcept { return answer_; }

 private:
  enum class State : std::uint8_t { head, body, accepted, failed };

  Progress progress() const noexcept;
  const std::string& expected_accept();
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_body(std::string_view bytes);
  void end_head();
  void end_body();
  void check_switching_protocols();
  bool check_upgrade();
  bool check_accept();
  bool check_extensions();
  bool check_extension(const Extension& extension);
  bool check_subprotocol();
  bool fail(Errc code, std::string message);
  bool fail(base::Failure failure);

  // What was asked
  std::string key_;
  std::string expected_accept_;  // once worked out
  std::vector<std::string> offered_;
  std::optional<CompressionOptions> compression_;
  std::size_t max_head_;

  // What was answered
  State state_ = State::head;
  HeadParser head_;
  std::size_t head_bytes_ = 0;  // of heads before this one: 100, 103
  BodyReader body_;
  Response response_;
  std::shared_ptr<HandshakeAnswer> answer_ = std::make_shared<HandshakeAnswer>();
  base::Failure failure_{};  // of value once failed
};

}  // namespace websocket::protocol
