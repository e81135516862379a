// See tls_session.hpp.
#include "net/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <asio/ip/address.hpp>
#include <new>
#include <utility>

#include "net/tls_error.hpp"

namespace websocket::net {
namespace {

constexpr std::size_t record_size = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t record_overhead = 128;  // more than the usual ciphers take
// What a peer that reads nothing can make OpenSSL say; more than we ever encrypt at once.
constexpr std::size_t most_held = std::size_t{128} << 10U;

std::string without_zone(const std::string& host) { return host.substr(0, host.find('%')); }

bool is_numeric(const std::string& host) {
  std::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

std::string without_trailing_dot(std::string host) {
  if (host.ends_with('.')) host.pop_back();
  return host;
}

base::Failure uncheckable(const std::string& host) {
  return {Errc::tls_handshake_failed, "'" + host + "' is no host a certificate can be checked for"};
}

}  // namespace

TlsSession::TlsSession(std::unique_ptr<Stream> lower, std::shared_ptr<const OpenSslContext> context)
    : lower_(std::move(lower)), context_(std::move(context)), ssl_(SSL_new(context_->ssl.get())) {
  BioPtr bio(ssl_ == nullptr ? nullptr : BIO_new(bio_method()));
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  SSL_set_bio(ssl_.get(), bio.get(), bio.get());
  static_cast<void>(bio.release());  // the SSL object owns it now

  SSL_set_connect_state(ssl_.get());
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_cert_cb(ssl_.get(), on_certificate_request, this);
  SSL_set_verify(ssl_.get(), context_->options.verify_peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                 on_verify);
}

TlsSession::~TlsSession() = default;

std::optional<base::Failure> TlsSession::expect(const std::string& host) {
  ERR_clear_error();
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl_.get());
  const bool check = context_->options.check_hostname;
  const std::string address = without_zone(host);
  if (is_numeric(address)) {
    // "Literal IPv4 and IPv6 addresses are not permitted in "HostName"" (RFC 6066 3): no SNI.
    const bool set = !check || X509_VERIFY_PARAM_set1_ip_asc(wanted, address.c_str()) == 1;
    return set ? std::nullopt : std::optional(uncheckable(host));
  }

