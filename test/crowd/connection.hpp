// One connection of the crowd's server: TLS or none, the opening handshake (RFC 6455 4.2.2), and
// frames as far as counting them needs it. It answers a Close frame and nothing else.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "support/descriptor.hpp"

namespace crowd {

/// What all connections of a server have seen.
struct Totals {
  std::size_t open = 0;      ///< handshakes answered, and no Close frame since
  std::size_t messages = 0;  ///< data messages, whole
  std::size_t closed = 0;    ///< Close frames answered
  std::size_t lost = 0;      ///< ended without one
};

class Connection {
 public:
  /// `tls` is null for a connection without it.
  Connection(support::Descriptor socket, SSL_CTX* tls);

  int descriptor() const { return socket_.get(); }
  bool is_open() const { return stage_ == Stage::open; }
  bool wants_to_write() const { return !unsent_.empty(); }

  /// Reads and writes what can be without blocking; false when it is over.
  bool advance(Totals& totals);
  /// Queues bytes for an open connection; `advance` writes them.
  void queue(std::string_view bytes) { unsent_ += bytes; }

 private:
  enum class Stage : unsigned char { handshake, open, ending };
  enum class Io : unsigned char { done, blocked, over };
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  bool take_what_is_there(Totals& totals);
  void answer_handshake(Totals& totals);
  bool take_frame(Totals& totals);
  void answer_close(std::string_view masked, std::string_view key, Totals& totals);
  bool write_unsent();

  Io read_some(char* into, std::size_t room, std::size_t& size);
  Io write_some(std::size_t& size);
  Io tls_result(int result, std::size_t& size);

  support::Descriptor socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  Stage stage_ = Stage::handshake;
  std::string unread_;
  std::string unsent_;
};

/// An unmasked frame of binary data with that many bytes.
std::string server_message(std::size_t size);

}  // namespace crowd
