// See tls_server.hpp.
#include "tls_server.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <signal.h>

#include <ctime>
#include <stdexcept>

namespace net_test {
namespace {

using websocket::net::SslCtxPtr;
using websocket::net::SslPtr;

void check(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL made no server");
}

// OpenSSL writes to sockets without asking for no SIGPIPE.
void block_sigpipe() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

bool TlsPeer::handshake() {
  const bool done = SSL_accept(ssl_) == 1;
  ERR_clear_error();
  return done;
}

std::string TlsPeer::read(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  std::size_t more = 0;
  while (got < size && SSL_read_ex(ssl_, bytes.data() + got, size - got, &more) == 1) got += more;
  bytes.resize(got);
  ERR_clear_error();
  return bytes;
}

bool TlsPeer::write(std::string_view bytes) {
  std::size_t written = 0;
  const bool ok = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) == 1;
  ERR_clear_error();
  return ok;
}

void TlsPeer::close_notify() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

SslCtxPtr server_context(const ServerSetup& setup) {
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  check(context != nullptr);
  check(SSL_CTX_use_certificate(context.get(), setup.identity->certificate.get()) == 1);
  check(SSL_CTX_use_PrivateKey(context.get(), setup.identity->key.get()) == 1);
  for (const Identity* link : setup.chain) {
    check(SSL_CTX_add1_chain_cert(context.get(), link->certificate.get()) == 1);
  }
  if (setup.max_version != 0) SSL_CTX_set_max_proto_version(context.get(), setup.max_version);
  if (setup.client_authority != nullptr) {
    X509_STORE* const store = SSL_CTX_get_cert_store(context.get());
    check(X509_STORE_add_cert(store, setup.client_authority->certificate.get()) == 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

SslPtr tls_inside(SSL_CTX& context, SSL& outer) {
  SslPtr inner(SSL_new(&context));
  BIO* const through = BIO_new(BIO_f_ssl());
  check(inner != nullptr && through != nullptr);
  BIO_set_ssl(through, &outer, BIO_NOCLOSE);
  SSL_set_bio(inner.get(), through, through);
  SSL_set_accept_state(inner.get());
  return inner;
}

TlsServer::TlsServer(const ServerSetup& setup, Script script) : context_(server_context(setup)) {
  thread_ = std::thread([this, script = std::move(script)] { run([&] { serve(script); }); });
}

TlsServer::TlsServer(std::function<void(TcpPeer&)> plain_script) {
  thread_ = std::thread([this, script = std::move(plain_script)] {
    run([&] {
      tcp_.accept();
      script(tcp_);
    });
  });
}

TlsServer::~TlsServer() { wait_for_end(); }

void TlsServer::wait_for_end() {
  if (thread_.joinable()) thread_.join();
}

void TlsServer::run(const std::function<void()>& what) {
  block_sigpipe();
  try {
    what();
  } catch (const std::exception&) {
    // The client sees the connection end, and the test judges by that.
  }
  tcp_.close();
}

void TlsServer::serve(const Script& script) {
  tcp_.accept();
  const SslPtr ssl(SSL_new(context_.get()));
  check(ssl != nullptr && SSL_set_fd(ssl.get(), tcp_.descriptor()) == 1);
  TlsPeer peer(ssl.get());
  const bool done = peer.handshake();
  const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
  server_name_ = name == nullptr ? "" : name;
  if (done) {
    script(peer);
    return;
  }
  tcp_.read(1);  // lets the client read the alert before the connection goes
}

TlsOptions trusting() {
  TlsOptions options;
  options.ca_pem = test_authority().certificate_pem();
  return options;
}

void TlsClient::handshake(const net::Address& to, const TlsOptions& options,
                          const std::string& host) {
  auto made = context(options);
  ToldStream connected;
  const auto connecting = loop.connect(to, {}, connected.handler());
  run_until(loop, [&] { return bool{connected}; });
  const auto operation = loop.start_tls(std::move(connected.value()),
                                        std::get<std::shared_ptr<const net::TlsContext>>(made),
                                        host, trace, told.handler());
  run_until(loop, [&] { return bool{told}; });
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

base::Failure failure_with(const ServerSetup& setup, const TlsOptions& options,
                           const std::string& host) {
  TlsServer server(setup);
  TlsClient client;
  client.handshake(server.address(), options, host);
  REQUIRE(client.told.has_failed());
  CHECK(client.told.times() == 1);
  return client.told.failure();
}

base::Failure failure_with(const Identity& identity, const TlsOptions& options,
                           const std::string& host) {
  ServerSetup setup;
  setup.identity = &identity;
  return failure_with(setup, options, host);
}

bool succeeds_with(const ServerSetup& setup, const TlsOptions& options, const std::string& host) {
  TlsServer server(setup);
  TlsClient client;
  client.handshake(server.address(), options, host);
  if (client.told.has_failed()) MESSAGE(client.told.failure().message);
  return !client.told.has_failed();
}

bool succeeds_with(const Identity& identity, const TlsOptions& options, const std::string& host) {
  ServerSetup setup;
  setup.identity = &identity;
  return succeeds_with(setup, options, host);
}

std::string day(int from_now) {
  const std::time_t then = std::time(nullptr) + from_now * 24L * 60 * 60;
  std::tm date{};
  gmtime_r(&then, &date);
  char text[16];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%d", &date)};
}

std::string read_all(net::AsioLoop& loop, net::Stream& stream, std::size_t size,
                     std::size_t chunk) {
  std::string bytes;
  std::string into(chunk, '\0');
  Listening listener;
  stream.set_listener(&listener);
  while (bytes.size() < size) {
    const net::IoResult result = stream.read(into);
    bytes.append(into, 0, result.size);
    if (result.status == net::IoStatus::end || result.status == net::IoStatus::failed) break;
    if (result.status == net::IoStatus::ok) continue;
    const int before = listener.reads;
    stream.wait_to_read();
    if (!run_until(loop, [&] { return listener.reads > before; })) break;
  }
  stream.set_listener(nullptr);
  return bytes;
}

void write_all(net::AsioLoop& loop, net::Stream& stream, std::string_view bytes,
               std::size_t chunk) {
  Listening listener;
  stream.set_listener(&listener);
  while (!bytes.empty()) {
    const net::IoResult result = stream.write(bytes.substr(0, chunk));
    if (result.status == net::IoStatus::failed) break;
    bytes.remove_prefix(result.size);
    if (result.status == net::IoStatus::ok) continue;
    const int before = listener.writes;
    stream.wait_to_write();
    if (!run_until(loop, [&] { return listener.writes > before; })) break;
  }
  stream.set_listener(nullptr);
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  unsigned state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace net_test
