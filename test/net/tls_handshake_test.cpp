#include "net/tls_handshake.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>

#include "tls_server.hpp"

using namespace net_test;

namespace {

// What a client says of a server that speaks something else.
base::Failure failure_with_plain(std::function<void(TcpPeer&)> script) {
  TlsServer server(std::move(script));
  TlsClient client;
  client.handshake(server.address(), trusting());
  REQUIRE(client.told.has_failed());
  CHECK(client.told.failure().code == Errc::tls_handshake_failed);
  return client.told.failure();
}

}  // namespace

TEST_SUITE_BEGIN("TLS handshake");

TEST_CASE("a valid certificate is accepted, and the trace shows what was agreed") {
  TlsServer server(ServerSetup{});
  TlsClient client;
  client.handshake(server.address(), trusting());
  REQUIRE(client.told);
  REQUIRE_FALSE(client.told.has_failed());
  CHECK(client.told.value()->remote_address() == server.address().text);
  REQUIRE(client.trace.all.size() == 1);
  CHECK(client.trace.all.front() ==
        "TLS: TLSv1.3 TLS_AES_256_GCM_SHA384, certificate CN=localhost issued by "
        "CN=Test Authority, expires " +
            day(30));
  server.wait_for_end();
  CHECK(server.server_name() == "localhost");
}

TEST_CASE("nothing is put together for a trace that is off") {
  TlsServer server(ServerSetup{});
  TlsClient client;
  client.trace.on = false;
  client.handshake(server.address(), trusting());
  CHECK_FALSE(client.told.has_failed());
  CHECK(client.trace.all.empty());
}

TEST_CASE("no server name is sent for an address, and none with a trailing dot") {
  const auto sent_for = [](const std::string& host) {
    TlsServer server(ServerSetup{});
    TlsClient client;
    client.handshake(server.address(), trusting(), host);
    CHECK_FALSE(client.told.has_failed());
    server.wait_for_end();
    return server.server_name();
  };
  CHECK(sent_for("127.0.0.1") == "");
  CHECK(sent_for("::1") == "");
  CHECK(sent_for("localhost.") == "localhost");
  CHECK(sent_for("LocalHost") == "LocalHost");
}

TEST_CASE("a client certificate is shown to a server that wants one") {
  support::TempDir directory;
  const Identity mine = signed_by(test_authority(), {.common_name = "me", .alternative_names = ""});
  TlsOptions options = trusting();
  options.cert_file = directory.write("cert.pem", mine.certificate_pem());
  options.key_file = directory.write("key.pem", mine.key_pem());
  ServerSetup setup;
  setup.client_authority = &test_authority();
  std::string shown;
  TlsServer server(setup, [&](TlsPeer& peer) {
    const net::X509Ptr certificate(SSL_get1_peer_certificate(peer.ssl()));
    char name[64];
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof(name));
    shown = name;
  });
  TlsClient client;
  client.handshake(server.address(), options);
  CHECK_FALSE(client.told.has_failed());
  server.wait_for_end();
  CHECK(shown == "me");
}

TEST_CASE("TLS 1.2: a server that wants a client certificate is understood") {
  ServerSetup setup;
  setup.client_authority = &test_authority();
  setup.max_version = TLS1_2_VERSION;
  const auto failure = failure_with(setup, trusting());
  CHECK(failure.code == Errc::tls_handshake_failed);
  CHECK(
      contains(failure.message, "it had asked for a client certificate, and cert_file is not set"));
}

TEST_CASE("TLS 1.3: a missing client certificate is told by the first read") {
  ServerSetup setup;
  setup.client_authority = &test_authority();
  TlsServer server(setup);
  TlsClient client;
  client.handshake(server.address(), trusting());
  REQUIRE_FALSE(client.told.has_failed());  // the server speaks after our last word
  net::Stream& stream = *client.told.value();
  CHECK(read_all(client.loop, stream, 1).empty());
  std::array<char, 8> into{};
  const net::IoResult result = stream.read(into);
  CHECK(result.status == net::IoStatus::failed);
  CHECK(std::string(result.error.category().name()) == "tls");
  CHECK(result.error.message() ==
        "the server requires a client certificate (TLS alert 'certificate required')");
}

TEST_CASE("a server that is too old is told, with what is wanted") {
  ServerSetup setup;
  setup.max_version = TLS1_2_VERSION;
  TlsOptions options = trusting();
  CHECK(succeeds_with(setup, options));
  options.min_version = TlsVersion::tls1_3;
  const auto failure = failure_with(setup, options);
  CHECK(failure.code == Errc::tls_handshake_failed);
  CHECK(failure.message ==
        "the server speaks no version of TLS that is allowed here (at least TLS 1.3)");
}

