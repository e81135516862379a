// permessage-deflate, RFC 7692 6 and 7: what a server compressed by any of zlib's ways is told as
// it was said, what was damaged on its way as the reference reader tells it; and what the client
// sends is inflated to what it was.
//
// Input: compressed_session.hpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/compressed_session.hpp"
#include "fuzz/listener.hpp"
#include "fuzz/outcome.hpp"
#include "fuzz/plain_inflate.hpp"
#include "fuzz/plain_utf8.hpp"
#include "fuzz/reference_reader.hpp"
#include "fuzz/require.hpp"
#include "protocol/connection.hpp"
#include "protocol/message_deflater.hpp"

namespace {

using namespace fuzz;
using websocket::Opcode;
namespace protocol = websocket::protocol;

void check_received(const CompressedSession& session, const CompressedStream& stream) {
  const Settings& settings = session.settings;
  // Many cuts of a long stream take long and tell little.
  Manner manner = {
      .cuts = session.cuts, .behind_head = session.behind_head, .resting = session.resting};
  for (std::size_t& piece : manner.cuts) piece *= 1 + stream.bytes.size() / 1024;
  const Outcome at_once = listen(settings, stream.bytes, {});
  require_same(at_once, ReferenceReader(settings, stream.bytes).read(),
               "compressed messages are read as RFC 7692 says");
  require_same(listen(settings, stream.bytes, manner), at_once,
               "compressed messages in pieces are told as ever");

  Settings other = settings;
  other.fragments_wanted = !settings.fragments_wanted;
  require_same(put_together(listen(other, stream.bytes, manner)), put_together(at_once),
               "fragments are the pieces of compressed messages");
  manner.in_pieces = true;
  require_same(put_together(listen(settings, stream.bytes, manner)), put_together(at_once),
               "pieces make the compressed messages they are of");

  const auto may_be_told = [&](const Told& told) {
    if (told.data.size() > settings.limits.max_message_size) return false;
    if (told.kind != Told::Kind::message || told.opcode != 1) return true;
    const Utf8Reading reading = read_utf8(told.data);
    return reading.complete && reading.bad_at == std::string_view::npos;
  };
  if (stream.valid && settings.limits.max_fragments >= 4 &&
      std::all_of(stream.said.begin(), stream.said.end(), may_be_told)) {
    require(put_together(at_once).told == stream.said, "what was compressed is what is told");
  }
}

// Frame after frame of what the client sent, inflated with no more than the window agreed on.
void check_sent(const std::vector<SentFrame>& frames, const protocol::DeflateAgreement& agreement,
                const std::vector<Told>& said) {
  std::string wire;
  std::string before;
  bool compressed = false;
  unsigned opcode = 0;
  // That is looked at byte by byte, which takes long.
  std::size_t size = 0;
  for (const Told& told : said) size += told.data.size();
  const int window_bits = size < 6000 ? agreement.client.max_window_bits : 15;
  auto next = said.begin();
  for (const SentFrame& frame : frames) {
    if (frame.opcode != 0) {
      compressed = frame.reserved == 4;
      opcode = frame.opcode;
      wire.clear();
      require(frame.fin || compressed, "messages in fragments are compressed");
    }
    require(frame.reserved == 0 || (compressed && frame.opcode != 0),
            "a compressed message's first frame alone says so");
    wire += frame.payload;
    if (!frame.fin) continue;
    require(next != said.end(), "no more messages are sent than were said");
    const bool in_one_frame = frame.opcode != 0;
    if (in_one_frame) {
      require(compressed == (next->data.size() >= agreement.threshold),
              "messages of the threshold and longer ones are compressed");
    }
    const Inflated inflated = inflate_plainly(wire, before, window_bits);
    const std::string text = inflated.text + inflated.tail_text;
    require(!compressed || (inflated.complete && !inflated.invalid),
            "what the client compressed can be inflated");
    require((compressed ? text : wire) == next->data, "what was said is what is sent");
    require(opcode == next->opcode, "what was said is sent as what it was");
    if (compressed && !agreement.client.no_context_takeover) before += text;
    ++next;
  }
  require(next == said.end(), "what was said is sent");
}

void check_sending(const CompressedSession& session, const std::vector<Told>& said) {
  const protocol::DeflateAgreement& agreement = *session.settings.deflate;
  protocol::MaskKeys keys(
      [](std::span<std::byte> into) { std::fill(into.begin(), into.end(), std::byte{90}); });
  protocol::Connection connection(protocol::Role::client, session.settings.limits, true, &keys);
  connection.use_deflate(agreement);
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string& text = said[i].data;
    const auto opcode = static_cast<Opcode>(said[i].opcode);
    const unsigned pieces = session.messages[i].fragments;
    const std::size_t size = text.size() / pieces;
    for (unsigned piece = 0; piece < pieces; ++piece) {
      const bool last = piece + 1 == pieces;
      const auto payload = std::string_view(text).substr(piece * size, last ? text.size() : size);
      require(connection.send(piece == 0 ? opcode : Opcode::continuation, payload, last),
              "an open connection sends");
      if (session.resting) connection.rest();
    }
  }
  std::string sent;
  while (connection.has_output()) {
    sent += connection.output();
    connection.consume_output(connection.output().size());
  }
  check_sent(read_sent(sent), agreement, said);
}

// Messages of one frame, some of which were compressed in vain: nothing may refer to them.
void check_refusing(const CompressedSession& session, const std::vector<Told>& messages) {
  const protocol::DeflateAgreement& agreement = *session.settings.deflate;
  protocol::MessageDeflater deflater(agreement.client, agreement);
  std::vector<SentFrame> frames;
  std::vector<Told> said;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    websocket::base::Buffer scratch;
    const auto opcode = static_cast<Opcode>(messages[i].opcode);
    const auto frame = deflater.deflate(opcode, messages[i].data, true, scratch);
    if (session.messages[i].refused) continue;
    deflater.sent();
    frames.push_back({messages[i].opcode, std::string(frame.payload), true, frame.reserved});
    said.push_back(messages[i]);
    if (session.resting) deflater.rest();
  }
  check_sent(frames, agreement, said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const CompressedSession session = read_compressed_session(data, size);
  CompressedStream stream = make_stream(session);
  check_received(session, stream);
  // Damage is no matter of what the client sends.
  if (!session.damages.empty()) return 0;
  std::erase_if(stream.said, [](const Told& told) { return told.kind != Told::Kind::message; });
  check_sending(session, stream.said);
  const bool refuses = std::any_of(session.messages.begin(), session.messages.end(),
                                   [](const auto& message) { return message.refused; });
  if (refuses) check_refusing(session, stream.said);
  return 0;
}
