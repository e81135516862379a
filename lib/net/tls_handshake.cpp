// See tls_handshake.hpp. "If the TLS handshake fails (e.g., the server's certificate can't be
// verified), then the client MUST Fail the WebSocket Connection" (RFC 6455 4.1).
#include "net/tls_handshake.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "net/certificate.hpp"
#include "net/public_key_pin.hpp"
#include "net/timer.hpp"
#include "net/tls_error.hpp"
#include "net/tls_session.hpp"
#include "net/tls_stream.hpp"

namespace websocket::net {
namespace {

std::string min_version_words(TlsVersion version) {
  return version == TlsVersion::tls1_3 ? "TLS 1.3" : "TLS 1.2";
}

bool is_not_tls(std::error_code error) {
  return is_ssl_reason(error, SSL_R_WRONG_VERSION_NUMBER) ||
         is_ssl_reason(error, SSL_R_PACKET_LENGTH_TOO_LONG) ||
         is_ssl_reason(error, SSL_R_RECORD_LENGTH_MISMATCH) ||
         is_ssl_reason(error, SSL_R_UNKNOWN_PROTOCOL) || is_ssl_reason(error, SSL_R_HTTP_REQUEST);
}

bool is_version_refused(std::error_code error) {
  return received_alert(error) == SSL_AD_PROTOCOL_VERSION ||
         is_ssl_reason(error, SSL_R_UNSUPPORTED_PROTOCOL) ||
         is_ssl_reason(error, SSL_R_VERSION_TOO_LOW);
}

std::string handshake_words(const TlsSession& session) {
  const std::error_code error = session.error();
  const TlsOptions& options = session.context().options;
  if (error == TlsErrc::truncated)
    return "the server closed the connection during the TLS handshake";
  if (is_not_tls(error)) {
    return "the server does not speak TLS on this port (is it ws:// rather than wss://?)";
  }
  if (is_version_refused(error)) {
    return "the server speaks no version of TLS that is allowed here (at least " +
           min_version_words(options.min_version) + ")";
  }
  if (received_alert(error) >= 0 && session.was_asked_for_certificate() &&
      options.cert_file.empty()) {
    return error.message() + "; it had asked for a client certificate, and cert_file is not set";
  }
  if (error.category() == tls_category()) return error.message();
  return "the connection broke during the TLS handshake: " + error.message();
}

std::string trace_line(SSL* ssl) {
  std::string line = "TLS: " + std::string(SSL_get_version(ssl)) + " " + SSL_get_cipher_name(ssl);
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  if (certificate == nullptr) return line + ", no certificate";
  return line + ", certificate " + subject_of(*certificate) + " issued by " +
         issuer_of(*certificate) + ", expires " + last_day_of(*certificate);
}

std::optional<base::Failure> check_pins(const TlsSession& session) {
  const std::vector<PublicKeyPin>& pins = session.context().pins;
  if (pins.empty()) return std::nullopt;
  const X509Ptr certificate(SSL_get1_peer_certificate(session.ssl()));
  const auto pin = certificate == nullptr ? std::nullopt : pin_of(*certificate);
  if (pin && std::find(pins.begin(), pins.end(), *pin) != pins.end()) return std::nullopt;
  return base::Failure{Errc::certificate_not_pinned, "the certificate's public key is " +
                                                         (pin ? pin_text(*pin) : "missing") +
                                                         ", which is not among those pinned"};
}

class TlsHandshaking final : public Operation, private Stream::Listener {
 public:
  TlsHandshaking(const LoopContextPtr& loop, std::unique_ptr<TlsSession> session, std::string host,
                 base::TraceSink& trace, Loop::Connected done)
      : loop_(loop),
        session_(std::move(session)),
        host_(std::move(host)),
        trace_(trace),
        done_(std::move(done)) {
    session_->lower().set_listener(this);
    begin();
  }
  ~TlsHandshaking() override {
    if (session_ != nullptr) session_->lower().set_listener(nullptr);
  }

 private:
  void begin() {
    if (auto failure = session_->expect(host_)) return fail(*std::move(failure));
    take_turn();
  }

  void ready_to_read() override { go_on(); }
  void ready_to_write() override { go_on(); }

  void go_on() {
    session_->lower_may_have_more();
    take_turn();
  }

  void take_turn() {
    switch (session_->handshake()) {
      case TlsSession::Status::ok:
        return succeed();
      case TlsSession::Status::wants_read:
        return session_->lower().wait_to_read();
      case TlsSession::Status::wants_write:
        return session_->lower().wait_to_write();
      case TlsSession::Status::closed:
        return fail(
            {Errc::tls_handshake_failed, "the server ended TLS in the middle of the handshake"});
      case TlsSession::Status::failed:
        return fail(why_failed());
    }
  }

  base::Failure why_failed() const {
    if (const auto refusal = session_->refusal()) {
      return certificate_failure(*refusal, host_, session_->context().authorities);
    }
    return {Errc::tls_handshake_failed, handshake_words(*session_), session_->error()};
  }

  void succeed() {
    if (trace_.enabled()) trace_.line(trace_line(session_->ssl()));
    if (auto failure = check_pins(*session_)) return fail(*std::move(failure));
    finish(std::make_unique<TlsStream>(loop_, std::move(session_)));
  }

  // Told later: what fails at once must not be told before we are returned to who started us.
  void fail(base::Failure failure) {
    session_.reset();  // closes the connection
    failing_ = run_soon(loop_, [this, failure = std::move(failure)] { finish(failure); });
  }

  void finish(base::Outcome<std::unique_ptr<Stream>> outcome) {
    const auto done = std::move(done_);  // on the stack, for it may destroy this
    done(std::move(outcome));
  }

  LoopContextPtr loop_;
  std::unique_ptr<TlsSession> session_;  // gone once it is told how it went
  std::string host_;
  base::TraceSink& trace_;
  Loop::Connected done_;
  OperationPtr failing_;
};

}  // namespace

OperationPtr start_tls_handshake(const LoopContextPtr& loop, std::unique_ptr<Stream> lower,
                                 std::shared_ptr<const OpenSslContext> context,
                                 const std::string& host, base::TraceSink& trace,
                                 Loop::Connected done) {
  const std::string& named = context->options.server_hostname;
  std::string wanted = named.empty() ? host : named;
  auto session = std::make_unique<TlsSession>(std::move(lower), std::move(context));
  return std::make_unique<TlsHandshaking>(loop, std::move(session), std::move(wanted), trace,
                                          std::move(done));
}

}  // namespace websocket::net
