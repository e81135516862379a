// Options that are the same are one object, and those that differ in anything are not.
#include "api/shared_options.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using websocket::ConnectOptions;
using websocket::ReconnectPolicy;
using websocket::RunOptions;
using websocket::TlsVersion;
using websocket::api::are_same;
using websocket::api::OptionsInUse;
using websocket::api::shared;

namespace {

template <class Options>
struct Change {
  const char* member;
  std::function<void(Options&)> make;
};

using Changes = std::vector<Change<ConnectOptions>>;

// The bindings name every member: one that is added and not listed here does not compile.
void count_members(const ConnectOptions& options) {
  [[maybe_unused]] const auto& [timeout, close_timeout, header, header_factory, cookie, host,
                                origin, suppress_origin, user_agent, subprotocols, redirect_limit,
                                skip_utf8_validation, tls, proxy, socket, compression, limits] =
      options;
  [[maybe_unused]] const auto& [verify_peer, check_hostname, ca_file, ca_path, ca_pem, cert_file,
                                key_file, key_password, server_hostname, ciphers, min_version,
                                pinned_public_keys] = options.tls;
  [[maybe_unused]] const auto& [url, no_proxy, from_environment] = options.proxy;
  [[maybe_unused]] const auto& [nodelay, keepalive, send_buffer, receive_buffer, local_address] =
      options.socket;
  [[maybe_unused]] const auto& [enabled, client_takeover, server_takeover, client_bits, server_bits,
                                level, threshold] = options.compression;
  [[maybe_unused]] const auto& [message, fragments, head, buffer, high_water, low_water] =
      options.limits;
}

Changes changes() {
  using O = ConnectOptions;
  return {
      {"timeout", [](O& o) { o.timeout += 1ms; }},
      {"close_timeout", [](O& o) { o.close_timeout += 1ms; }},
      {"header", [](O& o) { o.header.add("X", "y"); }},
      {"cookie", [](O& o) { o.cookie += "c"; }},
      {"host", [](O& o) { o.host += "h"; }},
      {"origin", [](O& o) { o.origin += "o"; }},
      {"suppress_origin", [](O& o) { o.suppress_origin ^= true; }},
      {"user_agent", [](O& o) { o.user_agent += "u"; }},
      {"subprotocols", [](O& o) { o.subprotocols.emplace_back("s"); }},
      {"redirect_limit", [](O& o) { ++o.redirect_limit; }},
      {"skip_utf8_validation", [](O& o) { o.skip_utf8_validation ^= true; }},
      {"tls.verify_peer", [](O& o) { o.tls.verify_peer ^= true; }},
      {"tls.check_hostname", [](O& o) { o.tls.check_hostname ^= true; }},
      {"tls.ca_file", [](O& o) { o.tls.ca_file += "f"; }},
      {"tls.ca_path", [](O& o) { o.tls.ca_path += "p"; }},
      {"tls.ca_pem", [](O& o) { o.tls.ca_pem += "m"; }},
      {"tls.cert_file", [](O& o) { o.tls.cert_file += "c"; }},
      {"tls.key_file", [](O& o) { o.tls.key_file += "k"; }},
      {"tls.key_password", [](O& o) { o.tls.key_password += "p"; }},
      {"tls.server_hostname", [](O& o) { o.tls.server_hostname += "s"; }},
      {"tls.ciphers", [](O& o) { o.tls.ciphers += "c"; }},
      {"tls.min_version", [](O& o) { o.tls.min_version = TlsVersion::tls1_3; }},
      {"tls.pinned_public_keys", [](O& o) { o.tls.pinned_public_keys.emplace_back("k"); }},
      {"proxy.url", [](O& o) { o.proxy.url += "u"; }},
      {"proxy.no_proxy", [](O& o) { o.proxy.no_proxy.emplace_back("n"); }},
      {"proxy.from_environment", [](O& o) { o.proxy.from_environment ^= true; }},
      {"socket.tcp_nodelay", [](O& o) { o.socket.tcp_nodelay ^= true; }},
      {"socket.tcp_keepalive", [](O& o) { o.socket.tcp_keepalive ^= true; }},
      {"socket.send_buffer_size", [](O& o) { ++o.socket.send_buffer_size; }},
      {"socket.receive_buffer_size", [](O& o) { ++o.socket.receive_buffer_size; }},
      {"socket.local_address", [](O& o) { o.socket.local_address += "1"; }},
      {"compression.enabled", [](O& o) { o.compression.enabled ^= true; }},
      {"compression.client_no_context_takeover",
       [](O& o) { o.compression.client_no_context_takeover ^= true; }},
      {"compression.server_no_context_takeover",
       [](O& o) { o.compression.server_no_context_takeover ^= true; }},
      {"compression.client_max_window_bits", [](O& o) { --o.compression.client_max_window_bits; }},
      {"compression.server_max_window_bits", [](O& o) { --o.compression.server_max_window_bits; }},
      {"compression.level", [](O& o) { ++o.compression.level; }},
      {"compression.threshold", [](O& o) { ++o.compression.threshold; }},
      {"limits.max_message_size", [](O& o) { ++o.limits.max_message_size; }},
      {"limits.max_fragments", [](O& o) { ++o.limits.max_fragments; }},
      {"limits.max_response_head", [](O& o) { ++o.limits.max_response_head; }},
      {"limits.max_send_buffer", [](O& o) { ++o.limits.max_send_buffer; }},
      {"limits.send_high_water", [](O& o) { ++o.limits.send_high_water; }},
      {"limits.send_low_water", [](O& o) { ++o.limits.send_low_water; }},
  };
}

// Something in every member that is empty by default.
ConnectOptions filled() {
  ConnectOptions options;
  for (const auto& change : changes()) change.make(options);
  return options;
}

}  // namespace

