// Certificates for tests, made with OpenSSL (RFC 5280): P-256 keys, so that making them is quick.
#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

namespace support {
namespace {

constexpr long day = 24L * 60 * 60;

template <auto function>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, FreedBy<X509_free>>;
using BioPointer = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;

struct Issued {
  Key key;
  X509Pointer certificate;
};

struct Wish {
  const char* common_name = "";
  const char* subject_names = nullptr;  // as openssl.cnf writes them
  const char* usage = "serverAuth";
  bool authority = false;
  long from = -day;
  long until = 30 * day;
};

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("cannot make a test certificate: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

void set_names_and_times(X509* certificate, const Wish& wish) {
  std::array<unsigned char, 8> serial{};
  check(RAND_bytes(serial.data(), static_cast<int>(serial.size())) == 1, "serial number");
  serial[0] &= 0x7FU;
  const std::unique_ptr<BIGNUM, FreedBy<BN_free>> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  check(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr, "serial");
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.until);
  const auto* name = reinterpret_cast<const unsigned char*>(wish.common_name);
  check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, name, -1,
                                   -1, 0) == 1,
        "subject");
}

// Signed by `issuer`, or by itself where there is none.
Issued issue(const Wish& wish, const Issued* issuer) {
  Issued issued{Key(EVP_EC_gen("P-256")), X509Pointer(X509_new())};
  check(issued.key && issued.certificate, "key");
  X509* const certificate = issued.certificate.get();
  X509* const signer = issuer ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  set_names_and_times(certificate, wish);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, issued.key.get());

  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  if (issuer) add_extension(certificate, signer, NID_authority_key_identifier, "keyid:always");
  add_extension(certificate, signer, NID_basic_constraints,
                wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, signer, NID_key_usage,
                wish.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!wish.authority) add_extension(certificate, signer, NID_ext_key_usage, wish.usage);
  if (wish.subject_names) {
    add_extension(certificate, signer, NID_subject_alt_name, wish.subject_names);
  }
  EVP_PKEY* const signing_key = issuer ? issuer->key.get() : issued.key.get();
  check(X509_sign(certificate, signing_key, EVP_sha256()) > 0, "signature");
  return issued;
}

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM");
  return contents(bio.get());
}

std::string pem(EVP_PKEY* key) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "PEM of a key");
  return contents(bio.get());
}

// The form curl made popular: the hash of the public key's SubjectPublicKeyInfo.
std::string pin_of(EVP_PKEY* key) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  check(i2d_PUBKEY_bio(bio.get(), key) == 1, "public key");
  const std::string der = contents(bio.get());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 64> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "sha256//" + std::string(base64.begin(), base64.begin() + length);
}

Certificate save(const TempDir& directory, const std::string& name, const Issued& issued) {
  return {directory.write(name + ".pem", pem(issued.certificate.get())),
          directory.write(name + ".key", pem(issued.key.get()))};
}

}  // namespace

Certificates::Certificates() {
  constexpr const char* here = "DNS:localhost,IP:127.0.0.1";
  const Issued root =
      issue({.common_name = "Test authority", .authority = true, .from = -365 * day}, nullptr);
  const Issued stranger = issue({.common_name = "Unrelated authority", .authority = true}, nullptr);
  authority_ = directory_.write("authority.pem", pem(root.certificate.get()));
  other_authority_ = directory_.write("other-authority.pem", pem(stranger.certificate.get()));

  const Issued valid = issue({.common_name = "localhost", .subject_names = here}, &root);
  valid_ = save(directory_, "valid", valid);
  valid_pin_ = pin_of(valid.key.get());
  expired_ = save(directory_, "expired",
                  issue({.common_name = "localhost",
                         .subject_names = here,
                         .from = -60 * day,
                         .until = -30 * day},
                        &root));
  not_yet_valid_ =
      save(directory_, "not-yet-valid",
           issue({.common_name = "localhost", .subject_names = here, .from = 10 * day}, &root));
  wrong_host_ =
      save(directory_, "wrong-host",
           issue({.common_name = "wrong.example", .subject_names = "DNS:wrong.example"}, &root));
  self_signed_ = save(directory_, "self-signed",
                      issue({.common_name = "localhost", .subject_names = here}, nullptr));
  client_ = save(directory_, "client",
                 issue({.common_name = "A test client", .usage = "clientAuth"}, &root));
}

const Certificates& certificates() {
  static const Certificates instance;
  return instance;
}

}  // namespace support
