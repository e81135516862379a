// Certificates made to measure, in memory: who they are for, when they hold, who signed them.
#pragma once

#include <memory>
#include <string>

#include "net/openssl.hpp"

namespace net_test {

using KeyPtr = std::unique_ptr<EVP_PKEY, websocket::net::OpenSslRelease<EVP_PKEY_free>>;

/// A certificate and its private key.
struct Identity {
  websocket::net::X509Ptr certificate;
  KeyPtr key;

  std::string certificate_pem() const;
  std::string key_pem(const std::string& password = {}) const;
  std::string pin() const;
};

struct Wanted {
  std::string common_name = "localhost";
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1";  ///< "" for none
  int from_days = -1;
  int to_days = 30;
  bool is_authority = false;
};

Identity self_signed(const Wanted& wanted);
Identity signed_by(const Identity& issuer, const Wanted& wanted);

/// An authority for the whole test program, and what it signed for localhost.
const Identity& test_authority();
const Identity& localhost();

}  // namespace net_test
