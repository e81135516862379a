#include "net/openssl_at_exit.hpp"

#include <openssl/crypto.h>

namespace websocket::net {

void prepare_openssl() {
  // Asked for nothing, it would do nothing.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
}

void release_openssl_thread() { OPENSSL_thread_stop(); }

}  // namespace websocket::net
