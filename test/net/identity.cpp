// See identity.hpp.
#include "identity.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "net/public_key_pin.hpp"

namespace net_test {
namespace {

using websocket::net::BioPtr;
using websocket::net::X509Ptr;

void check(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL made no certificate");
}

void add_extension(X509& certificate, X509* issuer, int kind, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  check(extension != nullptr);
  check(X509_add_ext(&certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void set_common_name(X509& certificate, const std::string& name) {
  check(X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                   0) == 1);
}

Identity make(const Identity* issuer, const Wanted& wanted) {
  static long serial = 1;
  Identity made{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  check(made.certificate != nullptr && made.key != nullptr);
  X509& certificate = *made.certificate;
  X509_set_version(&certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(&certificate), serial++);
  constexpr long day = 24L * 60 * 60;
  X509_gmtime_adj(X509_getm_notBefore(&certificate), wanted.from_days * day);
  X509_gmtime_adj(X509_getm_notAfter(&certificate), wanted.to_days * day);
  set_common_name(certificate, wanted.common_name);
  X509_set_pubkey(&certificate, made.key.get());

  X509& signer = issuer == nullptr ? certificate : *issuer->certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&signer));
  add_extension(certificate, &signer, NID_basic_constraints,
                wanted.is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  add_extension(certificate, &signer, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) {
    add_extension(certificate, &signer, NID_authority_key_identifier, "keyid");
  }
  add_extension(certificate, &signer, NID_subject_alt_name, wanted.alternative_names);
  EVP_PKEY* const key = issuer == nullptr ? made.key.get() : issuer->key.get();
  check(X509_sign(&certificate, key, EVP_sha256()) > 0);
  return made;
}

std::string text_of(const BioPtr& memory) {
  const char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::string Identity::certificate_pem() const {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(memory.get(), certificate.get()) == 1);
  return text_of(memory);
}

std::string Identity::key_pem(const std::string& password) const {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(password.data());
  check(PEM_write_bio_PrivateKey(memory.get(), key.get(), cipher,
                                 password.empty() ? nullptr : bytes,
                                 static_cast<int>(password.size()), nullptr, nullptr) == 1);
  return text_of(memory);
}

std::string Identity::pin() const {
  return websocket::net::pin_text(websocket::net::pin_of(*certificate).value());
}

Identity self_signed(const Wanted& wanted) { return make(nullptr, wanted); }

Identity signed_by(const Identity& issuer, const Wanted& wanted) { return make(&issuer, wanted); }

const Identity& test_authority() {
  static const Identity authority = self_signed({"Test Authority", "", -10, 3650, true});
  return authority;
}

const Identity& localhost() {
  static const Identity identity = signed_by(test_authority(), {});
  return identity;
}

}  // namespace net_test
