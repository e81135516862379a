#include "net/tls_context.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "identity.hpp"
#include "net/trust_store.hpp"
#include "support/temp_dir.hpp"
#include "tls_server.hpp"

using namespace net_test;

namespace {

using ContextPtr = std::shared_ptr<const net::OpenSslContext>;

base::Failure failure_of(const TlsOptions& options) {
  const auto outcome = net::make_tls_context(options);
  REQUIRE(std::holds_alternative<base::Failure>(outcome));
  return std::get<base::Failure>(outcome);
}

bool is_made(const TlsOptions& options) {
  return std::holds_alternative<ContextPtr>(net::make_tls_context(options));
}

std::string damaged_pem() {
  std::string pem = localhost().certificate_pem();
  pem[pem.find('\n') + 40] = '*';
  return pem;
}

}  // namespace

TEST_SUITE_BEGIN("TLS options");

TEST_CASE("the defaults make a context") { CHECK(is_made({})); }

TEST_CASE("ca_file, ca_pem and ca_path add up") {
  support::TempDir directory;
  const Identity second = self_signed({"Second", "", -1, 30, true});
  TlsOptions options;
  options.ca_file = directory.write("ca.pem", test_authority().certificate_pem());
  options.ca_pem = second.certificate_pem() + second.certificate_pem();
  options.ca_path = directory.path().string();
  directory.write("12345678.0", second.certificate_pem());
  const auto outcome = net::make_tls_context(options);
  REQUIRE(std::holds_alternative<ContextPtr>(outcome));
  X509_STORE* const store = SSL_CTX_get_cert_store(std::get<ContextPtr>(outcome)->ssl.get());
  CHECK(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 2);
}

TEST_CASE("an authority that cannot be read is told with the file and the reason") {
  support::TempDir directory;
  TlsOptions options;
  SUBCASE("a file that is not there") {
    options.ca_file = directory.file("nowhere.pem");
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message ==
          "ca_file '" + options.ca_file + "' cannot be used: No such file or directory");
    CHECK(failure.cause == std::errc::no_such_file_or_directory);
  }
  SUBCASE("a directory in a file's place") {
    options.ca_file = directory.path().string();
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message == "ca_file '" + options.ca_file +
                                 "' cannot be used: it is a directory (which ca_path can name)");
  }
  SUBCASE("an empty file") {
    options.ca_file = directory.write("empty.pem", "");
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message == "ca_file '" + options.ca_file +
                                 "' cannot be used: it holds no certificate in PEM format");
  }
  SUBCASE("a file with a key alone") {
    options.ca_file = directory.write("key.pem", localhost().key_pem());
    CHECK(failure_of(options).code == Errc::tls_ca_unreadable);
  }
  SUBCASE("a damaged certificate behind a good one") {
    options.ca_file =
        directory.write("two.pem", test_authority().certificate_pem() + damaged_pem());
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message.find("its certificate no. 2 is damaged: ") != std::string::npos);
  }
  SUBCASE("a text that is none") {
    options.ca_pem = "hello";
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message == "ca_pem cannot be used: it holds no certificate in PEM format");
  }
  SUBCASE("a path that is not there") {
    options.ca_path = directory.file("nowhere");
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message ==
          "ca_path '" + options.ca_path + "' cannot be used: No such file or directory");
  }
  SUBCASE("a path without hashed names") {
    options.ca_path = directory.path().string();
    directory.write("authority.pem", test_authority().certificate_pem());
    const auto failure = failure_of(options);
    CHECK(failure.code == Errc::tls_ca_unreadable);
    CHECK(failure.message.find("hashed name") != std::string::npos);
  }
}

