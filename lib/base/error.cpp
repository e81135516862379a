// The error categories: which Errc belongs to which Condition, and what each says in a few words.
#include <string>
#include <websocket/error.hpp>

namespace websocket {
namespace {

Condition condition_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_url:
    case Errc::unsupported_scheme:
    case Errc::url_has_fragment:
    case Errc::invalid_header:
    case Errc::invalid_subprotocol:
    case Errc::invalid_option:
    case Errc::invalid_utf8_sent:
    case Errc::control_too_long_sent:
      return Condition::invalid_argument;
    case Errc::host_not_found:
    case Errc::resolve_failed:
    case Errc::network_unreachable:
    case Errc::connect_failed:
      return Condition::address;
    case Errc::connection_refused:
      return Condition::refused;
    case Errc::proxy_failed:
      return Condition::proxy;
    case Errc::tls_ca_unreadable:
    case Errc::tls_client_certificate:
    case Errc::tls_option:
    case Errc::tls_handshake_failed:
    case Errc::certificate_expired:
    case Errc::certificate_not_yet_valid:
    case Errc::certificate_self_signed:
    case Errc::certificate_unknown_issuer:
    case Errc::certificate_wrong_host:
    case Errc::certificate_not_pinned:
    case Errc::certificate_invalid:
      return Condition::tls;
    case Errc::bad_status:
    case Errc::invalid_response:
    case Errc::response_too_large:
    case Errc::invalid_upgrade:
    case Errc::invalid_connection:
    case Errc::invalid_accept:
    case Errc::unexpected_subprotocol:
    case Errc::unexpected_extension:
    case Errc::handshake_closed:
      return Condition::handshake_failed;
    case Errc::connect_timeout:
    case Errc::ping_timeout:
    case Errc::receive_timeout:
    case Errc::send_timeout:
      return Condition::timeout;
    case Errc::reserved_bits:
    case Errc::reserved_opcode:
    case Errc::masked_frame:
    case Errc::unmasked_frame:
    case Errc::fragmented_control:
    case Errc::control_too_long:
    case Errc::length_not_minimal:
    case Errc::length_out_of_range:
    case Errc::unexpected_continuation:
    case Errc::interrupted_message:
    case Errc::invalid_close_payload:
    case Errc::invalid_close_code:
      return Condition::protocol_violation;
    case Errc::invalid_utf8:
    case Errc::invalid_deflate_data:
      return Condition::payload_invalid;
    case Errc::message_too_big:
    case Errc::too_many_fragments:
      return Condition::too_big;
    case Errc::connection_lost:
    case Errc::not_connected:
      return Condition::closed;
    case Errc::callback_threw:
      return Condition::callback_threw;
  }
  return Condition::invalid_argument;
}

