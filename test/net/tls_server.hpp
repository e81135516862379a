// A TLS server for one connection on 127.0.0.1: blocking calls on a thread of its own, with a
// deadline for each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "identity.hpp"
#include "run_loop.hpp"
#include "support/temp_dir.hpp"
#include "tcp_peer.hpp"

namespace net_test {

/// A server's side of TLS, over a socket or within another one.
class TlsPeer {
 public:
  explicit TlsPeer(SSL* ssl) : ssl_(ssl) {}

  bool handshake();                    // false: it failed
  std::string read(std::size_t size);  // that much, or less at the end
  bool write(std::string_view bytes);
  void close_notify();
  SSL* ssl() const { return ssl_; }

 private:
  SSL* ssl_;
};

struct ServerSetup {
  const Identity* identity = &localhost();
  std::vector<const Identity*> chain{};        ///< sent after it
  const Identity* client_authority = nullptr;  ///< whose certificates clients have to show
  int max_version = 0;                         ///< 0: the newest
};

websocket::net::SslCtxPtr server_context(const ServerSetup& setup);
/// What SSL objects own of each other: another layer of TLS, spoken through `outer`.
websocket::net::SslPtr tls_inside(SSL_CTX& context, SSL& outer);

class TlsServer {
 public:
  using Script = std::function<void(TlsPeer&)>;

  /// The script runs after a handshake that succeeded; the connection is closed after it.
  explicit TlsServer(
      const ServerSetup& setup, Script script = [](TlsPeer&) {});
  /// Without TLS: what to do with the accepted connection.
  explicit TlsServer(std::function<void(TcpPeer&)> plain_script);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  net::Address address() const { return tcp_.address(); }
  std::string server_name() const { return server_name_; }  ///< SNI; to be asked when it has ended
  void wait_for_end();

 private:
  void run(const std::function<void()>& what);
  void serve(const Script& script);

  websocket::net::SslCtxPtr context_;
  TcpPeer tcp_;
  std::string server_name_;
  std::thread thread_;
};

/// Collects a connection's trace.
class Lines final : public base::TraceSink {
 public:
  bool enabled() const noexcept override { return on; }
  void line(std::string_view text) override { all.emplace_back(text); }
  bool on = true;
  std::vector<std::string> all;
};

/// Options that trust the test's authority.
TlsOptions trusting();

/// A client that connects and goes through the handshake.
struct TlsClient {
  net::AsioLoop loop;
  Lines trace;
  ToldStream told;

  void handshake(const net::Address& to, const TlsOptions& options,
                 const std::string& host = "localhost");
  /// The options alone: what tls_context tells.
  base::Outcome<std::shared_ptr<const net::TlsContext>> context(const TlsOptions& options) {
    return loop.tls_context(options);
  }
};

/// What a client says of a server with that identity; the test fails where the handshake succeeds.
base::Failure failure_with(const ServerSetup& setup, const TlsOptions& options,
                           const std::string& host = "localhost");
base::Failure failure_with(const Identity& identity, const TlsOptions& options,
                           const std::string& host = "localhost");
bool succeeds_with(const ServerSetup& setup, const TlsOptions& options,
                   const std::string& host = "localhost");
bool succeeds_with(const Identity& identity, const TlsOptions& options,
                   const std::string& host = "localhost");

bool contains(const std::string& text, std::string_view part);
/// That many days from now, as sentences have it: "2026-12-31".
std::string day(int from_now);

/// Everything the stream gives until it would block for longer than a test waits, ends or has given
/// `size` bytes; and writing all of something. The chunks are of an odd size.
std::string read_all(net::AsioLoop& loop, net::Stream& stream, std::size_t size,
                     std::size_t chunk = 16384);
void write_all(net::AsioLoop& loop, net::Stream& stream, std::string_view bytes,
               std::size_t chunk = 16384);

/// Bytes that differ everywhere, so that nothing can be lost or swapped unseen.
std::string pattern(std::size_t size);

}  // namespace net_test
