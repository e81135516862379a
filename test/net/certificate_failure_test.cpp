#include "net/certificate_failure.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tls_server.hpp"

using namespace net_test;

TEST_SUITE_BEGIN("certificate checks");

TEST_CASE("an expired certificate is refused, with the day it expired") {
  const auto failure =
      failure_with(signed_by(test_authority(), {.from_days = -9, .to_days = -2}), trusting());
  CHECK(failure.code == Errc::certificate_expired);
  CHECK(failure.message == "the certificate expired on " + day(-2));
}

TEST_CASE("a certificate whose time has not come is refused, with the day it begins") {
  const auto failure = failure_with(signed_by(test_authority(), {.from_days = 5}), trusting());
  CHECK(failure.code == Errc::certificate_not_yet_valid);
  CHECK(contains(failure.message, "the certificate is not valid before " + day(5)));
}

TEST_CASE("an expired authority in the chain is named") {
  const Identity middle = signed_by(test_authority(), {"Old Authority", "", -9, -2, true});
  const Identity leaf = signed_by(middle, {});
  ServerSetup setup;
  setup.identity = &leaf;
  setup.chain = {&middle};
  const auto failure = failure_with(setup, trusting());
  CHECK(failure.code == Errc::certificate_expired);
  CHECK(failure.message ==
        "the certificate of the issuer (CN=Old Authority) expired on " + day(-2));
}

TEST_CASE("a certificate signed by itself is refused, unless it is the one that is trusted") {
  const Identity own = self_signed({});
  const auto failure = failure_with(own, trusting());
  CHECK(failure.code == Errc::certificate_self_signed);
  CHECK(contains(failure.message, "(CN=localhost) is signed by itself"));

  TlsOptions options;
  options.ca_pem = own.certificate_pem();
  CHECK(succeeds_with(own, options));
}

TEST_CASE("a chain that ends in an unknown authority signed by itself is refused") {
  const Identity other = self_signed({"Other Authority", "", -1, 30, true});
  const Identity leaf = signed_by(other, {});
  ServerSetup setup;
  setup.identity = &leaf;
  setup.chain = {&other};
  const auto failure = failure_with(setup, trusting());
  CHECK(failure.code == Errc::certificate_self_signed);
  CHECK(contains(failure.message, "CN=Other Authority"));
}

TEST_CASE("an unknown issuer is refused by name") {
  const Identity other = self_signed({"Other Authority", "", -1, 30, true});
  const auto failure = failure_with(signed_by(other, {}), trusting());
  CHECK(failure.code == Errc::certificate_unknown_issuer);
  CHECK(failure.message ==
        "no trusted authority signed the certificate; its issuer is CN=Other Authority");
}

TEST_CASE("the system's authorities don't vouch for a test's authority") {
  CHECK(failure_with(localhost(), {}).code == Errc::certificate_unknown_issuer);
}

TEST_CASE("an intermediate authority may be the one that is trusted") {
  const Identity middle = signed_by(test_authority(), {"Middle", "", -1, 30, true});
  const Identity leaf = signed_by(middle, {});
  TlsOptions options;
  options.ca_pem = middle.certificate_pem();
  CHECK(succeeds_with(leaf, options));
  CHECK(failure_with(leaf, trusting()).code == Errc::certificate_unknown_issuer);
}

TEST_CASE("a certificate signed by one that is no authority is refused") {
  const Identity leaf = signed_by(localhost(), {.common_name = "leaf"});
  ServerSetup setup;
  setup.identity = &leaf;
  setup.chain = {&localhost()};
  const auto failure = failure_with(setup, trusting());
  CHECK(failure.code == Errc::certificate_invalid);
}

TEST_CASE("a certificate for another host is refused, with the hosts it is for") {
  const Identity other = signed_by(
      test_authority(),
      {.common_name = "a.example", .alternative_names = "DNS:a.example,DNS:b.example,IP:10.0.0.1"});
  auto failure = failure_with(other, trusting());
  CHECK(failure.code == Errc::certificate_wrong_host);
  CHECK(failure.message ==
        "the certificate is for 'a.example', 'b.example', '10.0.0.1', not for 'localhost'");

  failure = failure_with(other, trusting(), "127.0.0.1");
  CHECK(failure.code == Errc::certificate_wrong_host);
  CHECK(contains(failure.message, "not for '127.0.0.1'"));
}

