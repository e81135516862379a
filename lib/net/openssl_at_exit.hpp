// OpenSSL when the process exits: it destroys its own state then, and threads that still use it, or
// end just then, come to grief.
#pragma once

namespace websocket::net {

// Makes libcrypto ready now: what it has to do at the exit is done after everything that registers
// itself for that later.
void prepare_openssl();

// Gives back what libcrypto keeps for the calling thread; it would do so itself when the thread
// ends, which at the exit is too late.
void release_openssl_thread();

}  // namespace websocket::net
