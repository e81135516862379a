// Certificates for tests, made when the test runs: an authority, and what it signed for servers and
// clients, good ones and bad ones.
#pragma once

#include <string>

#include "support/temp_dir.hpp"

namespace support {

/// Paths of two PEM files.
struct Certificate {
  std::string certificate;
  std::string key;
};

/// Everything lies in a temporary directory and goes with this object. Making it takes some
/// milliseconds; `certificates()` makes it once.
class Certificates {
 public:
  Certificates();

  /// The authority that signed all but `self_signed`, and one that signed nothing here.
  const std::string& authority() const { return authority_; }
  const std::string& other_authority() const { return other_authority_; }

  /// For localhost and 127.0.0.1, valid today.
  const Certificate& valid() const { return valid_; }
  const Certificate& expired() const { return expired_; }
  const Certificate& not_yet_valid() const { return not_yet_valid_; }
  /// For wrong.example alone.
  const Certificate& wrong_host() const { return wrong_host_; }
  const Certificate& self_signed() const { return self_signed_; }
  /// For a client that shows who it is.
  const Certificate& client() const { return client_; }

  /// `sha256//…`, the pin of `valid`'s public key.
  const std::string& valid_pin() const { return valid_pin_; }

 private:
  TempDir directory_;
  std::string authority_;
  std::string other_authority_;
  Certificate valid_;
  Certificate expired_;
  Certificate not_yet_valid_;
  Certificate wrong_host_;
  Certificate self_signed_;
  Certificate client_;
  std::string valid_pin_;
};

/// One set for the whole test program.
const Certificates& certificates();

}  // namespace support
