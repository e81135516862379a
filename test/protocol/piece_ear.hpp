// A MessageReader that gives pieces, as the tests drive it: they are put together again, and each is
// held against what is promised of pieces.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/heard.hpp"
#include "protocol/message_reader.hpp"
#include "protocol/wire.hpp"

namespace protocol_test {

// No piece of an inflated message is much longer.
inline constexpr std::size_t longest_inflated_piece = std::size_t{70} << 10U;

class PieceEar {
 public:
  explicit PieceEar(const Case& how = {}, std::size_t scratch_size = std::size_t{1} << 16U)
      : reader(how.role, how.limits, how.check_utf8),
        inflates_(how.deflate.has_value()),
        scratch_(scratch_size) {
    if (how.deflate) reader.use_deflate(*how.deflate);
    reader.want(Wanted::pieces);
  }

  protocol::MessageReader reader;
  Told told;  // the events are messages put together, and what came between their pieces
  std::vector<std::string> pieces;  // all of them, also those of a message that did not end
  std::string unfinished;           // what has come of the message that is going on

  void push(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> into = reader.prepare(scratch_);
      if (into.data() != scratch_.data()) FAIL("something is kept");
      const std::size_t size = std::min(into.size(), bytes.size());
      std::copy_n(bytes.begin(), size, into.begin());
      bytes.remove_prefix(size);
      pushed_ += size;
      reader.commit(size);
      pull();
      std::fill_n(into.begin(), size, '\x7e');
    }
  }

 private:
  void pull() {
    while (auto received = reader.next()) {
      if (told.failure) FAIL("something came after the failure");
      std::visit([this](const auto& got) { note(got); }, *received);
    }
    if (reader.has_input()) FAIL_CHECK("input was left over");
  }
  void note(const protocol::MessageReceived&) { FAIL_CHECK("a message that is no piece"); }
  void note(const protocol::FragmentReceived& got) {
    const bool begins = got.opcode != Opcode::continuation;
    if (begins == in_message_) FAIL_CHECK("a message begins once, and then continues");
    if (begins) opcode_ = got.opcode;
    in_message_ = !got.fin;
    check_place(got.data);
    pieces.push_back(opcode_word(got.opcode) + (got.fin ? " " : "* ") + shown(got.data));
    unfinished += got.data;
    if (!got.fin) return;
    told.events.push_back(opcode_word(opcode_) + ' ' + shown(unfinished));
    unfinished.clear();
  }
  void note(const protocol::ControlReceived& got) {
    told.events.push_back(opcode_word(got.opcode) + ' ' + shown(got.payload));
  }
  void note(const protocol::Violated& violated) {
    told.failure = violated.failure;
    told.bytes_at_failure = pushed_;
  }
  // A view of what was read; nothing was kept.
  void check_place(std::string_view piece) {
    if (inflates_) {
      if (piece.size() > longest_inflated_piece) FAIL_CHECK("a long piece");
    } else if (!piece.empty()) {
      const bool is_inside = piece.data() >= scratch_.data() &&
                             piece.data() + piece.size() <= scratch_.data() + scratch_.size();
      if (!is_inside) FAIL_CHECK("a piece that was kept");
    }
  }

  const bool inflates_;
  std::vector<char> scratch_;
  std::size_t pushed_ = 0;
  bool in_message_ = false;
  Opcode opcode_ = Opcode::continuation;
};

inline PieceEar hear_pieces(const wire::Cuts& cuts, const Case& how) {
  PieceEar ear(how);
  for (const std::string_view cut : cuts) ear.push(cut);
  return ear;
}

// In every cut: pieces that make these events, which are those of whole messages, and no failure.
inline void expect_together(const std::string& bytes, const Events& events, const Case& how = {}) {
  expect(bytes, events, how);
  wire::in_every_cut(bytes, [&](const wire::Cuts& cuts) {
    const PieceEar ear = hear_pieces(cuts, how);
    CHECK(joined(ear.told.events) == joined(events));
    CHECK(ear.unfinished.empty());
    if (ear.told.failure) FAIL_CHECK(ear.told.failure->message);
  });
}

// In every cut: these events, then this failure, told at the `at`-th byte and not before. What came
// of the message that failed is the beginning of `begun`; byte by byte it is all of it.
inline void expect_broken(const std::string& bytes, std::size_t at, Errc code,
                          const std::string& begun, const Events& events = {},
                          const Case& how = {}) {
  const std::string more = bytes + wire::text("after") + wire::ping("after") + wire::close(1000);
  wire::in_every_cut(more, [&](const wire::Cuts& cuts) {
    const PieceEar ear = hear_pieces(cuts, how);
    CHECK(joined(ear.told.events) == joined(events));
    REQUIRE(ear.told.failure);
    CHECK(ear.told.failure->code == code);
    CHECK_FALSE(ear.told.failure->message.empty());
    CHECK(ear.told.bytes_at_failure >= at);
    CHECK(begun.starts_with(ear.unfinished));
    if (cuts.size() < more.size()) return;
    CHECK(ear.told.bytes_at_failure == at);
    CHECK(ear.unfinished == begun);
  });
}

}  // namespace protocol_test
