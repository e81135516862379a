// A MessageReader as the tests drive it: bytes in by prepare() and commit(), what comes out as
// words.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/message_reader.hpp"
#include "protocol/wire.hpp"

namespace protocol_test {

using namespace websocket;
using protocol::Wanted;

inline std::string shown(std::string_view payload) {
  if (payload.size() <= 200) return "'" + std::string(payload) + "'";
  return std::to_string(payload.size()) + " bytes #" +
         std::to_string(std::hash<std::string_view>()(payload));
}

inline std::string opcode_word(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
      return "continuation";
    case Opcode::text:
      return "text";
    case Opcode::binary:
      return "binary";
    case Opcode::close:
      return "close";
    case Opcode::ping:
      return "ping";
    case Opcode::pong:
      return "pong";
  }
  return "?";
}

struct Told {
  std::vector<std::string> events;
  std::optional<base::Failure> failure;
  std::size_t bytes_at_failure = 0;
};

class Ear {
 public:
  explicit Ear(protocol::Role role = protocol::Role::client, Limits limits = {},
               bool check_utf8 = true, std::size_t scratch_size = 1 << 16)
      : reader(role, limits, check_utf8), scratch_(scratch_size) {}

  protocol::MessageReader reader;
  Told told;
  bool takes_short_way = true;  // where there is one
  bool takes_strings = true;    // every other message as a string, where the reader has it as one
  std::size_t most_prepared_outside =
      0;  // the biggest span prepare() gave that was not the scratch's

  void push(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> into = reader.prepare(scratch_);
      if (into.empty()) FAIL("no room to read to");
      if (into.data() != scratch_.data()) {
        most_prepared_outside = std::max(most_prepared_outside, into.size());
      }
      const std::size_t size = std::min(into.size(), bytes.size());
      std::copy_n(bytes.begin(), size, into.begin());
      bytes.remove_prefix(size);
      pushed_ += size;
      reader.commit(size);
      pull();
      // Nobody may still look at what was read before.
      if (into.data() == scratch_.data()) std::fill_n(into.begin(), size, '\x7e');
    }
  }

 private:
  std::optional<protocol::Received> next() {
    if (takes_short_way) {
      protocol::MessageReceived message{};
      if (reader.next_plain_message(message)) return message;
    }
    return reader.next();
  }
  void pull() {
    while (auto received = next()) {
      if (told.failure) FAIL("something came after the failure");
      std::visit([this](const auto& got) { note(got); }, *received);
    }
    if (reader.has_input()) FAIL_CHECK("input was left over");
  }
  std::string show_given(std::string_view data) {
    takes_next_ = !takes_next_;
    if (!takes_strings || !takes_next_ || !reader.has_kept(data)) return shown(data);
    return shown(reader.take_kept());
  }
  void note(const protocol::MessageReceived& got) {
    told.events.push_back(opcode_word(got.opcode) + ' ' + show_given(got.data));
  }
  void note(const protocol::FragmentReceived& got) {
    told.events.push_back("fragment " + opcode_word(got.opcode) + (got.fin ? " " : "* ") +
                          show_given(got.data));
  }
  void note(const protocol::ControlReceived& got) {
    told.events.push_back(opcode_word(got.opcode) + ' ' + shown(got.payload));
  }
  void note(const protocol::Violated& violated) {
    told.failure = violated.failure;
    told.bytes_at_failure = pushed_;
  }

  std::vector<char> scratch_;
  bool takes_next_ = false;
  std::size_t pushed_ = 0;
};

using Events = std::vector<std::string>;

// So that a failing check shows them.
inline std::string joined(const Events& events) {
  std::string all;
  for (const std::string& event : events) all += event + " | ";
  return all;
}

struct Case {
  protocol::Role role = protocol::Role::client;
  Limits limits = {};
  bool check_utf8 = true;
  Wanted wanted = Wanted::messages;
  std::optional<protocol::DeflateSide> deflate = {};  // how the peer compresses
};

inline Told hear(const wire::Cuts& cuts, const Case& how, bool takes_short_way) {
  Ear ear(how.role, how.limits, how.check_utf8);
  ear.takes_short_way = takes_short_way;
  if (how.deflate) ear.reader.use_deflate(*how.deflate);
  ear.reader.want(how.wanted);
  for (const std::string_view cut : cuts) ear.push(cut);
  return ear.told;
}

// The same, whichever way messages take.
inline Told hear(const wire::Cuts& cuts, const Case& how) {
  const Told told = hear(cuts, how, true);
  const Told the_long_way = hear(cuts, how, false);
  CHECK(joined(told.events) == joined(the_long_way.events));
  CHECK(told.bytes_at_failure == the_long_way.bytes_at_failure);
  CHECK(told.failure.has_value() == the_long_way.failure.has_value());
  return told;
}

// In every cut: these events, and no failure.
inline void expect(const std::string& bytes, const Events& events, const Case& how = {}) {
  wire::in_every_cut(bytes, [&](const wire::Cuts& cuts) {
    const Told told = hear(cuts, how);
    CHECK(joined(told.events) == joined(events));
    if (told.failure) FAIL_CHECK(told.failure->message);
  });
}

// In every cut: these events, then this failure, told at the `at`-th byte and not before; and
// nothing of what comes after.
inline void expect_failure(const std::string& bytes, std::size_t at, Errc code,
                           const Events& events = {}, const Case& how = {}) {
  const std::string more = bytes + wire::text("after") + wire::ping("after") + wire::close(1000);
  wire::in_every_cut(more, [&](const wire::Cuts& cuts) {
    const Told told = hear(cuts, how);
    CHECK(joined(told.events) == joined(events));
    REQUIRE(told.failure);
    CHECK(told.failure->code == code);
    CHECK_FALSE(told.failure->message.empty());
    CHECK(told.bytes_at_failure >= at);
    if (cuts.size() == more.size()) CHECK(told.bytes_at_failure == at);
  });
}

}  // namespace protocol_test