TEST_SUITE("options in use: same or not") {
  TEST_CASE("the defaults are the same, and so is a copy of whatever was set") {
    CHECK(are_same({}, {}));
    const ConnectOptions options = filled();
    CHECK(are_same(options, options));
    CHECK(are_same(options, ConnectOptions(options)));
    CHECK(are_same(filled(), filled()));
  }

  TEST_CASE("every member makes a difference by itself") {
    count_members({});
    // 17 members of ConnectOptions, five of which are structures and one a function, and theirs.
    CHECK(changes().size() == 17 - 5 - 1 + 12 + 3 + 5 + 7 + 6);
    for (const auto& change : changes()) {
      INFO(change.member);
      ConnectOptions changed;
      change.make(changed);
      CHECK_FALSE(are_same({}, changed));
      CHECK_FALSE(are_same(changed, {}));
      CHECK(are_same(changed, ConnectOptions(changed)));
    }
  }

  TEST_CASE("every member makes a difference where all the others are set, too") {
    for (const auto& change : changes()) {
      INFO(change.member);
      ConnectOptions changed = filled();
      change.make(changed);
      if (changed.tls.min_version == filled().tls.min_version &&
          std::string(change.member) == "tls.min_version") {
        changed.tls.min_version = TlsVersion::tls1_2;
      }
      CHECK_FALSE(are_same(filled(), changed));
    }
  }

  TEST_CASE("of headers the order, the repeats, names and values make a difference") {
    const websocket::Headers header = {{"A", "1"}, {"B", "2"}};
    const auto with = [](websocket::Headers given) {
      ConnectOptions options;
      options.header = std::move(given);
      return options;
    };
    CHECK(are_same(with(header), with({{"A", "1"}, {"B", "2"}})));
    CHECK_FALSE(are_same(with(header), with({{"B", "2"}, {"A", "1"}})));
    CHECK_FALSE(are_same(with(header), with({{"A", "1"}})));
    CHECK_FALSE(are_same(with(header), with({{"A", "1"}, {"B", "2"}, {"B", "2"}})));
    CHECK_FALSE(are_same(with(header), with({{"A", "1"}, {"B", "3"}})));
    CHECK_FALSE(are_same(with(header), with({{"A", "1"}, {"b", "2"}})));  // sent as given
    CHECK_FALSE(are_same(with({{"AB", ""}}), with({{"A", "B"}})));
  }

  TEST_CASE("a header_factory is never the same as another one, or as itself") {
    ConnectOptions with;
    with.header_factory = [] { return websocket::Headers(); };
    CHECK_FALSE(are_same(with, {}));
    CHECK_FALSE(are_same({}, with));
    CHECK_FALSE(are_same(with, with));
  }
}

