// The foreign servers the library is tested against, as processes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/certificates.hpp"
#include "support/process.hpp"

namespace interop {

enum class Kind { python_websockets, tornado, node_ws };

struct PeerOptions {
  std::uint16_t port = 0;                     ///< 0: the system chooses
  const support::Certificate* tls = nullptr;  ///< serves wss with it
  std::string client_authority{};             ///< asks clients for a certificate of its
  bool tls_1_2_at_most = false;
};

/// A server that runs, or the reason why it can't here. It ends with this object.
class Peer {
 public:
  /// Throws when it is installed and yet does not come up.
  explicit Peer(Kind kind, const PeerOptions& options = {});
  /// nginx terminating TLS with that certificate in front of a peer that runs.
  static std::unique_ptr<Peer> nginx(const Peer& behind, const support::Certificate& certificate);
  /// The server that answers every key with the accept value of RFC 6455's example.
  static std::unique_ptr<Peer> raw_accept();

  /// Why it does not run; empty when it does.
  const std::string& missing() const { return missing_; }
  std::uint16_t port() const { return port_; }
  /// ws://127.0.0.1:<port><path>, or wss.
  std::string url(std::string_view path) const { return url_of("127.0.0.1", path); }
  /// The same with another name for this machine, or with credentials before it.
  std::string url_of(std::string_view host, std::string_view path) const;
  support::Process& process() { return *process_; }

  /// Whether the server saw a connection end with that code and reason in the client's Close frame;
  /// what it saw of others before is forgotten.
  bool saw_close(std::uint16_t code, std::string_view reason);

 private:
  Peer(support::Command command, bool tls);
  void start(support::Command command);

  bool tls_;
  std::string missing_;
  std::uint16_t port_ = 0;
  std::unique_ptr<support::Process> process_;
};

/// The one that all cases of a test program share.
Peer& shared(Kind kind);

/// Counts the running test case as skipped when the peer can't run here.
bool skip_without(const Peer& peer);

}  // namespace interop
