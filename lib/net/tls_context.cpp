// See tls_context.hpp. Whom to trust and which certificate to show have files of their own.
#include "net/tls_context.hpp"

#include <openssl/err.h>

#include <new>
#include <optional>

#include "net/tls_client_certificate.hpp"
#include "net/tls_error.hpp"

namespace websocket::net {
namespace {

using MaybeFailure = std::optional<base::Failure>;

SslCtxPtr new_client_context() {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // An end without close_notify is told; who ended the data may not have been the server (RFC 8446
  // 6.1).
  SSL_CTX_clear_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections hold no buffers, and writing behaves as Stream::write says. AUTO_RETRY: after
  // a record without data (a session ticket) reading goes on, so that "wants to read" means the
  // stream below is dry.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  // A record's header and body in one system call.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

const char* version_name(TlsVersion version) {
  return version == TlsVersion::tls1_3 ? "TLS 1.3" : "TLS 1.2";
}

MaybeFailure set_min_version(SSL_CTX& context, TlsVersion version) {
  const int wanted = version == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  // The system's configuration may ask for more than we do.
  if (SSL_CTX_get_min_proto_version(&context) >= wanted) return std::nullopt;
  if (SSL_CTX_set_min_proto_version(&context, wanted) == 1) return std::nullopt;
  const std::error_code error = take_tls_error();
  return base::Failure{
      Errc::tls_option,
      std::string("min_version cannot be ") + version_name(version) + ": " + error.message(),
      error};
}

MaybeFailure set_ciphers(SSL_CTX& context, const std::string& ciphers) {
  if (ciphers.empty() || SSL_CTX_set_cipher_list(&context, ciphers.c_str()) == 1)
    return std::nullopt;
  const std::error_code error = take_tls_error();
  return base::Failure{Errc::tls_option,
                       "the ciphers '" + ciphers + "' cannot be used: " + error.message(), error};
}

MaybeFailure read_pins(const std::vector<std::string>& texts, std::vector<PublicKeyPin>& pins) {
  for (const std::string& text : texts) {
    const std::optional<PublicKeyPin> pin = parse_pin(text);
    if (!pin) {
      return base::Failure{
          Errc::tls_option,
          "the pinned public key '" + text + "' is not \"sha256//\" and the base64 of 32 bytes"};
    }
    pins.push_back(*pin);
  }
  return std::nullopt;
}

MaybeFailure apply_options(OpenSslContext& context, const TlsOptions& options) {
  SSL_CTX& ssl = *context.ssl;
  if (MaybeFailure failure = set_min_version(ssl, options.min_version)) return failure;
  if (MaybeFailure failure = set_ciphers(ssl, options.ciphers)) return failure;
  if (MaybeFailure failure = read_pins(options.pinned_public_keys, context.pins)) return failure;
  auto trusted = trust_authorities(ssl, options);
  if (auto* failure = std::get_if<base::Failure>(&trusted)) return std::move(*failure);
  context.authorities = std::get<Authorities>(trusted);
  return use_client_certificate(ssl, options);
}

}  // namespace

base::Outcome<std::shared_ptr<const OpenSslContext>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_shared<OpenSslContext>();
  context->ssl = new_client_context();
  if (MaybeFailure failure = apply_options(*context, options)) return *std::move(failure);
  context->options = options;
  context->options.key_password.clear();
  return std::shared_ptr<const OpenSslContext>(std::move(context));
}

}  // namespace websocket::net
