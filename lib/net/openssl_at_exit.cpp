#include "net/openssl_at_exit.hpp"

#include <openssl/crypto.h>

namespace websocket::net {

void prepare_openssl() {
  // Asked for nothing, it would do nothing. And whichever thread came first later would read its
  // configuration, and keep something for that which is lost where that thread outlives main().
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, nullptr);
}

void release_openssl_thread() { OPENSSL_thread_stop(); }

}  // namespace websocket::net
