// See tls_error.hpp. The alerts are those of RFC 8446 6.
#include "net/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace websocket::net {
namespace {

std::string alert_words(int alert) {
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return "the server found nothing in common with us (TLS alert 'handshake failure')";
    case SSL_AD_PROTOCOL_VERSION:
      return "the server does not speak the versions of TLS we offered (TLS alert 'protocol "
             "version')";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "the server requires a client certificate (TLS alert 'certificate required')";
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      return std::string("the server refused our certificate (TLS alert '") +
             SSL_alert_desc_string_long(alert) + "')";
    case SSL_AD_UNRECOGNIZED_NAME:
      return "the server does not know that host name (TLS alert 'unrecognized name')";
    default:
      return std::string("the server broke off with the TLS alert '") +
             SSL_alert_desc_string_long(alert) + "'";
  }
}

class TlsCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override {
    if (value == static_cast<int>(TlsErrc::truncated)) {
      return "the connection ended without TLS's closing message";
    }
    const int alert = received_alert({value, *this});
    if (alert >= 0) return alert_words(alert);
    const char* const reason = ERR_reason_error_string(static_cast<unsigned long>(value));
    return reason != nullptr ? reason : "TLS failed without a reason given";
  }
};

int reason_of(std::error_code error) noexcept {
  if (error.category() != tls_category()) return -1;
  const auto packed = static_cast<unsigned long>(error.value());
  return ERR_GET_LIB(packed) == ERR_LIB_SSL ? ERR_GET_REASON(packed) : -1;
}

}  // namespace

const std::error_category& tls_category() noexcept {
  static const TlsCategory category;
  return category;
}

std::error_code make_error_code(TlsErrc code) noexcept {
  return {static_cast<int>(code), tls_category()};
}

std::error_code tls_error(unsigned long openssl_error) noexcept {
  if (openssl_error == 0) return TlsErrc::unspecified;
  if (ERR_SYSTEM_ERROR(openssl_error))
    return {ERR_GET_REASON(openssl_error), std::system_category()};
  return {static_cast<int>(openssl_error), tls_category()};
}

std::error_code take_tls_error() noexcept {
  const std::error_code error = tls_error(ERR_peek_error());
  ERR_clear_error();
  return error;
}

int received_alert(std::error_code error) noexcept {
  // OpenSSL makes a received alert a reason by adding this offset; a byte is all an alert can be.
  const int alert = reason_of(error) - SSL_AD_REASON_OFFSET;
  return alert >= 0 && alert <= 255 ? alert : -1;
}

bool is_ssl_reason(std::error_code error, int reason) noexcept {
  return reason_of(error) == reason;
}

}  // namespace websocket::net
