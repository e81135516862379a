#include "stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr const char* suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

void check(bool good, const std::string& what) {
  if (!good) throw std::runtime_error("TLS cannot be set up: " + what);
}

// One read from the system fetches several records, one write takes several along: without that plain
// OpenSSL would spend a system call for each 16 KiB.
TlsContext context_for(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method));
  check(context != nullptr, "no memory");
  check(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1, "TLS 1.3");
  check(SSL_CTX_set_ciphersuites(context.get(), suites) == 1, suites);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), block_size);
  return context;
}

}  // namespace

void FreeTls::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void FreeTls::operator()(SSL* session) const { SSL_free(session); }

TlsContext server_context(const std::string& certificate_file, const std::string& key_file) {
  TlsContext context = context_for(TLS_server_method());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Nobody resumes a session here: each connection is a whole handshake, for all alike.
  SSL_CTX_set_num_tickets(context.get(), 0);
  check(SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) == 1,
        certificate_file);
  check(SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1,
        key_file);
  return context;
}

TlsContext client_context(const std::string& authority_file) {
  TlsContext context = context_for(TLS_client_method());
  if (authority_file.empty()) return context;
  check(SSL_CTX_load_verify_file(context.get(), authority_file.c_str()) == 1, authority_file);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

char* scratch_block() {
  static thread_local const std::unique_ptr<char[]> block(new char[block_size]);
  return block.get();
}

Stream::Stream(int descriptor) : descriptor_(descriptor) {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)) {}

Stream::~Stream() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Stream Stream::connect(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Stream stream(descriptor);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("nobody listens on port " + std::to_string(port) + " of 127.0.0.1");
  }
  return stream;
}

bool Stream::accept_tls(SSL_CTX& context) {
  return begin_tls(context) && SSL_accept(tls_.get()) == 1;
}

bool Stream::connect_tls(SSL_CTX& context, const std::string& host) {
  if (!begin_tls(context)) return false;
  const bool named = ::inet_addr(host.c_str()) == INADDR_NONE;
  if (named) {
    SSL_set_tlsext_host_name(tls_.get(), const_cast<char*>(host.c_str()));
    SSL_set1_host(tls_.get(), host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), host.c_str());
  }
  return SSL_connect(tls_.get()) == 1;
}

bool Stream::begin_tls(SSL_CTX& context) {
  tls_.reset(SSL_new(&context));
  if (!tls_ || SSL_set_fd(tls_.get(), descriptor_) != 1) return false;
  BIO* const buffer = BIO_new(BIO_f_buffer());
  BIO* const socket = SSL_get_wbio(tls_.get());
  BIO_set_write_buffer_size(buffer, static_cast<long>(block_size));
  BIO_up_ref(socket);
  SSL_set0_wbio(tls_.get(), BIO_push(buffer, socket));
  return true;
}

std::size_t Stream::read(char* into, std::size_t size) {
  if (tls_) return read_tls(into, size);
  const ssize_t got = ::recv(descriptor_, into, size, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t Stream::read_tls(char* into, std::size_t size) {
  std::size_t got = 0;
  ERR_clear_error();
  return SSL_read_ex(tls_.get(), into, size, &got) == 1 ? got : 0;
}

bool Stream::write(std::string_view bytes) {
  if (tls_) return write_tls(bytes);
  while (!bytes.empty()) {
    const ssize_t put = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool Stream::send_file(int file, std::size_t size) {
  if (tls_) return false;
  for (off_t at = 0; static_cast<std::size_t>(at) < size;) {
    if (::sendfile(descriptor_, file, &at, size - static_cast<std::size_t>(at)) <= 0) return false;
  }
  return true;
}

bool Stream::write_tls(std::string_view bytes) {
  std::size_t put = 0;
  ERR_clear_error();
  return bytes.empty() || (SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &put) == 1 &&
                           BIO_flush(SSL_get_wbio(tls_.get())) == 1);
}

bool Stream::discard(std::size_t size) {
  char* const block = scratch_block();
  while (size > 0) {
    const std::size_t got = read(block, std::min(block_size, size));
    if (got == 0) return false;
    size -= got;
  }
  return true;
}

void Stream::finish() {
  if (tls_ && SSL_shutdown(tls_.get()) >= 0) {
    static_cast<void>(BIO_flush(SSL_get_wbio(tls_.get())));
  }
  ::shutdown(descriptor_, SHUT_WR);
  char* const block = scratch_block();
  while (::recv(descriptor_, block, block_size, 0) > 0) {
  }
}

}  // namespace bench
