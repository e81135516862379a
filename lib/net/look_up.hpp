// Asking the system for a host's addresses: getaddrinfo, which blocks for as long as it likes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "net/loop.hpp"

namespace websocket::net {

using LookUpFunction =
    std::function<base::Outcome<std::vector<Address>>(const std::string& host, std::uint16_t port)>;

// Blocks; for helper threads.
base::Outcome<std::vector<Address>> system_look_up(const std::string& host, std::uint16_t port);

// The address that `host` itself is ("127.0.0.1", "::1", "fe80::1%eth0"); empty when it is a name.
std::optional<Address> numeric_address(const std::string& host, std::uint16_t port);

// What getaddrinfo's answer means. `system` is errno, which counts where the answer is EAI_SYSTEM.
base::Failure look_up_failure(int answer, int system, const std::string& host);

}  // namespace websocket::net
