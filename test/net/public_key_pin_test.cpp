#include "net/public_key_pin.hpp"

#include <doctest/doctest.h>

#include <string>

#include "identity.hpp"

using namespace net_test;
namespace net = websocket::net;

TEST_SUITE_BEGIN("public key pins");

TEST_CASE("a pin reads back as it is written") {
  const std::string text = localhost().pin();
  const auto pin = net::parse_pin(text);
  REQUIRE(pin);
  CHECK(net::pin_text(*pin) == text);
}

TEST_CASE("a pin belongs to the key, not to the certificate") {
  Identity renewed = signed_by(test_authority(), {});
  CHECK(renewed.pin() != localhost().pin());
  X509_set_pubkey(renewed.certificate.get(), localhost().key.get());
  CHECK(renewed.pin() == localhost().pin());
}

TEST_CASE("anything but sha256// and the base64 of 32 bytes is no pin") {
  const std::string good = localhost().pin();
  CHECK(good.size() == 8 + 44);
  for (const std::string& bad :
       {std::string(), std::string("sha256//"), good.substr(8), "sha1//" + good.substr(8),
        good.substr(0, good.size() - 1), good + "=", "sha256//" + std::string(44, '='),
        "sha256//" + std::string(44, 'A'), "sha256//" + std::string(43, '*') + "=",
        "sha256// " + good.substr(8, 42) + "=", "sha256//" + std::string(42, 'A') + "==",
        // the last character's two spare bits are not zero
        "sha256//" + std::string(42, 'A') + "B="}) {
    CAPTURE(bad);
    CHECK_FALSE(net::parse_pin(bad));
  }
}

TEST_SUITE_END();
