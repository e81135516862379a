// The key and its answer: the RFC's example, and base64 by RFC 4648's test vectors.
#include "protocol/handshake_key.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>

using namespace websocket::protocol;

TEST_SUITE("RFC 6455 1.3: the handshake's key") {
  TEST_CASE("the example of the RFC") {
    std::array<std::byte, 16> nonce{};
    const std::string text = "the sample nonce";
    for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::byte>(text[i]);
    CHECK(make_key(nonce) == "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(accept_for("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }

  TEST_CASE("a key has 24 characters whatever its bytes are") {
    for (int value = 0; value < 256; ++value) {
      std::array<std::byte, 16> nonce{};
      nonce.fill(static_cast<std::byte>(value));
      const std::string key = make_key(nonce);
      CHECK(key.size() == 24);
      CHECK(key.ends_with("=="));
    }
    CHECK(make_key(std::array<std::byte, 16>{}) == "AAAAAAAAAAAAAAAAAAAAAA==");
  }

  TEST_CASE("different keys have different answers of 28 characters") {
    CHECK(accept_for("a").size() == 28);
    CHECK(accept_for("a") != accept_for("b"));
  }
}

TEST_SUITE("RFC 4648 10: base64") {
  TEST_CASE("the test vectors") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfd") == "//79");
  }

  TEST_CASE("long texts are encoded without a seam") {
    for (const std::size_t size : {3071U, 3072U, 3073U, 3074U, 10000U}) {
      CAPTURE(size);
      std::string expected;
      for (std::size_t i = 0; i < size / 3; ++i) expected += "YWFh";
      if (size % 3 == 1) expected += "YQ==";
      if (size % 3 == 2) expected += "YWE=";
      CHECK(base64(std::string(size, 'a')) == expected);
    }
  }
}
