// OpenSSL's objects with owners.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace websocket::net {

template <auto release>
struct OpenSslRelease {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};

using SslCtxPtr = std::unique_ptr<SSL_CTX, OpenSslRelease<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpenSslRelease<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, OpenSslRelease<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, OpenSslRelease<X509_free>>;

}  // namespace websocket::net
