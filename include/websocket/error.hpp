// What can go wrong, as codes to test for and as sentences to read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <websocket/export.hpp>
#include <websocket/headers.hpp>

namespace websocket {

/// How far a connection had come when something failed.
enum class Stage : std::uint8_t {
  url,        ///< reading the URL
  resolve,    ///< looking up the host name
  connect,    ///< opening the TCP connection
  proxy,      ///< talking to a proxy
  tls,        ///< the TLS handshake and its options
  handshake,  ///< the opening handshake and its options, RFC 6455 4
  open,       ///< the connection was open
  closing,    ///< the closing handshake was under way, RFC 6455 7
  callback    ///< a handler of the program
};

/// One per thing that can go wrong. Each belongs to one `Condition`, given as the heading here.
enum class Errc : std::uint8_t {
  // Condition::invalid_argument: nothing was sent.
  invalid_url = 1,     ///< the URL cannot be read (RFC 3986, RFC 6455 3)
  unsupported_scheme,  ///< the URL's scheme is not ws or wss
  url_has_fragment,    ///< the URL has a '#'; "fragment identifiers ... MUST NOT be used" (RFC 6455
                       ///< 3)
  invalid_header,  ///< a header, cookie, host, origin or user agent that must not go on the wire
  invalid_subprotocol,    ///< a subprotocol that is no RFC 9110 token, or is given twice
  invalid_option,         ///< an option out of its range, or one whose capability is not built yet
  invalid_utf8_sent,      ///< text to send that is not UTF-8
  control_too_long_sent,  ///< a ping or pong to send with more than 125 bytes of payload

  // Condition::address
  host_not_found,       ///< the name has no address
  resolve_failed,       ///< the name could not be looked up (name server out of reach, ...)
  network_unreachable,  ///< no way to the host or its network
  connect_failed,  ///< TCP failed in another way, or there was no memory to connect; the sentence
                   ///< has the system's words

  // Condition::refused
  connection_refused,  ///< nothing listens there

  // Condition::proxy
  proxy_failed,  ///< the proxy did not let us through

  // Condition::tls
  tls_ca_unreadable,           ///< ca_file, ca_path or ca_pem cannot be used
  tls_client_certificate,      ///< cert_file or key_file cannot be used
  tls_option,                  ///< ciphers, min_version or pins cannot be used
  tls_handshake_failed,        ///< the handshake broke off; the sentence says how
  certificate_expired,         ///< the certificate's time is over
  certificate_not_yet_valid,   ///< the certificate's time has not begun; or the clock here is wrong
  certificate_self_signed,     ///< the certificate is signed by itself
  certificate_unknown_issuer,  ///< no trusted authority signed the certificate
  certificate_wrong_host,      ///< the certificate is for another host
  certificate_not_pinned,      ///< none of pinned_public_keys is the certificate's key
  certificate_invalid,         ///< the certificate does not verify for another reason

  // Condition::handshake_failed
  bad_status,              ///< the server answered with something else than 101
  invalid_response,        ///< the answer is no HTTP/1.1 head
  response_too_large,      ///< the answer's head is over Limits::max_response_head
  invalid_upgrade,         ///< not just "Upgrade: websocket" in the answer
  invalid_connection,      ///< no "Connection: Upgrade" in the answer
  invalid_accept,          ///< Sec-WebSocket-Accept is missing or not the one for our key
  unexpected_subprotocol,  ///< the server chose a subprotocol that was not offered
  unexpected_extension,    ///< the server chose an extension that was not offered, or in a way
                           ///< that was not, or that cannot be read; 1010 goes out
  handshake_closed,        ///< the server closed the connection within the handshake

  // Condition::timeout
  connect_timeout,  ///< connecting took longer than ConnectOptions::timeout
  ping_timeout,     ///< nothing came within RunOptions::ping_timeout after a ping
  receive_timeout,  ///< nothing came within the synchronous face's timeout
  send_timeout,     ///< the data did not leave within the synchronous face's timeout

  // Condition::protocol_violation: 1002 goes out
  reserved_bits,            ///< RSV1-3 set without an extension that defines them
  reserved_opcode,          ///< an opcode RFC 6455 does not define
  masked_frame,             ///< a masked frame from a server
  unmasked_frame,           ///< an unmasked frame from a client (told by servers alone)
  fragmented_control,       ///< a control frame without FIN
  control_too_long,         ///< a control frame with more than 125 bytes of payload
  length_not_minimal,       ///< a length not encoded in the fewest bytes
  length_out_of_range,      ///< a 64-bit length with its first bit set
  unexpected_continuation,  ///< a continuation frame where no message had begun
  interrupted_message,      ///< a new message within a fragmented one
  invalid_close_payload,    ///< a Close frame with one byte of payload
  invalid_close_code,       ///< a Close frame with a code that may not be sent

  // Condition::payload_invalid: 1007 goes out
  invalid_utf8,          ///< text or a close reason that is not UTF-8
  invalid_deflate_data,  ///< a compressed message that cannot be inflated (RFC 7692)

  // Condition::too_big: 1009 goes out
  message_too_big,     ///< a message over Limits::max_message_size, or no memory for one, or for
                       ///< something else that an open connection needs
  too_many_fragments,  ///< a message in more than Limits::max_fragments fragments

  // Condition::closed
  connection_lost,  ///< the link ended without a closing handshake
  not_connected,    ///< the connection is not open: never was, or is closed

  // Condition::callback_threw
  callback_threw,  ///< a handler of the program threw
};

/// Classes of failure, for tests like `error.code == Condition::timeout`.
enum class Condition : std::uint8_t {
  invalid_argument = 1,
  address,
  proxy,
  tls,
  handshake_failed,
  protocol_violation,
  payload_invalid,
  too_big,
  timeout,
  closed,
  refused,
  callback_threw
};

/// The category of `Errc`, named "websocket"; the one of `Condition`, named "websocket.condition".
WEBSOCKET_API const std::error_category& error_category() noexcept;
WEBSOCKET_API const std::error_category& condition_category() noexcept;
WEBSOCKET_API std::error_code make_error_code(Errc code) noexcept;
WEBSOCKET_API std::error_condition make_error_condition(Condition condition) noexcept;

/// Everything about one failure.
struct Error {
  std::error_code
      code;  ///< an `Errc`; compares with `Condition`, and with std::errc where one fits
  Stage stage = Stage::url;
  /// One sentence from the outside in, with the values: "TLS handshake with example.com:443 failed:
  /// the certificate expired on 2026-01-31". Passwords in URLs show as `***`.
  std::string message;
  /// When the server answered with something else than 101.
  std::shared_ptr<const Response> response;
  int attempt = 1;              ///< counts from 1, and anew whenever a connection opened
  bool will_reconnect = false;  ///< another attempt follows
  std::error_code cause;        ///< what the system said, where it said something
};

}  // namespace websocket

template <>
struct std::is_error_code_enum<websocket::Errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<websocket::Condition> : std::true_type {};
