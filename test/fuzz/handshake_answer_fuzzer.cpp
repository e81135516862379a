// The server's answer to the opening handshake, RFC 6455 4.1: the same outcome however it is cut,
// nothing beyond its budgets, words for every failure, and nothing accepted that a plain reading of
// the RFC forbids.
//
// Input: flags (what was asked for, and how it ends), the budget of the head, cuts (input.hpp),
// then the answer.
#include "protocol/client_handshake.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/plain_extensions.hpp"
#include "fuzz/plain_head.hpp"
#include "fuzz/require.hpp"

namespace {

using namespace websocket;
using fuzz::require;
using protocol::ClientHandshake;
using Progress = ClientHandshake::Progress;

// RFC 6455 1.3
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

struct Asked {
  protocol::HandshakeRequest request;
  Limits limits;
  bool ends = false;      // the server closes the connection behind what it sent
  bool gives_up = false;  // nobody waits for the body
};

struct Answered {
  Progress progress = Progress::more;
  std::size_t consumed = 0;  // when accepted
  Errc code = Errc::invalid_response;
  std::string failure;
  Response response;
  std::string subprotocol;
  bool deflates = false;
};

Asked take_asked(fuzz::Input& input) {
  Asked asked;
  asked.request.key = key;
  const unsigned flags = input.take_byte();
  if ((flags & 1U) != 0) asked.request.subprotocols = {"chat", "superchat"};
  asked.ends = (flags & 2U) != 0;
  asked.gives_up = (flags & 4U) != 0;
  if ((flags & 8U) != 0) {
    CompressionOptions& offered = asked.request.compression.emplace();
    offered.server_no_context_takeover = (flags & 16U) != 0;
    offered.server_max_window_bits = 15 - static_cast<int>(flags >> 5U);
  }
  const unsigned budget = input.take_byte();
  if (budget != 0) asked.limits.max_response_head = std::size_t{budget} * 8;
  return asked;
}

std::size_t size_of(const Headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 1;
  return size;
}

void check_bounds(const ClientHandshake& handshake, const Asked& asked) {
  const Response& response = handshake.response();
  require(size_of(response.headers) + response.reason.size() <= asked.limits.max_response_head,
          "what is kept of an answer's head is within its budget");
  require(response.body.size() <= ClientHandshake::max_body,
          "what is kept of an answer's body is within its budget");
}

Answered answer(std::string_view bytes, const fuzz::Cuts& cuts, const Asked& asked) {
  ClientHandshake handshake(asked.request, asked.limits);
  Answered answered;
  fuzz::cut(bytes, cuts, [&](std::string_view piece) {
    const std::vector<char> exactly(piece.begin(), piece.end());
    const std::string_view given(exactly.data(), exactly.size());
    const bool was_over = answered.progress != Progress::more;
    std::size_t consumed = 0;
    const Progress progress = handshake.feed(given, consumed);
    require(consumed <= given.size(), "no more is consumed than was given");
    require(!was_over || (consumed == 0 && progress == answered.progress),
            "a handshake that is over takes nothing and says the same again");
    require(progress != Progress::more || consumed == given.size(),
            "a handshake that wants more took all there was");
    answered.progress = progress;
    answered.consumed += consumed;
    check_bounds(handshake, asked);
  });
  if (asked.gives_up) {
    const bool in_body = handshake.in_body();
    answered.progress = handshake.give_up_on_body();
    require(!in_body || answered.progress == Progress::failed,
            "whoever gives up on a body has an answer that failed");
  }
  if (asked.ends) {
    answered.progress = handshake.feed_end();
    require(answered.progress != Progress::more, "the end of the stream ends the handshake");
  }
  answered.response = handshake.response();
  answered.subprotocol = handshake.answer()->subprotocol();
  answered.deflates = handshake.answer()->deflate.has_value();
  if (answered.progress == Progress::failed) {
    answered.code = handshake.failure().code;
    answered.failure = handshake.failure().message;
  }
  return answered;
}

void check_failure(const Answered& answered) {
  require(make_error_code(answered.code) == Condition::handshake_failed,
          "a handshake that fails says handshake_failed");
  require(!answered.failure.empty(), "a handshake that fails has words");
  require(answered.subprotocol.empty() && !answered.deflates,
          "a handshake that fails agrees to nothing");
  require(std::all_of(answered.failure.begin(), answered.failure.end(),
                      [](char c) { return c >= ' ' && c < '\x7f'; }),
          "a handshake's words can be printed");
  require((answered.code == Errc::bad_status) ==
              (answered.response.status != 0 && answered.response.status != 101),
          "an answer other than 101 is a bad status");
}

// A plain reading of RFC 6455 4.1, from the bytes.
void check_accepted(std::string_view bytes, const Answered& answered, const Asked& asked) {
  require(answered.consumed <= bytes.size(), "an accepted head lies within what was given");
  const fuzz::PlainHead head = fuzz::last_head(bytes.substr(0, answered.consumed));
  require(head.ends_here, "an accepted answer stops right behind its empty line");
  require(head.start_line.starts_with("HTTP/1.") && head.start_line.substr(8, 4) == " 101",
          "an accepted answer has the status 101");
  const auto upgrades = head.values("upgrade");
  require(upgrades.size() == 1 && fuzz::lower(upgrades.front()) == "websocket",
          "an accepted answer has Upgrade: websocket");
  require(head.has_token("connection", "upgrade"), "an accepted answer has Connection: Upgrade");
  require(head.values("sec-websocket-accept") == std::vector<std::string>{std::string(accept)},
          "an accepted answer has the one right Sec-WebSocket-Accept");
  const auto extensions = fuzz::plain_extensions(head.values("sec-websocket-extensions"));
  require(extensions && extensions->size() <= (asked.request.compression ? 1U : 0U),
          "an accepted answer has no extension that was not offered");
  require(answered.deflates == !extensions->empty(), "what the server chose is used");
  if (answered.deflates) {
    require(extensions->front().name == "permessage-deflate" &&
                fuzz::plain_agreement(extensions->front(), *asked.request.compression),
            "an accepted permessage-deflate is what RFC 7692 7.1 allows");
  }
  const auto chosen = head.values("sec-websocket-protocol");
  require(chosen.size() <= 1, "an accepted answer chooses one subprotocol at most");
  require(answered.subprotocol == (chosen.empty() ? "" : chosen.front()),
          "the subprotocol is the one the server chose");
  const auto& offered = asked.request.subprotocols;
  require(
      chosen.empty() || std::find(offered.begin(), offered.end(), chosen.front()) != offered.end(),
      "an accepted subprotocol was offered");
}

bool same(const Headers& a, const Headers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void require_same(const Answered& a, const Answered& b) {
  require(a.progress == b.progress, "a cut answer has the outcome of the whole one");
  require(a.response.status == b.response.status, "a cut answer has the status of the whole one");
  require(a.response.reason == b.response.reason, "a cut answer has the reason of the whole one");
  require(same(a.response.headers, b.response.headers), "a cut answer has the whole one's fields");
  require(a.response.body == b.response.body, "a cut answer has the body of the whole one");
  require(a.subprotocol == b.subprotocol, "a cut answer has the subprotocol of the whole one");
  require(a.deflates == b.deflates, "a cut answer agrees to what the whole one does");
  if (a.progress == Progress::accepted) {
    require(a.consumed == b.consumed, "a cut answer ends where the whole one does");
  }
  if (a.progress != Progress::failed) return;
  require(a.code == b.code, "a cut answer fails as the whole one does");
  // What does not even begin as HTTP is quoted as far as it had come.
  if (a.failure.find(" begins ") == std::string::npos) {
    require(a.failure == b.failure, "a cut answer fails with the words of the whole one");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const Asked asked = take_asked(input);
  const fuzz::Cuts cuts = fuzz::take_cuts(input);
  const std::string_view bytes = input.rest();

  const Answered at_once = answer(bytes, fuzz::whole, asked);
  if (at_once.progress == Progress::failed) check_failure(at_once);
  if (at_once.progress == Progress::accepted) check_accepted(bytes, at_once, asked);
  require_same(at_once, answer(bytes, cuts, asked));
  require_same(at_once, answer(bytes, fuzz::byte_by_byte, asked));
  return 0;
}
