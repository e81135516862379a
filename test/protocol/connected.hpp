// A Connection as the tests drive it, from either side: what it tells as words, what it sends as
// frames.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/connection.hpp"
#include "protocol/heard.hpp"
#include "protocol/wire.hpp"

namespace protocol_test {

using protocol::Role;

// Keys that are all different.
inline protocol::MaskKeys different_keys() {
  return protocol::MaskKeys([next = std::uint32_t{0}](std::span<std::byte> into) mutable {
    for (std::size_t i = 0; i < into.size(); ++i) {
      if (i % 4 == 0) next += 0x01020305U;
      into[i] = static_cast<std::byte>(next >> (8 * (i % 4)));
    }
  });
}

inline std::string close_word(const CloseInfo& info) {
  return "closed " + std::to_string(info.code) +
         (info.reason.empty() ? "" : " '" + info.reason + "'") + (info.clean ? " clean" : "") +
         (info.by_peer ? " by peer" : "");
}

inline std::string event_word(const protocol::Event& event) {
  struct Words {
    std::string operator()(const protocol::Opened&) const { return "opened"; }
    std::string operator()(const protocol::MessageReceived& got) const {
      return opcode_word(got.opcode) + ' ' + shown(got.data);
    }
    std::string operator()(const protocol::FragmentReceived& got) const {
      return "fragment " + opcode_word(got.opcode) + (got.fin ? " " : "* ") + shown(got.data);
    }
    std::string operator()(const protocol::PingReceived& got) const {
      return "ping " + shown(got.payload);
    }
    std::string operator()(const protocol::PongReceived& got) const {
      return "pong " + shown(got.payload);
    }
    std::string operator()(const protocol::Closing&) const { return "closing"; }
    std::string operator()(const protocol::Closed& got) const {
      return close_word(got.info) +
             (got.failure ? ": " + make_error_code(got.failure->code).message() : "");
    }
  };
  return std::visit(Words(), event);
}

// What a failure adds to "closed 1006".
inline std::string because(Errc code) { return ": " + make_error_code(code).message(); }

struct Side {
  explicit Side(Role own_role = Role::client, Limits limits = {})
      : role(own_role),
        connection(own_role, limits, true, own_role == Role::client ? &keys : nullptr) {}

  const Role role;
  protocol::MaskKeys keys = different_keys();
  protocol::Connection connection;
  Events told;

  // A frame of the peer, masked if it has to be.
  std::string peers(wire::Frame frame) const {
    return role == Role::client ? wire::bytes(frame) : wire::masked(std::move(frame));
  }
  std::string peers_text(std::string_view payload) const {
    return peers({.opcode = 1, .payload = std::string(payload)});
  }
  std::string peers_ping(std::string_view payload) const {
    return peers({.opcode = 9, .payload = std::string(payload)});
  }
  std::string peers_close(unsigned code, std::string_view reason = {}) const {
    return peers({.opcode = 8, .payload = wire::close_payload(code, reason)});
  }
  // What no peer of this role may send.
  std::string bad_bytes() const { return peers({.opcode = 3, .payload = "bad"}); }

  void push(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> into = connection.prepare(scratch);
      const std::size_t size = std::min(into.size(), bytes.size());
      std::copy_n(bytes.begin(), size, into.begin());
      bytes.remove_prefix(size);
      connection.commit(size);
      pull();
      if (into.data() == scratch.data()) std::fill_n(into.begin(), size, '\x7e');
    }
  }
  void eof() {
    connection.commit_eof();
    pull();
  }
  void broken(base::Failure failure) {
    connection.commit_eof(std::move(failure));
    pull();
  }
  void pull() {
    while (auto event = connection.next_event()) told.push_back(event_word(*event));
    if (connection.state() == protocol::Connection::State::closed) return;
    if (connection.has_input()) FAIL_CHECK("input was left over");
  }
  Events take_told() { return std::exchange(told, {}); }

  // All that is to be sent, bytes as on the wire.
  std::string take_output() {
    std::string all;
    while (connection.has_output()) {
      const std::string_view output = connection.output();
      REQUIRE_FALSE(output.empty());
      all += output;
      connection.consume_output(output.size());
    }
    CHECK(connection.output().empty());
    return all;
  }
  // The same as words; all frames masked as the role wants it.
  Events sent() {
    const std::string bytes = take_output();
    for (const wire::Frame& frame : wire::parse(bytes)) {
      CHECK(frame.key.has_value() == (role == Role::client));
      CHECK(frame.reserved == 0);
    }
    return wire::describe(bytes);
  }

  std::vector<char> scratch = std::vector<char>(1 << 14);
};

}  // namespace protocol_test
