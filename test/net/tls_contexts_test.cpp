#include "net/tls_contexts.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "identity.hpp"
#include "support/temp_dir.hpp"
#include "tls_server.hpp"

using namespace net_test;

namespace {

using Shared = std::shared_ptr<const net::TlsContext>;

Shared got(net::TlsContexts& contexts, const TlsOptions& options) {
  auto outcome = contexts.get(options);
  REQUIRE(std::holds_alternative<Shared>(outcome));
  return std::get<Shared>(std::move(outcome));
}

// Options that are the same each time but for the number.
TlsOptions trusting(const support::TempDir& directory, int number) {
  TlsOptions options;
  options.ca_file = directory.file("ca.pem");
  options.server_hostname = "host-" + std::to_string(number);
  return options;
}

bool verifies(const Shared& shared, X509& certificate) {
  using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, net::OpenSslRelease<X509_STORE_CTX_free>>;
  const auto& context = dynamic_cast<const net::OpenSslContext&>(*shared);
  const StoreCtxPtr check(X509_STORE_CTX_new());
  X509_STORE* const store = SSL_CTX_get_cert_store(context.ssl.get());
  return X509_STORE_CTX_init(check.get(), store, &certificate, nullptr) == 1 &&
         X509_verify_cert(check.get()) == 1;
}

}  // namespace

TEST_SUITE("TLS options: what connections share") {
  TEST_CASE("connections with the same options share a context, also one after the other") {
    support::TempDir directory;
    directory.write("ca.pem", test_authority().certificate_pem());
    net::TlsContexts contexts;
    Shared first = got(contexts, trusting(directory, 1));
    CHECK(got(contexts, trusting(directory, 1)) == first);
    CHECK(got(contexts, trusting(directory, 2)) != first);

    const std::weak_ptr<const net::TlsContext> gone = first;
    first.reset();
    CHECK(got(contexts, trusting(directory, 1)) == gone.lock());
  }

  TEST_CASE("so do loops of different threads") {
    CHECK(&net::TlsContexts::of_this_process() == &net::TlsContexts::of_this_process());
  }

  TEST_CASE("a file that has changed is read again, at once") {
    support::TempDir directory;
    directory.write("ca.pem", test_authority().certificate_pem());
    net::TlsContexts contexts;
    const Shared first = got(contexts, trusting(directory, 1));
    directory.write("ca.pem", "hello");
    CHECK(std::holds_alternative<base::Failure>(contexts.get(trusting(directory, 1))));
    directory.write("ca.pem", test_authority().certificate_pem() + "\n");
    CHECK(got(contexts, trusting(directory, 1)) != first);
  }

  TEST_CASE("few are kept when no connection uses them") {
    support::TempDir directory;
    directory.write("ca.pem", test_authority().certificate_pem());
    net::TlsContexts contexts;
    const std::weak_ptr<const net::TlsContext> first = got(contexts, trusting(directory, 1));
    CHECK_FALSE(first.expired());
    for (int number = 2; number < 6; ++number) got(contexts, trusting(directory, number));
    CHECK(first.expired());
  }

  TEST_CASE("a client's key goes with the last connection that uses it") {
    support::TempDir directory;
    directory.write("ca.pem", test_authority().certificate_pem());
    TlsOptions options = trusting(directory, 1);
    options.cert_file =
        directory.write("both.pem", localhost().certificate_pem() + localhost().key_pem("secret"));
    options.key_password = "secret";
    net::TlsContexts contexts;
    Shared first = got(contexts, options);
    const std::weak_ptr<const net::TlsContext> gone = first;
    CHECK(got(contexts, options) == first);
    first.reset();
    CHECK(gone.expired());
  }

  // What is wrong here is seen by ThreadSanitizer only.
  TEST_CASE("nothing of it is written when connections of many threads first use it, all at once") {
    support::TempDir directory;
    directory.write("ca.pem", test_authority().certificate_pem());
    constexpr int threads_at_once = 4;
    for (int round = 0; round < 50; ++round) {
      net::TlsContexts contexts;
      std::atomic<int> ready{0};
      std::atomic<int> verified{0};
      std::vector<std::thread> threads;
      for (int i = 0; i < threads_at_once; ++i) {
        threads.emplace_back([&, server = signed_by(test_authority(), {})] {
          const Shared context = got(contexts, trusting(directory, 1));
          ready.fetch_add(1, std::memory_order_relaxed);
          while (ready.load(std::memory_order_relaxed) < threads_at_once) std::this_thread::yield();
          if (verifies(context, *server.certificate)) ++verified;
        });
      }
      for (std::thread& thread : threads) thread.join();
      CHECK(verified == threads_at_once);
    }
  }
}
