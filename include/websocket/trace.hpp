// Shows what goes over the wire, for debugging.
#pragma once

#include <functional>
#include <string_view>
#include <websocket/export.hpp>

namespace websocket {

/// Turns the trace on or off for every connection of the process, also for those that run already.
///
/// With it on, `sink` is given one line at a time, without a line feed: name resolution, each
/// address tried, the TLS version, cipher and certificate, both heads of the opening handshake,
/// every frame raw and decoded, pings, who closed and why, waits before reconnecting. Each line
/// begins with the local time and the number of its connection. Values of Authorization,
/// Proxy-Authorization, Cookie and Set-Cookie and the userinfo of URLs show as `***`; long payloads
/// are cut and their size told. Payloads themselves are shown: look at them before you paste a
/// trace into a public place.
///
/// Without a sink the lines go to standard error. The sink is called from the threads that run
/// connections, by one of them at a time; it must not call `enable_trace` and should not block.
/// What it throws is swallowed. Callable from any thread; when it returns, the former sink is no
/// longer in use.
WEBSOCKET_API void enable_trace(bool on, std::function<void(std::string_view line)> sink = {});

}  // namespace websocket