const char* words_for(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_url:
      return "the URL cannot be read";
    case Errc::unsupported_scheme:
      return "the URL's scheme is not ws or wss";
    case Errc::url_has_fragment:
      return "the URL has a fragment";
    case Errc::invalid_header:
      return "a header that must not be sent";
    case Errc::invalid_subprotocol:
      return "a subprotocol that must not be offered";
    case Errc::invalid_option:
      return "an option that cannot be used";
    case Errc::invalid_utf8_sent:
      return "text to send that is not UTF-8";
    case Errc::control_too_long_sent:
      return "a control payload of more than 125 bytes to send";
    case Errc::host_not_found:
      return "the host has no address";
    case Errc::resolve_failed:
      return "the host name could not be looked up";
    case Errc::network_unreachable:
      return "no way to the host";
    case Errc::connect_failed:
      return "the TCP connection could not be opened";
    case Errc::connection_refused:
      return "the connection was refused";
    case Errc::proxy_failed:
      return "the proxy did not let the connection through";
    case Errc::tls_ca_unreadable:
      return "the certificate authorities cannot be read";
    case Errc::tls_client_certificate:
      return "the client's certificate or key cannot be used";
    case Errc::tls_option:
      return "a TLS option that cannot be used";
    case Errc::tls_handshake_failed:
      return "the TLS handshake failed";
    case Errc::certificate_expired:
      return "the server's certificate has expired";
    case Errc::certificate_not_yet_valid:
      return "the server's certificate is not valid yet";
    case Errc::certificate_self_signed:
      return "the server's certificate is signed by itself";
    case Errc::certificate_unknown_issuer:
      return "nobody trusted signed the server's certificate";
    case Errc::certificate_wrong_host:
      return "the server's certificate is for another host";
    case Errc::certificate_not_pinned:
      return "the server's public key is not a pinned one";
    case Errc::certificate_invalid:
      return "the server's certificate does not verify";
    case Errc::bad_status:
      return "the server did not switch to the WebSocket protocol";
    case Errc::invalid_response:
      return "the server's answer is not HTTP";
    case Errc::response_too_large:
      return "the server's answer is too large";
    case Errc::invalid_upgrade:
      return "the answer has no Upgrade: websocket";
    case Errc::invalid_connection:
      return "the answer has no Connection: Upgrade";
    case Errc::invalid_accept:
      return "the answer's Sec-WebSocket-Accept is wrong";
    case Errc::unexpected_subprotocol:
      return "the server chose a subprotocol that was not offered";
    case Errc::unexpected_extension:
      return "the server chose an extension that was not offered";
    case Errc::handshake_closed:
      return "the server closed the connection within the handshake";
    case Errc::connect_timeout:
      return "connecting took too long";
    case Errc::ping_timeout:
      return "the server did not answer a ping";
    case Errc::receive_timeout:
      return "nothing was received in time";
    case Errc::send_timeout:
      return "the data could not be sent in time";
    case Errc::reserved_bits:
      return "a frame with reserved bits set";
    case Errc::reserved_opcode:
      return "a frame with a reserved opcode";
    case Errc::masked_frame:
      return "a masked frame from the server";
    case Errc::unmasked_frame:
      return "an unmasked frame from the client";
    case Errc::fragmented_control:
      return "a fragmented control frame";
    case Errc::control_too_long:
      return "a control frame that is too long";
    case Errc::length_not_minimal:
      return "a length not encoded in the fewest bytes";
    case Errc::length_out_of_range:
      return "a length with its first bit set";
    case Errc::unexpected_continuation:
      return "a continuation of no message";
    case Errc::interrupted_message:
      return "a message begun within another";
    case Errc::invalid_close_payload:
      return "a Close frame with one byte of payload";
    case Errc::invalid_close_code:
      return "a Close frame with a code that may not be sent";
    case Errc::invalid_utf8:
      return "text that is not UTF-8";
    case Errc::invalid_deflate_data:
      return "a compressed message that cannot be inflated";
    case Errc::message_too_big:
      return "a message that is too big";
    case Errc::too_many_fragments:
      return "a message in too many fragments";
    case Errc::connection_lost:
      return "the connection was lost";
    case Errc::not_connected:
      return "the connection is not open";
    case Errc::callback_threw:
      return "a handler threw an exception";
  }
  return "unknown error";
}

// The std::errc a program may also compare with, where one says the same.
std::error_condition generic_condition_of(Errc code, const std::error_category& category) noexcept {
  if (code == Errc::connection_refused) return std::errc::connection_refused;
  if (code == Errc::network_unreachable) return std::errc::network_unreachable;
  if (code == Errc::not_connected) return std::errc::not_connected;
  if (condition_of(code) == Condition::timeout) return std::errc::timed_out;
  return {static_cast<int>(code), category};
}

class ErrorCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "websocket"; }
  std::string message(int code) const override { return words_for(static_cast<Errc>(code)); }
  std::error_condition default_error_condition(int code) const noexcept override {
    return generic_condition_of(static_cast<Errc>(code), *this);
  }
};

class ConditionCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "websocket.condition"; }

  std::string message(int condition) const override {
    switch (static_cast<Condition>(condition)) {
      case Condition::invalid_argument:
        return "invalid argument";
      case Condition::address:
        return "the server cannot be reached";
      case Condition::proxy:
        return "the proxy failed";
      case Condition::tls:
        return "TLS failed";
      case Condition::handshake_failed:
        return "the opening handshake failed";
      case Condition::protocol_violation:
        return "the server violated the protocol";
      case Condition::payload_invalid:
        return "a payload is invalid";
      case Condition::too_big:
        return "a message is too big";
      case Condition::timeout:
        return "it took too long";
      case Condition::closed:
        return "the connection is closed";
      case Condition::refused:
        return "the connection was refused";
      case Condition::callback_threw:
        return "a handler threw an exception";
    }
    return "unknown condition";
  }

  bool equivalent(const std::error_code& code, int condition) const noexcept override {
    return code.category() == websocket::error_category() &&
           condition_of(static_cast<Errc>(code.value())) == static_cast<Condition>(condition);
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const ErrorCategory category;
  return category;
}

const std::error_category& condition_category() noexcept {
  static const ConditionCategory category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

std::error_condition make_error_condition(Condition condition) noexcept {
  return {static_cast<int>(condition), condition_category()};
}

}  // namespace websocket