TEST_CASE("a client certificate that cannot be used is told with the file and the reason") {
  support::TempDir directory;
  TlsOptions options;
  options.cert_file = directory.write("cert.pem", localhost().certificate_pem());
  options.key_file = directory.write("key.pem", localhost().key_pem());
  CHECK(is_made(options));

  std::string expected;
  SUBCASE("no certificate file") {
    options.cert_file = directory.file("nowhere.pem");
    expected = "cert_file '" + options.cert_file + "' cannot be used: No such file or directory";
  }
  SUBCASE("no certificate in it") {
    options.cert_file = directory.write("cert.pem", "hello");
    expected =
        "cert_file '" + options.cert_file + "' cannot be used: it holds no certificate in PEM";
  }
  SUBCASE("no key file") {
    options.key_file = directory.file("nowhere.pem");
    expected = "key_file '" + options.key_file + "' cannot be used: No such file or directory";
  }
  SUBCASE("no key in it") {
    options.key_file = directory.write("key.pem", "hello");
    expected = "key_file '" + options.key_file + "' cannot be used: it holds no private key in PEM";
  }
  SUBCASE("no key behind the certificate") {
    options.key_file.clear();
    expected = "the private key in cert_file '" + options.cert_file +
               "' cannot be used: it holds no private key in PEM";
  }
  SUBCASE("another certificate's key") {
    options.key_file = directory.write("key.pem", test_authority().key_pem());
    expected = "key_file '" + options.key_file +
               "' cannot be used: it is not the key of the certificate in cert_file '" +
               options.cert_file + "'";
  }
  SUBCASE("another kind of key") {
    const KeyPtr rsa(EVP_RSA_gen(2048));
    Identity other{nullptr, nullptr};
    other.key.reset(EVP_PKEY_dup(rsa.get()));
    options.key_file = directory.write("key.pem", other.key_pem());
    expected = "key_file '" + options.key_file +
               "' cannot be used: it is not the key of the certificate in cert_file '" +
               options.cert_file + "'";
  }
  SUBCASE("a key without a certificate") {
    options.cert_file.clear();
    expected = "key_file '" + options.key_file + "' cannot be used: cert_file is not set";
  }
  SUBCASE("an encrypted key without a password, which nobody is asked for") {
    options.key_file = directory.write("key.pem", localhost().key_pem("secret"));
    expected = "key_file '" + options.key_file +
               "' cannot be used: it is encrypted, and no key_password is set";
  }
  SUBCASE("an encrypted key with the wrong password") {
    options.key_file = directory.write("key.pem", localhost().key_pem("secret"));
    options.key_password = "guess";
    expected = "key_file '" + options.key_file + "' cannot be used: key_password does not open it";
  }
  const auto failure = failure_of(options);
  CHECK(failure.code == Errc::tls_client_certificate);
  CAPTURE(expected);
  CHECK(failure.message.substr(0, expected.size()) == expected);
  CHECK(failure.message.find("guess") == std::string::npos);
}

TEST_CASE("a key's password opens it, and the key may stand behind the certificate") {
  support::TempDir directory;
  TlsOptions options;
  options.cert_file =
      directory.write("both.pem", localhost().certificate_pem() + localhost().key_pem("secret"));
  options.key_password = "secret";
  const auto outcome = net::make_tls_context(options);
  REQUIRE(std::holds_alternative<ContextPtr>(outcome));
  CHECK(std::get<ContextPtr>(outcome)->options.key_password.empty());
}

TEST_CASE("ciphers and pins that are none are told") {
  TlsOptions options;
  options.ciphers = "NONSENSE";
  auto failure = failure_of(options);
  CHECK(failure.code == Errc::tls_option);
  CHECK(failure.message.starts_with("the ciphers 'NONSENSE' cannot be used"));

  options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  CHECK(is_made(options));

  options.pinned_public_keys = {localhost().pin(), "sha256//short"};
  failure = failure_of(options);
  CHECK(failure.code == Errc::tls_option);
  CHECK(failure.message.find("'sha256//short'") != std::string::npos);
}

TEST_CASE("min_version reaches OpenSSL") {
  TlsOptions options;
  options.min_version = TlsVersion::tls1_3;
  const auto outcome = net::make_tls_context(options);
  REQUIRE(std::holds_alternative<ContextPtr>(outcome));
  CHECK(SSL_CTX_get_min_proto_version(std::get<ContextPtr>(outcome)->ssl.get()) == TLS1_3_VERSION);
}

TEST_CASE("hashed names are eight hexadecimal digits, a dot and a number") {
  support::TempDir directory;
  for (const char* name : {"authority.pem", "5ed36f99", "5ed36f99.", "5ED36F99.0", "5ed36f99.r0",
                           "5ed36f9.0", "zzzzzzzz.0"}) {
    directory.write(name, "");
  }
  CHECK_FALSE(net::holds_hashed_certificates(directory.path()));
  directory.write("5ed36f99.10", "");
  CHECK(net::holds_hashed_certificates(directory.path()));
  CHECK_FALSE(net::holds_hashed_certificates(directory.path() / "nowhere"));
}

TEST_SUITE_END();
