#include "net/certificate.hpp"

#include <doctest/doctest.h>

#include "identity.hpp"
#include "net/certificate_failure.hpp"

using namespace net_test;
namespace net = websocket::net;

TEST_SUITE_BEGIN("certificates");

TEST_CASE("a certificate says who it is for and who signed it") {
  const X509& certificate = *localhost().certificate;
  CHECK(net::subject_of(certificate) == "CN=localhost");
  CHECK(net::issuer_of(certificate) == "CN=Test Authority");
  CHECK(net::hosts_of(certificate) ==
        std::vector<std::string>{"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"});
  CHECK(net::first_day_of(certificate) < net::last_day_of(certificate));
}

TEST_CASE("names in other languages stay readable, control characters don't reach the terminal") {
  CHECK(net::subject_of(*self_signed({.common_name = "Bücher"}).certificate) == "CN=Bücher");
  const Identity nasty = self_signed({.common_name = "a\r\n\x1b[31mb", .alternative_names = ""});
  const std::string subject = net::subject_of(*nasty.certificate);
  CHECK(subject.find_first_of("\r\n\x1b") == std::string::npos);
  CHECK(net::hosts_of(*nasty.certificate) == std::vector<std::string>{"a???[31mb"});
}

TEST_CASE("many names are cut short in the sentence") {
  std::string names = "DNS:0.example";
  for (int i = 1; i < 20; ++i) names += ",DNS:" + std::to_string(i) + ".example";
  const Identity many = self_signed({.alternative_names = names});
  const auto failure =
      net::certificate_failure({X509_V_ERR_HOSTNAME_MISMATCH, 0, many.certificate.get()},
                               "localhost", net::Authorities::some);
  CHECK(failure.message.ends_with("'7.example' and 12 more, not for 'localhost'"));
}

TEST_CASE("a system without authorities is named as the reason") {
  const auto failure = net::certificate_failure(
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, localhost().certificate.get()}, "localhost",
      net::Authorities::none);
  CHECK(failure.code == websocket::Errc::certificate_unknown_issuer);
  CHECK(failure.message.find("this system has no list of trusted authorities") !=
        std::string::npos);
}

TEST_CASE("any other reason is told in OpenSSL's words, also without a certificate") {
  const auto failure = net::certificate_failure({X509_V_ERR_CERT_REVOKED, 0, nullptr}, "localhost",
                                                net::Authorities::some);
  CHECK(failure.code == websocket::Errc::certificate_invalid);
  CHECK(failure.message == "the certificate does not verify: certificate revoked");
}

TEST_SUITE_END();
