#include "fuzz/listener.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/plain_utf8.hpp"
#include "fuzz/require.hpp"
#include "protocol/client_protocol.hpp"

namespace fuzz {
namespace {

using namespace websocket;
using protocol::Wanted;

// The opening handshake, its answer being RFC 6455 1.3's.
protocol::HandshakeRequest request(const Settings& settings) {
  protocol::HandshakeRequest made;
  made.bytes = "GET / HTTP/1.1\r\n\r\n";
  made.key = "dGhlIHNhbXBsZSBub25jZQ==";
  if (settings.deflate) made.compression.emplace();
  return made;
}

std::string head(const Settings& settings) {
  std::string made =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  if (settings.deflate) {
    const protocol::DeflateSide& server = settings.deflate->server;
    made += "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=" +
            std::to_string(server.max_window_bits) +
            (server.no_context_takeover ? "; server_no_context_takeover" : "") + "\r\n";
  }
  return made + "\r\n";
}

void count_up(std::span<std::byte> into) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = static_cast<std::byte>(i * 37 + i / 256);
}

std::size_t size_of(const std::vector<SentFrame>& frames) {
  std::size_t size = 0;
  for (const SentFrame& frame : frames) size += 6 + frame.payload.size();
  return size;
}

bool is_printable(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

void rest(protocol::Connection& connection) { connection.rest(); }
void rest(protocol::ClientProtocol& client) { client.rest(); }

// `Protocol` is a Connection or a ClientProtocol.
template <class Protocol>
class Listener {
 public:
  Listener(Protocol& protocol, const Settings& settings, const Manner& manner)
      : protocol_(protocol), settings_(settings), manner_(manner) {
    const Wanted as_set = settings.fragments_wanted ? Wanted::fragments : Wanted::messages;
    protocol_.want(manner.in_pieces ? Wanted::pieces : as_set);
  }

  Outcome run(std::string_view stream, std::size_t before) {
    const std::size_t close_at = settings_.close_at ? *settings_.close_at + before : stream.size();
    cut(stream.substr(0, close_at), manner_.cuts, [this](auto piece) { push(piece); });
    if (settings_.close_at) {
      protocol_.close(1000, {});
      drain(Drain::at_once);
      cut(stream.substr(close_at), manner_.cuts, [this](auto piece) { push(piece); });
    }
    drain(Drain::late);
    protocol_.commit_eof();
    pull();
    require(closed_, "the end of the stream closes the connection");
    require(!protocol_.next_event(), "nothing comes behind the last event");
    drain(Drain::late);
    outcome_.sent = read_sent(sent_);
    return std::move(outcome_);
  }

  void operator()(const protocol::Opened&) {
    require(outcome_.told.empty() && !opened_, "a connection opens once, and first");
    opened_ = true;
    sent_.clear();  // the request
  }
  void operator()(const protocol::MessageReceived& got) {
    require(got.opcode == Opcode::text || got.opcode == Opcode::binary,
            "a message is text or binary");
    if (got.opcode == Opcode::text && settings_.check_utf8) {
      const Utf8Reading reading = read_utf8(got.data);
      require(reading.bad_at == std::string_view::npos && reading.complete, "text is UTF-8");
    }
    require(got.data.size() <= settings_.limits.max_message_size, "a message is within its limit");
    if (manner_.taking_strings && protocol_.has_kept(got.data)) {
      return tell(Told::Kind::message, got.opcode, true, protocol_.take_kept());
    }
    tell(Told::Kind::message, got.opcode, true, got.data);
  }
  void operator()(const protocol::FragmentReceived& got) {
    const bool continues = got.opcode == Opcode::continuation;
    fragments_ = continues ? fragments_ + 1 : 1;
    streamed_ = continues ? streamed_ + got.data.size() : got.data.size();
    require(continues == is_within_, "a message begins once, and then continues");
    is_within_ = !got.fin;
    const bool counts = !manner_.in_pieces && !manner_.changing_its_mind;
    require(!counts || fragments_ == 1 || fragments_ <= settings_.limits.max_fragments,
            "a message has no more fragments than may be");
    require(streamed_ <= settings_.limits.max_message_size,
            "the fragments of a message are within its limit");
    tell(Told::Kind::fragment, got.opcode, got.fin, got.data);
  }
  void operator()(const protocol::PingReceived& got) {
    tell(Told::Kind::ping, Opcode::continuation, true, got.payload);
  }
  void operator()(const protocol::PongReceived& got) {
    tell(Told::Kind::pong, Opcode::continuation, true, got.payload);
  }
  void operator()(const protocol::Closing&) {
    tell(Told::Kind::closing, Opcode::continuation, true, {});
    require(protocol_.state() == Protocol::State::draining,
            "after closing there is nothing to say");
  }
  void operator()(const protocol::Closed& got) {
    require(!closed_, "a connection closes once");
    closed_ = true;
    outcome_.close_code = got.info.code;
    outcome_.close_reason = got.info.reason;
    outcome_.clean = got.info.clean;
    outcome_.by_peer = got.info.by_peer;
    outcome_.failed = got.failure.has_value();
    require(!got.failure || is_printable(got.failure->message), "a failure has words");
  }

 private:
  void push(std::string_view piece) {
    if (manner_.changing_its_mind) {
      constexpr std::array by_turns = {Wanted::messages, Wanted::fragments, Wanted::pieces};
      protocol_.want(by_turns[++cuts_ % by_turns.size()]);
    }
    while (!piece.empty()) {
      std::vector<char> exactly(piece.size());
      const std::span<char> into = protocol_.prepare(exactly);
      require(!into.empty(), "there is room to read to");
      const std::size_t size = std::min(into.size(), piece.size());
      std::memcpy(into.data(), piece.data(), size);
      piece.remove_prefix(size);
      protocol_.commit(size);
      pull();
      require(!protocol_.has_input(), "all there is gets looked at");
      if (manner_.resting) rest(protocol_);
      std::fill(exactly.begin(), exactly.end(), '\x7e');
    }
  }

  std::optional<protocol::Event> next() {
    if (manner_.taking_the_short_way) {
      protocol::MessageReceived message{};
      if (protocol_.next_plain_message(message)) return message;
    }
    return protocol_.next_event();
  }

  void pull() {
    while (auto event = next()) {
      require(!closed_, "nothing comes behind the last event");
      std::visit(*this, *event);
      if (manner_.drain == Drain::at_once) drain(Drain::at_once);
    }
  }

  void drain(Drain when) {
    if (when == Drain::at_once && manner_.drain == Drain::late) return;
    while (protocol_.has_output()) {
      const std::string_view output = protocol_.output();
      require(!output.empty(), "whoever has output gives it");
      // Not all of it at once, as a socket may do.
      const std::size_t size = (output.size() + 1) / 2;
      sent_ += output.substr(0, size);
      protocol_.consume_output(size);
    }
  }

  void tell(Told::Kind kind, Opcode opcode, bool fin, std::string_view data) {
    outcome_.told.push_back({kind, static_cast<unsigned>(opcode), fin, std::string(data)});
  }

  Protocol& protocol_;
  const Settings& settings_;
  const Manner& manner_;
  Outcome outcome_;
  std::string sent_;
  bool opened_ = false;
  bool closed_ = false;
  std::size_t cuts_ = 0;
  bool is_within_ = false;
  std::size_t fragments_ = 0;
  std::size_t streamed_ = 0;
};

}  // namespace

Outcome listen(const Settings& settings, std::string_view stream, const Manner& manner) {
  protocol::MaskKeys keys(count_up);
  if (!manner.behind_head) {
    protocol::Connection connection(protocol::Role::client, settings.limits, settings.check_utf8,
                                    &keys);
    if (settings.deflate) connection.use_deflate(*settings.deflate);
    return Listener(connection, settings, manner).run(stream, 0);
  }
  protocol::ClientProtocol client(request(settings), settings.limits, settings.check_utf8, keys);
  while (client.has_output()) client.consume_output(client.output().size());
  const std::string before = head(settings);
  return Listener(client, settings, manner).run(before + std::string(stream), before.size());
}

Outcome put_together(Outcome outcome) {
  std::vector<Told> told;
  Told message{Told::Kind::message};
  for (Told& one : outcome.told) {
    if (one.kind != Told::Kind::fragment) {
      told.push_back(std::move(one));
      continue;
    }
    if (one.opcode != 0) message = {Told::Kind::message, one.opcode};
    message.data += one.data;
    if (one.fin) told.push_back(message);
  }
  outcome.told = std::move(told);
  return outcome;
}

void require_late(const Outcome& late, const Outcome& at_once) {
  Outcome without_pongs = late;
  Outcome expected = at_once;
  const auto is_pong = [](const SentFrame& frame) { return frame.opcode == 10; };
  std::erase_if(without_pongs.sent, is_pong);
  std::erase_if(expected.sent, is_pong);
  require_same(without_pongs, expected, "a stuck socket changes nothing but pongs");

  auto from = at_once.sent.begin();
  for (const SentFrame& frame : late.sent) {
    from = std::find(from, at_once.sent.end(), frame);
    require(from != at_once.sent.end(), "pongs answer pings, in their order");
    ++from;
  }
  const bool was_pinged = std::any_of(at_once.sent.begin(), at_once.sent.end(), is_pong);
  const bool ponged = std::any_of(late.sent.begin(), late.sent.end(), is_pong);
  require(ponged == was_pinged, "pings have at least one pong");
  // Until that much waits every ping is answered, then the latest alone is.
  constexpr std::size_t patience = 4096;
  constexpr std::size_t longest_frame = 6 + 125;
  require(size_of(late.sent) < patience + 3 * longest_frame, "no more than some pongs wait");
  if (size_of(at_once.sent) < patience) {
    require(late.sent == at_once.sent, "as long as few pongs wait, every ping is answered");
  }
  // Where no Close frame is sent, the last ping is answered.
  if (late.sent.size() == at_once.sent.size() || late.sent.empty()) return;
  require(late.sent.back() == at_once.sent.back(), "the last pong is not left out");
}

}  // namespace fuzz
