// The system's cryptographic generator, through OpenSSL's. From any thread.
#pragma once

#include <cstddef>
#include <span>

namespace websocket::net {

void fill_with_random(std::span<std::byte> into);

// Makes libcrypto ready now: what it has to do when the process exits is then done after everything
// that registers itself for that later.
void prepare_random();

}  // namespace websocket::net
