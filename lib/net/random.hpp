// The system's cryptographic generator, through OpenSSL's. From any thread.
#pragma once

#include <cstddef>
#include <span>

namespace websocket::net {

void fill_with_random(std::span<std::byte> into);

}  // namespace websocket::net