TEST_CASE("the common name counts only where there are no alternative names") {
  const Identity none = signed_by(test_authority(), {.alternative_names = ""});
  CHECK(succeeds_with(none, trusting()));
  const Identity contradicted = signed_by(test_authority(), {.alternative_names = "DNS:a.example"});
  CHECK(failure_with(contradicted, trusting()).code == Errc::certificate_wrong_host);
}

TEST_CASE("an address has to stand in the certificate as an address") {
  CHECK(succeeds_with(localhost(), trusting(), "127.0.0.1"));
  CHECK(succeeds_with(localhost(), trusting(), "::1"));
  CHECK(succeeds_with(localhost(), trusting(), "::1%lo"));
  CHECK(failure_with(localhost(), trusting(), "127.0.0.2").code == Errc::certificate_wrong_host);
  const Identity as_name = signed_by(
      test_authority(), {.common_name = "127.0.0.1", .alternative_names = "DNS:127.0.0.1"});
  CHECK(failure_with(as_name, trusting(), "127.0.0.1").code == Errc::certificate_wrong_host);
}

TEST_CASE("a wildcard stands for exactly one whole label") {
  const Identity wildcard =
      signed_by(test_authority(), {.alternative_names = "DNS:*.example.com,DNS:w*.example.org"});
  CHECK(succeeds_with(wildcard, trusting(), "www.example.com"));
  for (const std::string host : {"example.com", "a.b.example.com", "www.example.org"}) {
    CAPTURE(host);
    CHECK(failure_with(wildcard, trusting(), host).code == Errc::certificate_wrong_host);
  }
}

TEST_CASE("a host that cannot be checked is not connected to unchecked") {
  for (const std::string& host : {std::string(), std::string("."), std::string(".localhost"),
                                  std::string("localhost\0.example", 18), std::string(300, 'a')}) {
    CAPTURE(host);
    CHECK(failure_with(localhost(), trusting(), host).code == Errc::tls_handshake_failed);
  }
}

TEST_CASE("server_hostname is sent and checked in the host's place") {
  TlsOptions options = trusting();
  options.server_hostname = "localhost";
  CHECK(succeeds_with(localhost(), options, "10.1.2.3"));
  options.server_hostname = "a.example";
  const auto failure = failure_with(localhost(), options);
  CHECK(failure.code == Errc::certificate_wrong_host);
  CHECK(contains(failure.message, "not for 'a.example'"));
}

TEST_CASE("check_hostname off accepts another host's certificate, but no unknown issuer's") {
  TlsOptions options = trusting();
  options.check_hostname = false;
  CHECK(succeeds_with(localhost(), options, "a.example"));
  CHECK(succeeds_with(localhost(), options, "10.0.0.1"));
  CHECK(failure_with(self_signed({}), options).code == Errc::certificate_self_signed);
}

TEST_CASE("verify_peer off accepts any certificate") {
  TlsOptions options;
  options.verify_peer = false;
  CHECK(succeeds_with(self_signed({}), options, "a.example"));
  CHECK(succeeds_with(signed_by(test_authority(), {.from_days = -9, .to_days = -2}), options));
}

TEST_CASE("a pinned key is wanted besides a valid certificate") {
  TlsOptions options = trusting();
  options.pinned_public_keys = {self_signed({}).pin(), localhost().pin()};
  CHECK(succeeds_with(localhost(), options));

  options.pinned_public_keys.pop_back();
  const auto failure = failure_with(localhost(), options);
  CHECK(failure.code == Errc::certificate_not_pinned);
  CHECK(failure.message == "the certificate's public key is " + localhost().pin() +
                               ", which is not among those pinned");

  options.verify_peer = false;
  CHECK(failure_with(localhost(), options).code == Errc::certificate_not_pinned);

  const Identity own = self_signed({});
  options = trusting();
  options.pinned_public_keys = {own.pin()};
  CHECK(failure_with(own, options).code == Errc::certificate_self_signed);
}

TEST_SUITE_END();
