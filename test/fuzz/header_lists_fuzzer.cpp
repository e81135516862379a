// Header fields and the lists in them, RFC 9110 5.6.1 and RFC 9112 5, and the extensions a server
// chooses, RFC 6455 9.1 and RFC 7692 7.1: every list against a plain reading, heads against
// themselves in other cuts.
//
// Input: what to read, cuts (input.hpp; for extensions: what was offered), then the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ascii.hpp"
#include "fuzz/input.hpp"
#include "fuzz/plain_extensions.hpp"
#include "fuzz/plain_head.hpp"
#include "fuzz/require.hpp"
#include "protocol/deflate_offer.hpp"
#include "protocol/extension_list.hpp"
#include "protocol/http_head.hpp"
#include "protocol/server_handshake.hpp"

namespace {

using namespace websocket;
using fuzz::require;
using protocol::HeadKind;
using protocol::HeadParser;
using protocol::ServerHandshake;

void check_list(std::string_view text) {
  const auto elements = base::split_list(text);
  const auto expected = fuzz::list_elements(text);
  require(std::equal(elements.begin(), elements.end(), expected.begin(), expected.end()),
          "a list has the elements between its commas");

  // The first element is the token that is looked for, and the list is repeated in another field.
  const std::string token = expected.empty() ? "websocket" : expected.front();
  const std::size_t half = text.size() / 2;
  Headers headers;
  headers.add("Other", token);
  headers.add("List", std::string(text.substr(0, half)));
  headers.add("lIST", std::string(text.substr(half)));
  fuzz::PlainHead plain;
  plain.fields = {{"list", std::string(text.substr(0, half))},
                  {"list", std::string(text.substr(half))}};
  require(protocol::header_has_token(headers, "LIST", token) ==
              plain.has_token("list", fuzz::lower(token)),
          "a token is found where it is an element of one of the fields");
  require(!protocol::header_has_token(headers, "none", token), "no field has no token");
}

struct Head {
  HeadParser::Progress progress = HeadParser::Progress::more;
  std::size_t size = 0;
  std::string start_line;
  Headers headers;
  std::string because;
};

Head read_head(std::string_view bytes, const fuzz::Cuts& cuts, HeadKind kind, std::size_t budget) {
  HeadParser parser(budget, kind);
  Head head;
  fuzz::cut(bytes, cuts, [&](std::string_view piece) {
    const std::vector<char> exactly(piece.begin(), piece.end());
    const bool was_over = head.progress != HeadParser::Progress::more;
    std::size_t consumed = 0;
    head.progress = parser.feed({exactly.data(), exactly.size()}, consumed);
    require(consumed <= piece.size(), "no more is consumed than was given");
    require(!was_over || consumed == 0, "a head that is over takes nothing");
    require(parser.size() <= budget, "a head takes no more than its budget");
  });
  head.size = parser.size();
  head.start_line = parser.start_line();
  head.headers = parser.headers();
  head.because = parser.malformed_because();
  return head;
}

void check_fields(std::string_view bytes, const Head& head) {
  for (const auto& [name, value] : head.headers) {
    require(base::is_token(name), "a field's name is a token");
    require(std::none_of(value.begin(), value.end(),
                         [](char c) { return c == '\r' || c == '\n' || c == '\0'; }),
            "a field's value has no CR, LF or NUL");
    require(fuzz::trimmed(value) == value, "a field's value has no white space around it");
  }
  if (head.progress != HeadParser::Progress::done) return;
  // An empty line before a request line is skipped.
  const fuzz::PlainHead plain = fuzz::last_head(bytes.substr(0, head.size));
  require(plain.ends_here, "a head ends with its empty line");
  require(plain.start_line == head.start_line, "a head has its start line");
  require(
      std::equal(head.headers.begin(), head.headers.end(), plain.fields.begin(), plain.fields.end(),
                 [](const auto& a, const auto& b) {
                   return fuzz::lower(a.first) == b.first && a.second == b.second;
                 }),
      "a head has the fields of its lines");
}

void check_head(std::string_view bytes, const fuzz::Cuts& cuts, HeadKind kind, std::size_t budget) {
  const Head at_once = read_head(bytes, fuzz::whole, kind, budget);
  check_fields(bytes, at_once);
  for (const fuzz::Cuts& other : {cuts, fuzz::byte_by_byte}) {
    const Head head = read_head(bytes, other, kind, budget);
    require(head.progress == at_once.progress, "a cut head ends as the whole one does");
    require(head.start_line == at_once.start_line, "a cut head has the whole one's start line");
    require(std::equal(head.headers.begin(), head.headers.end(), at_once.headers.begin(),
                       at_once.headers.end()),
            "a cut head has the fields of the whole one");
    if (head.progress == HeadParser::Progress::done) {
      require(head.size == at_once.size, "a cut head ends where the whole one does");
    }
    require(head.because.empty() == (head.progress != HeadParser::Progress::malformed),
            "a head that is malformed says why");
  }
}

void check_request(std::string_view bytes, const fuzz::Cuts& cuts) {
  ServerHandshake at_once;
  std::size_t consumed = 0;
  const auto progress = at_once.feed(bytes, consumed);
  require(consumed <= bytes.size(), "no more is consumed than was given");
  ServerHandshake in_pieces;
  auto last = ServerHandshake::Progress::more;
  fuzz::cut(bytes, cuts, [&](std::string_view piece) { last = in_pieces.feed(piece, consumed); });
  require(last == progress, "a cut request has the outcome of the whole one");
  require(in_pieces.target() == at_once.target(), "a cut request has the target of the whole one");
}

void check_failure(const base::Failure& failure) {
  require(failure.code == Errc::unexpected_extension, "an extension that is refused is unexpected");
  require(std::all_of(failure.message.begin(), failure.message.end(),
                      [](char c) { return c >= ' ' && c < '\x7f'; }),
          "a refusal's words can be printed");
}

void check_agreement(const protocol::Extension& extension, const fuzz::PlainExtension& plain,
                     const CompressionOptions& offered) {
  const auto outcome = protocol::agree_on_deflate(extension, offered);
  const auto expected = fuzz::plain_agreement(plain, offered);
  const auto* agreement = std::get_if<protocol::DeflateAgreement>(&outcome);
  require((agreement != nullptr) == expected.has_value(),
          "permessage-deflate is agreed on where RFC 7692 7.1 allows it");
  if (agreement == nullptr) {
    check_failure(std::get<base::Failure>(outcome));
    return;
  }
  require(agreement->client.max_window_bits == expected->client_bits &&
              agreement->server.max_window_bits == expected->server_bits,
          "the windows are those that were agreed on");
  require(agreement->client.no_context_takeover == expected->client_forgets &&
              agreement->server.no_context_takeover == expected->server_forgets,
          "whoever agreed to it takes no context over");
}

// Each line of the text is a field.
void check_extensions(fuzz::Input input) {
  CompressionOptions offered;
  const unsigned flags = input.take_byte();
  offered.client_no_context_takeover = (flags & 1U) != 0;
  offered.server_no_context_takeover = (flags & 2U) != 0;
  offered.client_max_window_bits = 15 - static_cast<int>(flags >> 2U & 7U);
  offered.server_max_window_bits = 15 - static_cast<int>(flags >> 5U & 7U);
  Headers headers;
  std::vector<std::string> fields(1);
  for (const char c : input.rest()) {
    if (c == '\n') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (const std::string& field : fields) headers.add("sec-websocket-EXTENSIONS", field);

  const auto outcome = protocol::read_extensions(headers);
  const auto expected = fuzz::plain_extensions(fields);
  const auto* extensions = std::get_if<std::vector<protocol::Extension>>(&outcome);
  require((extensions != nullptr) == expected.has_value(),
          "extensions are read where their grammar is kept");
  if (extensions == nullptr) {
    check_failure(std::get<base::Failure>(outcome));
    return;
  }
  require(std::equal(extensions->begin(), extensions->end(), expected->begin(), expected->end(),
                     [](const protocol::Extension& a, const fuzz::PlainExtension& b) {
                       return a.name == b.name &&
                              std::equal(a.parameters.begin(), a.parameters.end(),
                                         b.parameters.begin(), b.parameters.end(),
                                         [](const auto& x, const auto& y) {
                                           return x.name == y.first && x.value == y.second;
                                         });
                     }),
          "extensions have their names and parameters");
  for (std::size_t i = 0; i < extensions->size(); ++i) {
    check_agreement((*extensions)[i], (*expected)[i], offered);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const unsigned what = input.take_byte();
  if (what % 8 == 4) {
    check_extensions(input);
    return 0;
  }
  const fuzz::Cuts cuts = fuzz::take_cuts(input);
  const std::string_view text = input.rest();
  const std::size_t budget = what < 128 ? 65536 : std::size_t{what - 128} * 4;
  switch (what % 4) {
    case 0:
      check_list(text);
      break;
    case 1:
      check_head(text, cuts, HeadKind::answer, budget);
      break;
    case 2:
      check_head(text, cuts, HeadKind::request, budget);
      break;
    default:
      check_request(text, cuts);
      break;
  }
  return 0;
}
