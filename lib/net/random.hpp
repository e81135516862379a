// The system's cryptographic generator, or OpenSSL's, which is seeded by it. From any thread.
#pragma once

#include <cstddef>
#include <span>

namespace websocket::net {

void fill_with_random(std::span<std::byte> into);

}  // namespace websocket::net
