// All that the engine wants of the world outside: time, timers, names, connections, TLS,
// randomness. Everything but `post` belongs to the thread that runs the loop. AsioLoop is the real
// one; tests play their own, with a clock they advance by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "base/trace_sink.hpp"
#include "net/stream.hpp"

namespace websocket::net {

using Clock = std::chrono::steady_clock;

// That long after `now`; for a duration that leads beyond the end of time, that end; never before
// `now`.
inline Clock::time_point later(Clock::time_point now, Duration duration) {
  if (duration <= Duration::zero()) return now;
  const auto left = std::chrono::floor<Duration>(Clock::time_point::max() - now);
  return duration >= left ? Clock::time_point::max() : now + duration;
}

// One address of a host: the system's sockaddr, and how a person reads it.
struct Address {
  std::vector<unsigned char> sockaddr;
  std::string text;  // "127.0.0.1:9001", "[::1]:9001"
};

// Something under way. Destroying it abandons it at once: its handler is destroyed uncalled.
// Destroying it from within its own handler is allowed. No handler is called before the function
// that was given it has returned.
class Operation {
 public:
  virtual ~Operation() = default;
};
using OperationPtr = std::unique_ptr<Operation>;

// Settings for TLS, made once and shared by connections with the same options.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
};

class Loop {
 public:
  using Resolved = std::function<void(base::Outcome<std::vector<Address>>)>;
  using Connected = std::function<void(base::Outcome<std::unique_ptr<Stream>>)>;

  virtual ~Loop() = default;

  virtual Clock::time_point now() const = 0;
  // The date, for what servers say in dates. Nothing is waited for by it: people set it.
  virtual std::chrono::system_clock::time_point date() const = 0;
  // Runs it on the loop's thread, later and in order; from any thread.
  virtual void post(std::function<void()> work) = 0;
  virtual OperationPtr at(Clock::time_point when, std::function<void()> work) = 0;
  // Who runs it wants to go on with something else: what could be done for long waits for the next
  // time.
  virtual bool is_wanted_back() const = 0;

  // The address that `host` itself is ("127.0.0.1", "::1", "fe80::1%eth0"); empty when it is a name.
  virtual std::optional<Address> numeric_address(const std::string& host,
                                                 std::uint16_t port) const = 0;
  // The addresses of a name. Never empty when it succeeds.
  virtual OperationPtr resolve(const std::string& host, std::uint16_t port, Resolved done) = 0;
  virtual OperationPtr connect(const Address& to, const SocketOptions& options, Connected done) = 0;

  // Reads files and the trust store; fails with one of Errc's tls codes.
  virtual base::Outcome<std::shared_ptr<const TlsContext>> tls_context(
      const TlsOptions& options) = 0;
  // TLS over that stream, as its client: the handshake, and the certificate checked for `host` (a
  // name or a numeric address, without brackets). Lines about version, cipher and certificate go to
  // `trace`.
  virtual OperationPtr start_tls(std::unique_ptr<Stream> lower,
                                 std::shared_ptr<const TlsContext> context, const std::string& host,
                                 base::TraceSink& trace, Connected done) = 0;

  // Shared by all connections of the loop: what was read must be dealt with before anybody else
  // reads.
  virtual std::span<char> read_buffer() = 0;
  // From the system's cryptographic generator.
  virtual void random(std::span<std::byte> into) = 0;
};

}  // namespace websocket::net