TEST_SUITE("options in use: one object") {
  TEST_CASE("those that are the same are one, as long as somebody has it") {
    OptionsInUse in_use;
    auto one = in_use.share(filled());
    auto two = in_use.share(filled());
    CHECK(one == two);
    CHECK(are_same(*one, filled()));
    const std::weak_ptr<const ConnectOptions> gone = one;
    one.reset();
    two.reset();
    CHECK(gone.expired());
    CHECK(are_same(*in_use.share(filled()), filled()));
  }

  TEST_CASE("those that differ are not, and are what was given") {
    OptionsInUse in_use;
    const auto defaults = in_use.share({});
    for (const auto& change : changes()) {
      INFO(change.member);
      ConnectOptions changed;
      change.make(changed);
      const auto given = in_use.share(ConnectOptions(changed));
      CHECK(given != defaults);
      CHECK(are_same(*given, changed));
      CHECK(in_use.share(ConnectOptions(changed)) == given);
    }
    CHECK(are_same(*defaults, {}));
  }

  TEST_CASE("those with a header_factory are each by themselves") {
    OptionsInUse in_use;
    int calls = 0;
    ConnectOptions with;
    with.header_factory = [&calls] {
      ++calls;
      return websocket::Headers();
    };
    const auto one = in_use.share(ConnectOptions(with));
    const auto two = in_use.share(ConnectOptions(with));
    CHECK(one != two);
    one->header_factory();
    two->header_factory();
    CHECK(calls == 2);
  }

  TEST_CASE("any thread may share") {
    OptionsInUse in_use;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&in_use, i] {
        ConnectOptions options;
        for (int round = 0; round < 200; ++round) {
          options.redirect_limit = (i + round) % 3;
          CHECK(in_use.share(ConnectOptions(options))->redirect_limit == options.redirect_limit);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST_SUITE("options of a run") {
  TEST_CASE("the defaults are there once, and stay") {
    const auto one = shared(RunOptions{});
    CHECK(one == shared(RunOptions{}));
    CHECK(one->ping_interval == 0ms);
    CHECK_FALSE(one->reconnect.has_value());
  }

  TEST_CASE("whatever is set makes an object of its own") {
    [[maybe_unused]] const auto& [interval, timeout, payload, policy, dispatcher] = RunOptions{};
    const std::vector<Change<RunOptions>> changes = {
        {"ping_interval", [](RunOptions& o) { o.ping_interval = 1ms; }},
        {"ping_timeout", [](RunOptions& o) { o.ping_timeout = 1ms; }},
        {"ping_payload", [](RunOptions& o) { o.ping_payload = "p"; }},
        {"reconnect", [](RunOptions& o) { o.reconnect = ReconnectPolicy{}; }},
        {"dispatcher", [](RunOptions& o) { o.dispatcher = [](const auto&) {}; }},
    };
    for (const auto& change : changes) {
      INFO(change.member);
      RunOptions options;
      change.make(options);
      const auto one = shared(options);
      CHECK(one != shared(RunOptions{}));
      CHECK(one != shared(options));
      CHECK(one->ping_interval == options.ping_interval);
      CHECK(one->ping_timeout == options.ping_timeout);
      CHECK(one->ping_payload == options.ping_payload);
      CHECK(one->reconnect.has_value() == options.reconnect.has_value());
      CHECK(bool(one->dispatcher) == bool(options.dispatcher));
    }
  }
}