TEST_CASE("a server with no cipher in common breaks off, in words") {
  ServerSetup setup;
  setup.max_version = TLS1_2_VERSION;
  TlsOptions options = trusting();
  options.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";  // the server's key is none of RSA
  const auto failure = failure_with(setup, options);
  CHECK(failure.code == Errc::tls_handshake_failed);
  CHECK(failure.message ==
        "the server found nothing in common with us (TLS alert 'handshake failure')");
}

TEST_CASE("a plain HTTP server is recognised") {
  const auto failure = failure_with_plain([](TcpPeer& peer) {
    peer.read(1);
    peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.read(1 << 20);
  });
  CHECK(failure.message ==
        "the server does not speak TLS on this port (is it ws:// rather than wss://?)");
}

TEST_CASE("garbage ends the handshake") {
  failure_with_plain([](TcpPeer& peer) {
    peer.write(pattern(4096));
    peer.read(1 << 20);
  });
  failure_with_plain([](TcpPeer& peer) {
    peer.write(std::string("\x16\x03\x03\x00\x20", 5) + pattern(64));  // a TLS record of nonsense
    peer.read(1 << 20);
  });
}

TEST_CASE("a server that closes within the handshake is told") {
  const auto failure = failure_with_plain([](TcpPeer& peer) {
    // All of the first record, lest what is left unread makes it a reset.
    const std::string header = peer.read(5);
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(header.at(at)); };
    peer.read(static_cast<std::size_t>(byte(3) << 8 | byte(4)));
    peer.close();
  });
  CHECK(failure.message == "the server closed the connection during the TLS handshake");
}

TEST_CASE("a server that resets within the handshake is told with the system's words") {
  const auto failure = failure_with_plain([](TcpPeer& peer) {
    peer.read(1);
    peer.reset();
  });
  CHECK(failure.message.starts_with("the connection broke during the TLS handshake: "));
  CHECK(failure.cause == std::errc::connection_reset);
}

TEST_CASE("what fails at once is told later all the same, once, and the connection is closed") {
  std::atomic<bool> closed{false};
  TlsServer server([&](TcpPeer& peer) { closed = peer.read(1).empty(); });
  TlsClient client;
  ToldStream connected;
  const auto connecting = client.loop.connect(server.address(), {}, connected.handler());
  REQUIRE(run_until(client.loop, [&] { return bool{connected}; }));
  auto context = client.context(trusting());
  const auto handshake = client.loop.start_tls(
      std::move(connected.value()), std::get<std::shared_ptr<const net::TlsContext>>(context), ".",
      client.trace, client.told.handler());
  CHECK_FALSE(client.told);
  REQUIRE(run_until(client.loop, [&] { return bool{client.told}; }));
  run_ready(client.loop);
  CHECK(client.told.times() == 1);
  REQUIRE(client.told.has_failed());
  CHECK(client.told.failure().message == "'.' is no host a certificate can be checked for");
  server.wait_for_end();
  CHECK(closed);
}

TEST_CASE("an abandoned handshake is not told, and the connection is closed") {
  std::string rest = "unread";
  TlsServer server([&](TcpPeer& peer) {
    peer.read(1);
    rest = peer.read(1 << 20);  // until the client goes
  });
  TlsClient client;
  ToldStream connected;
  const auto connecting = client.loop.connect(server.address(), {}, connected.handler());
  REQUIRE(run_until(client.loop, [&] { return bool{connected}; }));
  auto context = std::get<0>(client.context(trusting()));
  const auto held = std::make_shared<int>(0);
  auto operation = client.loop.start_tls(std::move(connected.value()), context, "localhost",
                                         client.trace, [held](auto) { FAIL("abandoned"); });
  SUBCASE("once hello is said") {}
  SUBCASE("in its middle") { run_ready(client.loop); }
  operation.reset();
  CHECK(held.use_count() == 1);
  run_ready(client.loop);
  server.wait_for_end();
}

TEST_CASE("the operation may be destroyed from within its handler") {
  TlsServer server(ServerSetup{});
  TlsClient client;
  ToldStream connected;
  const auto connecting = client.loop.connect(server.address(), {}, connected.handler());
  REQUIRE(run_until(client.loop, [&] { return bool{connected}; }));
  net::OperationPtr operation;
  bool told = false;
  std::string host = "localhost";
  SUBCASE("of success") {}
  SUBCASE("of failure") { host = "a.example"; }
  operation =
      client.loop.start_tls(std::move(connected.value()), std::get<0>(client.context(trusting())),
                            host, client.trace, [&](auto) {
                              operation.reset();
                              told = true;
                            });
  CHECK(run_until(client.loop, [&] { return told; }));
}

TEST_SUITE_END();
