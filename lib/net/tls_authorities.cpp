// See tls_authorities.hpp. Certificates are read here rather than by OpenSSL's file look-up, so
// that a file or text that holds none, or a broken one among good ones, is told and not passed
// over.
#include "net/tls_authorities.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <string>

#include "net/openssl.hpp"
#include "net/tls_error.hpp"
#include "net/trust_store.hpp"

namespace websocket::net {
namespace {

using MaybeFailure = std::optional<base::Failure>;

base::Failure unusable(const std::string& what, const std::string& why,
                       std::error_code cause = {}) {
  return {Errc::tls_ca_unreadable, what + " cannot be used: " + why, cause};
}

// A certificate is no secret; one that is encrypted all the same must not make OpenSSL ask for a
// password.
int no_password(char*, int, int, void*) { return 0; }

std::string damaged(int number) {
  return "its certificate no. " + std::to_string(number) + " is damaged: ";
}

MaybeFailure trust_all_in(BIO& pem, X509_STORE& store, const std::string& what) {
  for (int count = 0;; ++count) {
    ERR_clear_error();
    const X509Ptr certificate(PEM_read_bio_X509_AUX(&pem, nullptr, no_password, nullptr));
    if (certificate == nullptr) {
      const unsigned long last = ERR_peek_last_error();
      const bool at_end =
          ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
      const std::error_code error = take_tls_error();
      // Where reading failed, the system's error stands before OpenSSL's own.
      if (error.category() == std::system_category()) return unusable(what, error.message(), error);
      if (!at_end) return unusable(what, damaged(count + 1) + error.message(), error);
      if (count == 0) return unusable(what, "it holds no certificate in PEM format");
      return std::nullopt;
    }
    if (X509_STORE_add_cert(&store, certificate.get()) != 1) {
      const std::error_code error = take_tls_error();
      return unusable(what, error.message(), error);
    }
  }
}

MaybeFailure trust_file(const std::string& path, X509_STORE& store) {
  const std::string what = "ca_file '" + path + "'";
  ERR_clear_error();
  const BioPtr file(BIO_new_file(path.c_str(), "rb"));
  if (file == nullptr) {
    const std::error_code error = take_tls_error();
    return unusable(what, error.message(), error);
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return unusable(what, "it is a directory (which ca_path can name)");
  }
  return trust_all_in(*file, store, what);
}

MaybeFailure trust_text(const std::string& text, X509_STORE& store) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return unusable("ca_pem", "it is " + std::to_string(text.size()) + " bytes long");
  }
  const BioPtr memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (memory == nullptr) throw std::bad_alloc();
  return trust_all_in(*memory, store, "ca_pem");
}

MaybeFailure trust_directory(const std::string& path, SSL_CTX& context) {
  const std::string what = "ca_path '" + path + "'";
  std::error_code error;
  const std::filesystem::directory_iterator readable(path, error);
  if (error) return unusable(what, error.message(), error);
  if (!holds_hashed_certificates(path)) {
    return unusable(what,
                    "it holds no certificate under a hashed name ('openssl rehash' makes them)");
  }
  if (SSL_CTX_load_verify_dir(&context, path.c_str()) == 1) return std::nullopt;
  error = take_tls_error();
  return unusable(what, error.message(), error);
}

MaybeFailure trust_given(SSL_CTX& context, const TlsOptions& options) {
  X509_STORE& store = *SSL_CTX_get_cert_store(&context);
  // Whoever names an intermediate authority means it: it need not lead to a root.
  X509_STORE_set_flags(&store, X509_V_FLAG_PARTIAL_CHAIN);
  if (!options.ca_file.empty()) {
    if (MaybeFailure failure = trust_file(options.ca_file, store)) return failure;
  }
  if (!options.ca_pem.empty()) {
    if (MaybeFailure failure = trust_text(options.ca_pem, store)) return failure;
  }
  if (!options.ca_path.empty()) return trust_directory(options.ca_path, context);
  return std::nullopt;
}

base::Outcome<Authorities> trust_someone(SSL_CTX& context, const TlsOptions& options) {
  const bool given =
      !options.ca_file.empty() || !options.ca_path.empty() || !options.ca_pem.empty();
  if (given) {
    if (MaybeFailure failure = trust_given(context, options)) return *std::move(failure);
    return Authorities::some;
  }
  if (!options.verify_peer) return Authorities::none;  // nobody will be asked for
  return trust_system(context) ? Authorities::some : Authorities::none;
}

// OpenSSL reads a certificate's extensions when it is first needed, on whichever connection's thread
// that is, and publishes them without a lock. That is sound, but ThreadSanitizer cannot see it and
// would tell every program that it looks at of a race. Done here, nothing is written later, except
// for what directories of certificates give when it is asked for.
void read_extensions_now(X509_STORE& store) {
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(&store);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr) X509_check_purpose(certificate, -1, 0);
  }
  ERR_clear_error();  // one that is invalid is refused when it is met
}

}  // namespace

base::Outcome<Authorities> trust_authorities(SSL_CTX& context, const TlsOptions& options) {
  auto trusted = trust_someone(context, options);
  read_extensions_now(*SSL_CTX_get_cert_store(&context));
  return trusted;
}

}  // namespace websocket::net
