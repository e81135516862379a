#include "net/look_up.hpp"

#include <doctest/doctest.h>
#include <netdb.h>

#include <cerrno>
#include <optional>

#include "run_loop.hpp"

using namespace net_test;

TEST_SUITE_BEGIN("look-up");

TEST_CASE("a numeric host is its own address") {
  CHECK(net::numeric_address("127.0.0.1", 9001)->text == "127.0.0.1:9001");
  CHECK(net::numeric_address("::1", 80)->text == "[::1]:80");
  CHECK(net::numeric_address("::ffff:10.0.0.1", 1)->text == "[::ffff:10.0.0.1]:1");
}

TEST_CASE("an IPv4 address reads as it was written, from its least to its greatest") {
  for (const std::string host : {"0.0.0.0", "8.8.4.4", "10.99.100.9", "255.255.255.255"}) {
    CHECK(net::numeric_address(host, 65535)->text == host + ":65535");
    CHECK(net::numeric_address(host, 0)->text == host + ":0");
  }
}

TEST_CASE("the system's other ways to write an IPv4 address are taken too") {
  for (const std::string host : {"127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.01"}) {
    CAPTURE(host);
    const auto address = net::numeric_address(host, 9001);
    REQUIRE(address);
    CHECK(address->text == "127.0.0.1:9001");
  }
}

TEST_CASE("a numeric IPv6 host may name its zone") {
  // Every Linux machine has this one.
  const auto address = net::numeric_address("fe80::1%lo", 443);
  REQUIRE(address);
  CHECK(address->text == "[fe80::1%lo]:443");
}

TEST_CASE("a name is no numeric host") {
  for (const std::string host : {"localhost", "example.com", "", "1.2.3.4.example", "::1]"}) {
    CAPTURE(host);
    CHECK_FALSE(net::numeric_address(host, 80));
  }
  CHECK_FALSE(net::numeric_address(std::string("127.0.0.1\0.example", 18), 80));
}

TEST_CASE("localhost has loopback addresses with the port asked for") {
  for (const std::string host : {"localhost", "localhost."}) {
    auto outcome = net::system_look_up(host, 4040);
    REQUIRE(std::holds_alternative<std::vector<net::Address>>(outcome));
    const auto& found = std::get<std::vector<net::Address>>(outcome);
    REQUIRE_FALSE(found.empty());
    for (const net::Address& address : found) {
      const bool is_loopback = address.text == "127.0.0.1:4040" || address.text == "[::1]:4040";
      CHECK(is_loopback);
    }
  }
}

TEST_CASE("a host with a NUL in it is not looked up as what stands before the NUL") {
  const std::string host("localhost\0.evil.example", 23);
  const auto outcome = net::system_look_up(host, 80);
  REQUIRE(std::holds_alternative<base::Failure>(outcome));
  CHECK(std::get<base::Failure>(outcome).code == Errc::host_not_found);
}

TEST_CASE("what getaddrinfo answers is told in words") {
  const auto unknown = net::look_up_failure(EAI_NONAME, 0, "nosuch.example");
  CHECK(unknown.code == Errc::host_not_found);
  CHECK(unknown.message == "no address is known for 'nosuch.example'");

  const auto out_of_reach = net::look_up_failure(EAI_AGAIN, 0, "a.example");
  CHECK(out_of_reach.code == Errc::resolve_failed);
  CHECK(out_of_reach.message ==
        std::string("'a.example' could not be looked up: ") + ::gai_strerror(EAI_AGAIN));

  const auto system = net::look_up_failure(EAI_SYSTEM, EMFILE, "a.example");
  CHECK(system.code == Errc::resolve_failed);
  CHECK(system.cause == std::errc::too_many_files_open);
}

TEST_SUITE_END();
