// One SSL object over a Stream: a client's side of TLS (RFC 8446, RFC 5246). OpenSSL reads from that
// stream directly; the records that it writes in one go are passed on together, since a system call
// for each would take as long as encrypting it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "base/buffer.hpp"
#include "net/certificate_failure.hpp"
#include "net/openssl.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace websocket::net {

class TlsSession {
 public:
  enum class Status {
    ok,
    wants_read,   // try again when the stream below is ready to read
    wants_write,  // or to write
    closed,       // the peer said close_notify
    failed        // error() says why, until the next call
  };

  TlsSession(std::unique_ptr<Stream> lower, std::shared_ptr<const OpenSslContext> context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // The host whose certificate is wanted: a name or a numeric address. To be said before the
  // handshake.
  std::optional<base::Failure> expect(const std::string& host);

  Status handshake();
  Status read(std::span<char> into, std::size_t& size);
  Status write(std::span<const char> from, std::size_t& size);
  // As far as the stream below takes it.
  void send_close_notify();

  Stream& lower() { return *lower_; }
  const OpenSslContext& context() const { return *context_; }
  SSL* ssl() const { return ssl_.get(); }

  // OpenSSL holds bytes it has not given us yet.
  bool has_pending() const { return SSL_has_pending(ssl_.get()) == 1; }
  bool lower_is_dry() const { return lower_is_dry_; }
  // Forgets what was known of the stream below: it is asked again.
  void lower_may_have_more() { lower_is_dry_ = false; }

  std::error_code error() const { return error_; }
  // Why the certificate was refused; empty where it was not. Valid as long as the session.
  std::optional<Refusal> refusal() const;
  bool was_asked_for_certificate() const { return asked_for_certificate_; }

 private:
  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* into, std::size_t size, std::size_t* done);
  static int bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* done);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static int on_verify(int verified, X509_STORE_CTX* store);
  static int on_certificate_request(SSL* ssl, void* session);

  void forget_errors();
  Status pass_records_on();
  void pass_alerts_on();
  Status encrypt(std::span<const char> from);
  void records_left(std::size_t size);
  Status status_of(int result);
  std::error_code cause_of_failure() const;

  std::unique_ptr<Stream> lower_;
  std::shared_ptr<const OpenSslContext> context_;
  SslPtr ssl_;

  // The stream below, as OpenSSL's calls have met it. Nothing comes before we have said hello.
  bool lower_is_dry_ = true;
  bool lower_ended_ = false;
  std::error_code lower_error_;

  // What it has not taken yet, and how much of what is being written is in there: record by record,
  // since each is told as written when it has left.
  static constexpr std::size_t records_at_once = 4;
  struct Record {
    std::size_t size;
    std::size_t payload;
  };
  base::Buffer records_;
  std::array<Record, records_at_once> leaving_{};
  std::size_t first_leaving_ = 0;
  std::size_t end_of_leaving_ = 0;
  std::size_t written_ = 0;  // and not told yet

  std::error_code error_;
  bool asked_for_certificate_ = false;
  int refusal_reason_ = X509_V_OK;
  int refusal_depth_ = 0;
  X509Ptr refused_;
};

}  // namespace websocket::net
