// The fault proxy itself: what it lets pass, and how it ends what it ends.
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "fault_proxy.hpp"
#include "support/event.hpp"
#include "support/raw_server.hpp"

using faults::Fault;
using faults::FaultProxy;
using faults::Plan;
using faults::Traffic;
using faults::Way;
using std::chrono::milliseconds;
using support::RawConnection;
using support::RawServer;

namespace {

// How a stream ended, after which bytes.
struct End {
  std::string bytes;
  bool by_reset = false;
};

// What comes to the socket until its end; nullopt when that did not come in time.
std::optional<End> read_to_end(int socket) {
  End end;
  const support::Deadline deadline(support::default_deadline);
  for (;;) {
    pollfd entry{socket, POLLIN, 0};
    if (::poll(&entry, 1, deadline.left()) <= 0) return std::nullopt;
    char buffer[256];
    const ssize_t count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count > 0) {
      end.bytes.append(buffer, static_cast<std::size_t>(count));
      continue;
    }
    end.by_reset = count < 0 && errno == ECONNRESET;
    return end;
  }
}

support::Descriptor connect_to(std::uint16_t port) {
  support::Descriptor result(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(result.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  return result;
}

// A client that says "from the client" and half-closes, a server that answers "from the server" and
// closes; each reads to its end.
struct Exchange {
  std::optional<End> client;
  std::string server_got;
  Traffic traffic;
};

Exchange exchange(const Plan& plan) {
  support::Mailbox<std::string> got;
  support::Mailbox<Traffic> traffic;
  const RawServer server([&got](RawConnection& connection) {
    std::string bytes;
    try {
      connection.write("from the server");
      for (std::string more = connection.read_some(); !more.empty();
           more = connection.read_some()) {
        bytes += more;
      }
    } catch (const support::RawError&) {
      bytes += " (reset)";
    }
    got.push(bytes);
  });
  FaultProxy proxy(server.port());
  const support::Descriptor client = connect_to(
      proxy.listen({.plan = [&plan] { return plan; },
                    .over = [&traffic](const Plan&, const Traffic& all) { traffic.push(all); }}));
  const std::string words = "from the client";
  ::send(client.get(), words.data(), words.size(), MSG_NOSIGNAL);
  ::shutdown(client.get(), SHUT_WR);
  Exchange result;
  result.client = read_to_end(client.get());
  result.server_got = got.pop().value_or("nothing");
  result.traffic = traffic.pop().value_or(Traffic{});
  return result;
}

}  // namespace

TEST_SUITE_BEGIN("the fault proxy");

TEST_CASE("without a fault all bytes pass, and so do both ends") {
  const Exchange all = exchange({});
  REQUIRE(all.client.has_value());
  CHECK(all.client->bytes == "from the server");
  CHECK_FALSE(all.client->by_reset);
  CHECK(all.server_got == "from the client");
  CHECK(all.traffic.to_server == 15);
  CHECK(all.traffic.to_client == 15);
  CHECK_FALSE(all.traffic.fault_came);
}

TEST_CASE(
    "a cut or a half-close lets as many bytes pass as it says, and ends the stream in order") {
  for (const Fault fault : {Fault::cut, Fault::half_close}) {
    for (std::size_t n = 0; n < 15; ++n) {
      CAPTURE(n);
      const Exchange to_client = exchange({.to_server = {}, .to_client = {fault, n}});
      REQUIRE(to_client.client.has_value());
      CHECK(to_client.client->bytes == std::string("from the server").substr(0, n));
      CHECK_FALSE(to_client.client->by_reset);
      CHECK(to_client.traffic.fault_came);
      const Exchange to_server = exchange({.to_server = {fault, n}, .to_client = {}});
      CHECK(to_server.server_got == std::string("from the client").substr(0, n));
      CHECK(to_server.traffic.to_server == n);
    }
  }
}

TEST_CASE("a half-close leaves the other way alone") {
  const Exchange half = exchange({.to_server = {Fault::half_close, 4}, .to_client = {}});
  REQUIRE(half.client.has_value());
  CHECK(half.client->bytes == "from the server");
  CHECK(half.server_got == "from");
}

TEST_CASE("a reset reaches the client as one") {
  const Exchange reset = exchange({.to_server = {}, .to_client = {Fault::reset, 4}});
  REQUIRE(reset.client.has_value());
  CHECK(reset.client->by_reset);
  CHECK(reset.traffic.to_client == 4);
}

TEST_CASE("delays and dribbling lose nothing") {
  for (const Fault fault : {Fault::delay, Fault::dribble}) {
    const Way way{fault, 3, milliseconds(5)};
    const Exchange all = exchange({way, way});
    REQUIRE(all.client.has_value());
    CHECK(all.client->bytes == "from the server");
    CHECK(all.server_got == "from the client");
    CHECK(all.traffic.fault_came);
  }
}

TEST_CASE("a stall ends when its sender has gone, or its time is over") {
  const Exchange gone = exchange({.to_server = {Fault::stall, 4}, .to_client = {}});
  CHECK(gone.server_got == "from");  // the client's half of the stream had ended
  const Exchange over =
      exchange({.to_server = {}, .to_client = {Fault::stall, 4, milliseconds(5)}});
  REQUIRE(over.client.has_value());
  CHECK(over.client->bytes == "from");
}

TEST_SUITE_END();
