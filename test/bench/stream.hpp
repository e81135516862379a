// A blocking connection, over TCP or over TLS, and nothing else: what the load server is made of, and
// what every client is compared with.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct FreeTls {
  void operator()(SSL_CTX* context) const;
  void operator()(SSL* session) const;
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

/// TLS 1.3, AES-128-GCM before all others. Throws where a file cannot be used.
TlsContext server_context(const std::string& certificate_file, const std::string& key_file);
/// Trusts that authority, or nobody's word is asked for where there is none.
TlsContext client_context(const std::string& authority_file);

class Stream {
 public:
  /// Takes the descriptor over.
  explicit Stream(int descriptor);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&&) = delete;

  /// Throws where nobody listens on that port of 127.0.0.1.
  static Stream connect(std::uint16_t port);

  /// The TLS handshake; from here on all that is read and written is encrypted.
  bool accept_tls(SSL_CTX& context);
  bool connect_tls(SSL_CTX& context, const std::string& host);

  /// At least one byte; 0 at the end.
  std::size_t read(char* into, std::size_t size);
  bool write(std::string_view bytes);
  /// The first `size` bytes of a file, uncopied: over TCP alone.
  bool send_file(int file, std::size_t size);
  /// Reads exactly that many bytes, and looks at none. False when the end came before.
  bool discard(std::size_t size);
  /// Nothing more will be written; reads until the other side says the same.
  void finish();

 private:
  bool begin_tls(SSL_CTX& context);
  std::size_t read_tls(char* into, std::size_t size);
  bool write_tls(std::string_view bytes);

  int descriptor_;
  std::unique_ptr<SSL, FreeTls> tls_;
};

/// What discard() reads into; each thread has its own.
constexpr std::size_t block_size = std::size_t{128} << 10U;
char* scratch_block();

}  // namespace bench
