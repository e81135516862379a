// See shared_options.hpp. Structured bindings name every member: one that is added and not compared
// does not compile.
#include "api/shared_options.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "net/fork.hpp"

namespace websocket::api {
namespace {

auto members(const TlsOptions& options) {
  const auto& [verify_peer, check_hostname, ca_file, ca_path, ca_pem, cert_file, key_file,
               key_password, server_hostname, ciphers, min_version, pinned_public_keys] = options;
  return std::tie(verify_peer, check_hostname, ca_file, ca_path, ca_pem, cert_file, key_file,
                  key_password, server_hostname, ciphers, min_version, pinned_public_keys);
}

auto members(const ProxyOptions& options) {
  const auto& [url, no_proxy, from_environment] = options;
  return std::tie(url, no_proxy, from_environment);
}

auto members(const SocketOptions& options) {
  const auto& [nodelay, keepalive, send_buffer, receive_buffer, local_address] = options;
  return std::tie(nodelay, keepalive, send_buffer, receive_buffer, local_address);
}

auto members(const CompressionOptions& options) {
  const auto& [enabled, client_takeover, server_takeover, client_bits, server_bits, level,
               threshold] = options;
  return std::tie(enabled, client_takeover, server_takeover, client_bits, server_bits, level,
                  threshold);
}

auto members(const Limits& options) {
  const auto& [message, fragments, head, send_buffer, high_water, low_water] = options;
  return std::tie(message, fragments, head, send_buffer, high_water, low_water);
}

bool are_same(const Headers& a, const Headers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

bool are_same(const ConnectOptions& a, const ConnectOptions& b) {
  const auto& [timeout, close_timeout, header, header_factory, cookie, host, origin,
               suppress_origin, user_agent, subprotocols, redirect_limit, skip_utf8_validation, tls,
               proxy, socket, compression, limits] = a;
  // What two functions do cannot be compared.
  if (header_factory || b.header_factory) return false;
  return timeout == b.timeout && close_timeout == b.close_timeout && are_same(header, b.header) &&
         cookie == b.cookie && host == b.host && origin == b.origin &&
         suppress_origin == b.suppress_origin && user_agent == b.user_agent &&
         subprotocols == b.subprotocols && redirect_limit == b.redirect_limit &&
         skip_utf8_validation == b.skip_utf8_validation && members(tls) == members(b.tls) &&
         members(proxy) == members(b.proxy) && members(socket) == members(b.socket) &&
         members(compression) == members(b.compression) && members(limits) == members(b.limits);
}

SharedOptions OptionsInUse::share(ConnectOptions&& options) {
  const std::lock_guard lock(mutex_);
  SharedOptions shared = latest_.lock();
  if (!shared || !are_same(*shared, options)) {
    shared = std::make_shared<const ConnectOptions>(std::move(options));
    latest_ = shared;
  }
  return shared;
}

SharedOptions shared(ConnectOptions&& options) {
  return net::one_per_process<OptionsInUse>().share(std::move(options));
}

std::shared_ptr<const RunOptions> shared(RunOptions options) {
  static const auto& defaults = *new auto(std::make_shared<const RunOptions>());  // never destroyed
  const auto& [ping_interval, ping_timeout, ping_payload, reconnect, dispatcher] = options;
  const bool is_default = ping_interval == defaults->ping_interval &&
                          ping_timeout == defaults->ping_timeout && ping_payload.empty() &&
                          !reconnect && !dispatcher;
  return is_default ? defaults : std::make_shared<const RunOptions>(std::move(options));
}

}  // namespace websocket::api