  // "The hostname is represented as a byte string using ASCII encoding without a trailing dot" (RFC
  // 6066 3). An empty name would turn OpenSSL's check off, one with a dot in front would match
  // every name below it, and one with a NUL would be cut there.
  const std::string name = without_trailing_dot(host);
  if (name.empty() || name.front() == '.' || name.find('\0') != std::string::npos) {
    return uncheckable(host);
  }
  // "Clients MUST use the Server Name Indication extension in the TLS handshake" (RFC 6455 4.1).
  if (SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1) return uncheckable(host);
  if (!check) return std::nullopt;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool set = X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1;
  return set ? std::nullopt : std::optional(uncheckable(host));
}

TlsSession::Status TlsSession::handshake() {
  forget_errors();
  const Status status = status_of(SSL_do_handshake(ssl_.get()));
  if (status == Status::failed) {
    pass_alerts_on();
    return status;
  }
  const Status passed_on = pass_records_on();
  return passed_on == Status::ok ? status : passed_on;
}

TlsSession::Status TlsSession::read(std::span<char> into, std::size_t& size) {
  forget_errors();
  const Status status = status_of(SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
  if (!records_.empty()) pass_alerts_on();
  // Nothing more is there: until there is, the records' buffers are not needed. (A session ticket
  // makes OpenSSL take one for writing too, which it would keep until something was written.) Only
  // between records, though: within one, some versions free what they still use (CVE-2024-4741).
  const bool between_records = std::string_view(SSL_rstate_string(ssl_.get())) == "RH";
  if (status == Status::wants_read && between_records) SSL_free_buffers(ssl_.get());
  return status;
}

// What was encrypted is told as written when its record has left; until then the next call begins
// with the same bytes.
TlsSession::Status TlsSession::write(std::span<const char> from, std::size_t& size) {
  forget_errors();
  Status status = pass_records_on();
  if (status == Status::ok && written_ == 0) {
    status = encrypt(from.first(std::min(from.size(), records_at_once * record_size)));
    if (status == Status::ok) status = pass_records_on();
  }
  size = std::exchange(written_, 0);
  return size > 0 ? Status::ok : status;
}

// Nothing is left of what was encrypted before.
TlsSession::Status TlsSession::encrypt(std::span<const char> from) {
  const std::size_t records = from.size() / record_size + 1;
  records_.prepare(from.size() + records * record_overhead);
  first_leaving_ = end_of_leaving_ = 0;
  while (!from.empty() && end_of_leaving_ < records_at_once) {
    const std::size_t before = records_.size();
    std::size_t put = 0;
    const std::span<const char> next = from.first(std::min(from.size(), record_size));
    const Status status = status_of(SSL_write_ex(ssl_.get(), next.data(), next.size(), &put));
    if (status != Status::ok) {
      records_.clear();
      first_leaving_ = end_of_leaving_ = 0;
      return status;
    }
    leaving_[end_of_leaving_++] = {records_.size() - before, put};
    from = from.subspan(put);
  }
  return Status::ok;
}

void TlsSession::records_left(std::size_t size) {
  records_.consume(size);
  while (size > 0 && first_leaving_ < end_of_leaving_) {
    Record& record = leaving_[first_leaving_];
    const std::size_t of_this = std::min(size, record.size);
    size -= of_this;
    record.size -= of_this;
    if (record.size > 0) return;
    written_ += record.payload;
    ++first_leaving_;
  }
}

TlsSession::Status TlsSession::pass_records_on() {
  while (!records_.empty()) {
    const IoResult result = lower_->write(records_.view());
    switch (result.status) {
      case IoStatus::ok:
        records_left(result.size);
        break;
      case IoStatus::would_block:
        return Status::wants_write;
      case IoStatus::end:
      case IoStatus::failed:
        error_ = result.error;
        return Status::failed;
    }
  }
  records_.release();  // idle connections hold no buffers
  return Status::ok;
}

// What OpenSSL says by itself. Not past what is being written: that is told as unsent for now, and
// must not arrive all the same when the connection ends. The error stays what it is.
void TlsSession::pass_alerts_on() {
  if (first_leaving_ < end_of_leaving_) return;
  const std::error_code error = error_;
  pass_records_on();
  error_ = error;
}

// OpenSSL takes whatever lies in the thread's queue for the outcome of its latest call.
void TlsSession::forget_errors() {
  ERR_clear_error();
  lower_error_.clear();
}

void TlsSession::send_close_notify() {
  ERR_clear_error();
  // OpenSSL must not be called any more after a fatal error.
  if (!error_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  pass_alerts_on();
}

std::optional<Refusal> TlsSession::refusal() const {
  // Without verify_peer OpenSSL tells its doubts too, and goes on.
  if (refusal_reason_ == X509_V_OK || !context_->options.verify_peer) return std::nullopt;
  return Refusal{refusal_reason_, refusal_depth_, refused_.get()};
}

TlsSession::Status TlsSession::status_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Status::ok;
    case SSL_ERROR_WANT_READ:
      return Status::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Status::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return Status::closed;
    default:
      error_ = cause_of_failure();
      ERR_clear_error();
      return Status::failed;
  }
}

std::error_code TlsSession::cause_of_failure() const {
  // What the peer said in TLS explains more than how the connection went after it.
  const std::error_code error = tls_error(ERR_peek_error());
  const bool is_end = is_ssl_reason(error, SSL_R_UNEXPECTED_EOF_WHILE_READING);
  if (error != TlsErrc::unspecified && !is_end) return error;
  if (lower_error_) return lower_error_;
  return is_end || lower_ended_ ? TlsErrc::truncated : error;
}

// ---- OpenSSL's view of the stream below

const BIO_METHOD* TlsSession::bio_method() {
  // Never freed: connections on other threads may outlive the statics of main().
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "websocket stream");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int TlsSession::bio_read(BIO* bio, char* into, std::size_t size, std::size_t* done) {
  auto& session = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  // What the last read below told spares the system call that would only confirm it.
  if (session.lower_is_dry_) {
    BIO_set_retry_read(bio);
    return 0;
  }
  const IoResult result = session.lower_->read({into, size});
  session.lower_is_dry_ = result.drained || result.status == IoStatus::would_block;
  switch (result.status) {
    case IoStatus::ok:
      *done = result.size;
      return 1;
    case IoStatus::would_block:
      BIO_set_retry_read(bio);
      return 0;
    case IoStatus::end:
      session.lower_ended_ = true;
      return 0;
    case IoStatus::failed:
      session.lower_error_ = result.error;
      return 0;
  }
  return 0;
}

// Takes what it is given; pass_records_on() knows how much of that the stream below takes.
int TlsSession::bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
  auto& session = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (session.records_.size() > most_held) {
    BIO_set_retry_write(bio);
    return 0;
  }
  try {
    session.records_.append({from, size});
  } catch (const std::bad_alloc&) {  // OpenSSL, which is C, calls us
    session.lower_error_ = std::make_error_code(std::errc::not_enough_memory);
    return 0;
  }
  *done = size;
  return 1;
}

long TlsSession::bio_control(BIO* bio, int command, long, void*) {
  const auto& session = *static_cast<const TlsSession*>(BIO_get_data(bio));
  switch (command) {
    case BIO_CTRL_FLUSH:  // done when OpenSSL has returned
      return 1;
    case BIO_CTRL_EOF:
      return session.lower_ended_ ? 1 : 0;
    default:
      return 0;
  }
}

// ---- what OpenSSL asks in the handshake

int TlsSession::on_verify(int verified, X509_STORE_CTX* store) {
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  if (verified == 1 || session.refusal_reason_ != X509_V_OK) return verified;
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate != nullptr) X509_up_ref(certificate);
  session.refused_.reset(certificate);
  session.refusal_reason_ = X509_STORE_CTX_get_error(store);
  session.refusal_depth_ = X509_STORE_CTX_get_error_depth(store);
  return verified;
}

int TlsSession::on_certificate_request(SSL*, void* session) {
  static_cast<TlsSession*>(session)->asked_for_certificate_ = true;
  return 1;  // go on with the one that is set, or none
}

}  // namespace websocket::net
