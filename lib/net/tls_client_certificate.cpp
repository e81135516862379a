// See tls_client_certificate.hpp. OpenSSL would ask for a missing password on the terminal; it is
// given key_password or nothing instead.
#include "net/tls_client_certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509err.h>

#include <cstring>
#include <string>

#include "net/tls_error.hpp"

namespace websocket::net {
namespace {

struct Password {
  const std::string& text;
  bool was_asked_for = false;
};

int give_password(char* into, int size, int, void* password_of_caller) {
  auto& password = *static_cast<Password*>(password_of_caller);
  password.was_asked_for = true;
  if (password.text.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(into, password.text.data(), password.text.size());
  return static_cast<int>(password.text.size());
}

int no_password(char*, int, int, void*) { return -1; }

// Lends OpenSSL the password for as long as files are read.
class LentPassword {
 public:
  LentPassword(SSL_CTX& context, Password& password) : context_(context) {
    SSL_CTX_set_default_passwd_cb(&context_, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(&context_, &password);
  }
  ~LentPassword() {
    SSL_CTX_set_default_passwd_cb(&context_, no_password);
    SSL_CTX_set_default_passwd_cb_userdata(&context_, nullptr);
  }
  LentPassword(const LentPassword&) = delete;
  LentPassword& operator=(const LentPassword&) = delete;

 private:
  SSL_CTX& context_;
};

base::Failure unusable(const std::string& what, const std::string& why,
                       std::error_code cause = {}) {
  return {Errc::tls_client_certificate, what + " cannot be used: " + why, cause};
}

bool is_mismatch() {
  const unsigned long last = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(last);
  return ERR_GET_LIB(last) == ERR_LIB_X509 &&
         (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH);
}

std::string reason_in_words(std::error_code error, const std::string& wanted) {
  if (error.category() == std::system_category()) return error.message();
  return "it holds no " + wanted + " in PEM format (" + error.message() + ")";
}

base::Failure key_failure(const std::string& key, const std::string& certificate,
                          const Password& password) {
  const bool mismatch = is_mismatch();
  const std::error_code error = take_tls_error();
  if (mismatch)
    return unusable(key, "it is not the key of the certificate in " + certificate, error);
  if (password.was_asked_for && password.text.empty()) {
    return unusable(key, "it is encrypted, and no key_password is set", error);
  }
  if (password.was_asked_for) return unusable(key, "key_password does not open it", error);
  return unusable(key, reason_in_words(error, "private key"), error);
}

}  // namespace

std::optional<base::Failure> use_client_certificate(SSL_CTX& context, const TlsOptions& options) {
  Password password{options.key_password};
  const LentPassword lent(context, password);
  if (options.cert_file.empty()) {
    if (options.key_file.empty()) return std::nullopt;
    return unusable("key_file '" + options.key_file + "'", "cert_file is not set");
  }

  const std::string certificate = "cert_file '" + options.cert_file + "'";
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(&context, options.cert_file.c_str()) != 1) {
    const std::error_code error = take_tls_error();
    return unusable(certificate, reason_in_words(error, "certificate"), error);
  }

  const bool own_file = !options.key_file.empty();
  const std::string& path = own_file ? options.key_file : options.cert_file;
  const std::string key =
      own_file ? "key_file '" + path + "'" : "the private key in " + certificate;
  if (SSL_CTX_use_PrivateKey_file(&context, path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return key_failure(key, certificate, password);
  }
  if (SSL_CTX_check_private_key(&context) != 1) {
    return unusable(key, "it is not the key of the certificate in " + certificate,
                    take_tls_error());
  }
  return std::nullopt;
}

}  // namespace websocket::net
