// What OpenSSL says, as std::error_code and in words.
#pragma once

#include <string>
#include <system_error>

namespace websocket::net {

// The category "tls": values are OpenSSL's packed error codes, and those below.
const std::error_category& tls_category() noexcept;

enum class TlsErrc : int {
  truncated = 1,  // the connection ended without a close_notify: data may be missing
  unspecified     // OpenSSL failed and didn't say why
};
std::error_code make_error_code(TlsErrc code) noexcept;

// One of OpenSSL's errors; the system's own errors among them get the system's category.
std::error_code tls_error(unsigned long openssl_error) noexcept;

// The cause of what OpenSSL's call just failed with on this thread: the oldest error in its queue,
// which this empties.
std::error_code take_tls_error() noexcept;

// The number of the alert (RFC 8446 6) that the peer sent, or -1 where the error is something else.
int received_alert(std::error_code error) noexcept;
// Whether it is that one of OpenSSL's SSL_R_... reasons.
bool is_ssl_reason(std::error_code error, int reason) noexcept;

}  // namespace websocket::net

template <>
struct std::is_error_code_enum<websocket::net::TlsErrc> : std::true_type {};
