// RFC 7692 7.2.2 and 7.2.3: every way in which a message may be compressed, the window between
// messages, and the limits of what is inflated.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rfc7692_deflate.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

const char* suite = "RFC 7692 7.2.2 inflating";

constexpr unsigned compressed_text = 0xc1;
constexpr unsigned compressed_binary = 0xc2;

// 7.2.3.1 and 7.2.3.2: "Hello", and again with the window shared.
const std::string hello = raw({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
const std::string hello_again = raw({0xf2, 0x00, 0x11, 0x00, 0x00});
// 7.2.3.4: "Hello" in a block with BFINAL.
const std::string final_hello = raw({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00});

Case received(const std::string& what, const std::string& bytes, std::vector<Delivery> delivered,
              std::string_view parameters = {}, const ConnectOptions& options = patient()) {
  return {.name = "RFC 7692 " + what,
          .server = {send(bytes + close_frame(1000))},
          .delivered = std::move(delivered),
          .options = options,
          .more_lines = agreed(parameters)};
}

// ---- the RFC's examples, and blocks of every kind

std::string text_frame(const std::string& compressed) { return frame(compressed_text, compressed); }

std::vector<Case> examples() {
  const auto one = [](const std::string& what, const std::string& compressed, std::string message) {
    return received(what, text_frame(compressed), {text(std::move(message))});
  };
  return {
      one("7.2.3.1: a message in one frame", hello, "Hello"),
      received("7.2.3.1: a message in two frames",
               frame(0x41, raw({0xf2, 0x48, 0xcd})) + frame(0x80, raw({0xc9, 0xc9, 0x07, 0x00})),
               {text("Hello")}),
      received("7.2.3.2: a second message that refers to the first",
               text_frame(hello) + text_frame(hello_again), {text("Hello"), text("Hello")}),
      received("7.2.3.2: the same without a reference", text_frame(hello) + text_frame(hello),
               {text("Hello"), text("Hello")}),
      one("7.2.3.3: a block without compression",
          raw({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}), "Hello"),
      one("7.2.3.4: a block with BFINAL", final_hello, "Hello"),
      one("7.2.3.5: two blocks in one message",
          raw({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}),
          "Hello"),
      one("7.2.3.6: an empty message", raw({0x00}), ""),
      received(
          "7.2.3.6: many empty messages",
          text_frame(raw({0x00})) + frame(compressed_binary, raw({0x00})) + text_frame(raw({0x00})),
          {text(""), binary(""), text("")}),
      received("7.2.3.6: empty messages do not touch the window",
               text_frame(hello) + text_frame(raw({0x00})) + text_frame(raw({0x00})) +
                   text_frame(hello_again),
               {text("Hello"), text(""), text(""), text("Hello")}),
  };
}
const bool examples_registered = add_rows(suite, __FILE__, __LINE__, examples());

std::string stored(std::string_view data, bool final = false) {
  const auto size = static_cast<unsigned>(data.size());
  return Bits()
      .header(final, 0)
      .align()
      .value(size, 16)
      .value(~size & 0xffffU, 16)
      .bytes(data)
      .done();
}
const std::string no_more = raw({0x00});  // the empty block of 7.2.1 without its last four bytes

// 7.2.1: "an endpoint ... MAY use any of the block types", RFC 1951 3.2.3.
std::vector<Case> blocks() {
  const auto one = [](const std::string& what, const std::string& compressed, std::string message) {
    return received("7.2.1: " + what, frame(compressed_binary, compressed),
                    {binary(std::move(message))});
  };
  const std::string k64(65535, 'k');
  const std::string mixed = noise(2000) + repeated("words and ", 5000) + noise(2000, 2);
  const std::string fixed_ab = Bits().header(false, 1).text("ab").fixed(256).message();
  return {
      one("blocks of an empty message without compression", stored("") + stored("") + no_more, ""),
      one("an empty block with fixed codes", Bits().header(false, 1).fixed(256).message(), ""),
      one("many empty blocks", repeated(raw({0x00, 0x00, 0x00, 0xff, 0xff}), 5000) + no_more, ""),
      one("empty blocks around one that is not",
          stored("") + stored("Hello") + stored("") + no_more, "Hello"),
      one("the largest block without compression", stored(k64) + no_more, k64),
      one("several blocks without compression", stored(k64) + stored("!") + stored(k64) + no_more,
          k64 + "!" + k64),
      one("bytes of nine bits with fixed codes",
          Bits().header(false, 1).text("\x90\xff\x8f").fixed(256).message(), "\x90\xff\x8f"),
      one("a copy that overlaps itself",
          Bits().header(false, 1).text("a").copy_three(1).copy_three(1).fixed(256).message(),
          "aaaaaaa"),
      one("a copy from the very beginning",
          Bits().header(false, 1).text("abcdef").copy_three(6).fixed(256).message(), "abcdefabc"),
      one("the longest copy, 258 bytes",
          Bits().header(false, 1).text("a").fixed(285).code(0, 5).fixed(256).message(),
          std::string(259, 'a')),
      one("a copy into a block before",
          Bits()
              .header(false, 1)
              .text("abc")
              .fixed(256)
              .header(false, 1)
              .copy_three(3)
              .fixed(256)
              .message(),
          "abcabc"),
      one("a copy into a block without compression",
          stored("abc") + Bits().header(false, 1).copy_three(3).fixed(256).message(), "abcabc"),
      one("blocks of all kinds",
          fixed_ab.substr(0, fixed_ab.size()) + raw({0x00, 0x00, 0xff, 0xff}) + stored("cd") +
              deflated(mixed),
          "abcd" + mixed),
      one("dynamic codes", deflated(repeated("The quick brown fox. ", 10'000)),
          repeated("The quick brown fox. ", 10'000)),
      one("noise", deflated(noise(70'000)), noise(70'000)),
      one("a megabyte of one letter", deflated(std::string(1U << 20U, 'x')),
          std::string(1U << 20U, 'x')),
      one("all levels of zlib's, 0", Deflating(15, 0).message(mixed), mixed),
      one("all levels of zlib's, 1", Deflating(15, 1).message(mixed), mixed),
      one("all levels of zlib's, 9", Deflating(15, 9).message(mixed), mixed),
  };
}
const bool blocks_registered = add_rows(suite, __FILE__, __LINE__, blocks());

// 7.2.3.4: a block with BFINAL, behind which others follow.
std::vector<Case> final_blocks() {
  const std::string block = final_hello.substr(0, 7);
  return {
      received("7.2.3.4: two blocks with BFINAL in one message",
               text_frame(block + block + no_more), {text("HelloHello")}),
      received("7.2.3.4: a block behind one with BFINAL", text_frame(block + hello),
               {text("HelloHello")}),
      received("7.2.3.4: a block without compression and with BFINAL",
               text_frame(stored("Hello", true) + no_more), {text("Hello")}),
      received("7.2.3.4: an empty block with BFINAL",
               text_frame(Bits().header(true, 1).fixed(256).align().done() + no_more), {text("")}),
      received("7.2.3.4: a block with BFINAL, cut everywhere", fragmented(1, final_hello, 1),
               {text("Hello")}),
      received("7.2.3.4: two messages that have a block with BFINAL",
               text_frame(final_hello) + text_frame(final_hello), {text("Hello"), text("Hello")}),
      received("7.2.3.4: a message that refers to one with BFINAL",
               text_frame(final_hello) + text_frame(hello_again), {text("Hello"), text("Hello")}),
      received("7.2.3.4: a block that refers to one with BFINAL before it",
               text_frame(block + hello_again), {text("HelloHello")}),
      received("7.2.3.4: a message behind one with BFINAL, with server_no_context_takeover",
               text_frame(final_hello) + text_frame(hello) + text_frame(final_hello),
               {text("Hello"), text("Hello"), text("Hello")}, "; server_no_context_takeover"),
      received("7.2.3.4: an empty message behind one with BFINAL",
               text_frame(final_hello) + text_frame(raw({0x00})) + text_frame(hello_again),
               {text("Hello"), text(""), text("Hello")}),
  };
}
const bool final_registered = add_rows(suite, __FILE__, __LINE__, final_blocks());

// ---- windows, and what is in them

std::vector<Case> windows() {
  std::vector<Case> cases;
  for (int bits = 8; bits <= 15; ++bits) {
    const std::size_t size = std::size_t{1} << static_cast<unsigned>(bits);
    std::vector<std::string> messages{noise(size / 2 - 50), noise(size / 2 - 50),
                                      noise(size),          noise(3 * size, 2),
                                      noise(3 * size, 2),   repeated("abc" + noise(40), 5 * size)};
    for (const bool keeps : {true, false}) {
      Deflating deflating(bits);
      std::string frames;
      std::vector<Delivery> delivered;
      for (const std::string& message : messages) {
        if (!keeps) deflating.reset();
        frames += frame(compressed_binary, deflating.message(message));
        delivered.push_back(binary(message));
      }
      const std::string window = "; server_max_window_bits=" + std::to_string(bits);
      cases.push_back(received("7.1.2.1: a server's window of " + std::to_string(bits) + " bits" +
                                   (keeps ? "" : ", each message by itself"),
                               frames, std::move(delivered),
                               keeps ? window : window + "; server_no_context_takeover"));
    }
  }
  // No clause makes the client look for it; what comes of it may not depend on where frames are cut.
  const std::string far = noise(700);
  Deflating wide(15);
  const std::string beyond = wide.message(far);
  const std::string refers_beyond = wide.message(far);
  for (const std::size_t size : {refers_beyond.size(), std::size_t{1}}) {
    cases.push_back(
        received("7.1.2.1: a reference beyond the server's window of 9 bits is followed, in "
                 "frames of " +
                     std::to_string(size) + " bytes",
                 frame(compressed_binary, beyond) + fragmented(2, refers_beyond, size),
                 {binary(far), binary(far)}, "; server_max_window_bits=9"));
  }
  // RFC 1951 2: "a back-reference ... up to 32,768 bytes".
  const std::string start = "abc";
  const std::string filler = noise(32768 - 3);
  const std::string from_the_start =
      Bits().header(false, 1).fixed(257).code(29, 5).value(8191, 13).fixed(256).message();
  cases.push_back(received(
      "7.1.2.1: a reference over 32768 bytes, the most there is",
      frame(compressed_binary, deflated(start + filler)) + frame(compressed_binary, from_the_start),
      {binary(start + filler), binary(start)}));
  return cases;
}
const bool windows_registered = add_rows(suite, __FILE__, __LINE__, windows());

std::vector<Case> takeover() {
  const std::string plain = frame(0x81, "plain");
  const auto twice = text_frame(hello) + text_frame(hello_again);
  const auto broken = [](const std::string& what, const std::string& bytes,
                         std::vector<Delivery> delivered, std::string_view parameters) {
    return Case{.name = "RFC 7692 " + what + " fails the connection with 1007",
                .server = {send(bytes + frame(0x81, "behind"))},
                .delivered = std::move(delivered),
                .end = fails(Errc::invalid_deflate_data, 1007),
                .more_lines = agreed(parameters)};
  };
  return {
      received("7.1.1.1: a message may refer to one far before",
               text_frame(hello) + repeated(frame(0x81, "plain"), 700) + text_frame(hello_again),
               [] {
                 std::vector<Delivery> all(100, text("plain"));
                 all.insert(all.begin(), text("Hello"));
                 all.push_back(text("Hello"));
                 return all;
               }()),
      received("7.1.1.2: client_no_context_takeover is no matter of the server's", twice,
               {text("Hello"), text("Hello")}, "; client_no_context_takeover"),
      received("7.1.2.2: client_max_window_bits is no matter of the server's", twice,
               {text("Hello"), text("Hello")}, "; client_max_window_bits=8"),
      received("7.1.1.1: with server_no_context_takeover each message stands alone",
               text_frame(hello) + text_frame(hello) + plain + text_frame(hello),
               {text("Hello"), text("Hello"), text("plain"), text("Hello")},
               "; server_no_context_takeover"),
      received("7.1.1.1: with server_no_context_takeover the fragments of a message do not",
               frame(0x41, hello + raw({0x00, 0x00, 0xff, 0xff})) + frame(0x80, hello_again),
               {text("HelloHello")}, "; server_no_context_takeover"),
      broken("7.1.1.1: with server_no_context_takeover a reference to the message before", twice,
             {text("Hello")}, "; server_no_context_takeover"),
      broken("7.1.1.1: with server_no_context_takeover a reference to a message with BFINAL",
             text_frame(final_hello) + text_frame(hello_again), {text("Hello")},
             "; server_no_context_takeover"),
      broken("7.2.2: a reference in the first message", text_frame(hello_again), {}, ""),
      broken("7.2.2: a reference to a plain message",
             frame(0x81, "Hello") + text_frame(hello_again), {text("Hello")}, ""),
      broken(
          "7.2.2: a reference to before the first message",
          frame(compressed_binary, hello) +
              frame(compressed_binary, Bits().header(false, 1).copy_three(6).fixed(256).message()),
          {binary("Hello")}, ""),
  };
}
const bool takeover_registered = add_rows(suite, __FILE__, __LINE__, takeover());

// ---- text

// RFC 6455 8.1 is about what was inflated.
std::vector<Case> utf8() {
  const std::string euro = "\xe2\x82\xac";
  const auto broken = [](const std::string& what, const std::string& bytes) {
    return Case{.name = "RFC 6455 8.1: " + what + " fails the connection with 1007",
                .server = {send(bytes)},
                .end = fails(Errc::invalid_utf8, 1007),
                .more_lines = agreed()};
  };
  return {
      received("7.2.2: compressed text of every length of character",
               text_frame(deflated("a\xc3\xa9" + euro + "\xf0\x9f\x99\x82")),
               {text("a\xc3\xa9" + euro + "\xf0\x9f\x99\x82")}),
      received("7.2.2: a compressed binary message need not be UTF-8",
               frame(compressed_binary, deflated("\xff\xc0\x80"s)), {binary("\xff\xc0\x80"s)}),
      received("7.2.2: compressed bytes are not looked at as text",
               text_frame(stored(repeated(euro, 300)) + no_more), {text(repeated(euro, 300))}),
      broken("a wrong byte in compressed text", text_frame(deflated("ab\xff"))),
      broken("a surrogate in compressed text", text_frame(deflated("\xed\xa0\x80"))),
      broken("an overlong form in compressed text", text_frame(deflated("\xc0\xaf"))),
      broken("compressed text that ends within a character",
             text_frame(deflated(euro.substr(0, 2)))),
      broken("compressed text in fragments that ends within a character",
             fragmented(1, deflated("ab" + euro.substr(0, 1)), 2)),
      broken("a wrong byte far behind in compressed text",
             text_frame(deflated(repeated("good ", 100'000) + "\x80"))),
      // "that endpoint MUST _Fail the WebSocket Connection_" as soon as it finds out.
      broken("a wrong byte in the first fragment, before the last one came",
             frame(0x41, stored("a\xff") + stored("b"))),
      broken("a wrong byte in a frame whose rest never comes",
             raw({0xc1, 125}) + stored("a\xff") + stored("b")),
      broken("a wrong byte that is not the last fault",
             text_frame(stored("\xff") + raw({0x06, 0x06}))),
  };
}
const bool utf8_registered = add_rows(suite, __FILE__, __LINE__, utf8());

// ---- limits

std::vector<Case> limits() {
  const auto options = with_limit(1000);
  const auto fits = [&](const std::string& what, const std::string& bytes, std::size_t count,
                        const std::string& data, std::string_view parameters = {}) {
    return received("7.2.2: " + what, bytes, std::vector<Delivery>(count, binary(data)), parameters,
                    options);
  };
  const auto bursts = [&](const std::string& what, const std::string& bytes,
                          std::vector<Delivery> delivered = {}) {
    return Case{.name = "RFC 6455 10.4: " + what + " fails the connection with 1009",
                .server = {send(bytes)},
                .delivered = std::move(delivered),
                .end = fails(Errc::message_too_big, 1009),
                .options = options,
                .more_lines = agreed()};
  };
  const std::string thousand(1000, 'x');
  const std::string more(1001, 'x');
  Deflating keeping;
  std::string many;
  for (int i = 0; i < 5; ++i) many += frame(compressed_binary, keeping.message(thousand));
  const std::string bomb = deflated(std::string(8U << 20U, '\0'));
  const std::string thousand_stored = stored(thousand);
  // What is within the limit is looked at before the limit is.
  Case wrong_before = bursts("", text_frame(deflated(thousand.substr(1) + "\xff" + more)));
  wrong_before.name =
      "RFC 6455 8.1: a wrong byte of text at the limit, with more behind it, fails the "
      "connection with 1007";
  wrong_before.end = fails(Errc::invalid_utf8, 1007);
  return {
      wrong_before,
      fits("a message that inflates to the limit is received",
           frame(compressed_binary, deflated(thousand)), 1, thousand),
      fits("messages that inflate to the limit are received, each of them", many, 5, thousand),
      fits("fragments that inflate to the limit are received", fragmented(2, deflated(thousand), 2),
           1, thousand),
      fits("noise at the limit is longer on the wire, and received",
           frame(compressed_binary, deflated(noise(1000))), 1, noise(1000)),
      fits("a block without compression at the limit is received",
           frame(compressed_binary, thousand_stored + no_more), 1, thousand),
      fits("a message at the limit with empty blocks behind is received",
           frame(compressed_binary, thousand_stored + stored("") + stored("") + no_more), 1,
           thousand),
      fits("a message at the limit with BFINAL is received",
           frame(compressed_binary, stored(thousand, true) + no_more), 1, thousand),
      fits("messages at the limit are received with server_no_context_takeover",
           repeated(frame(compressed_binary, deflated(thousand)),
                    3 * frame(compressed_binary, deflated(thousand)).size()),
           3, thousand, "; server_no_context_takeover"),
      bursts("a message that inflates to a byte more than the limit",
             frame(compressed_binary, deflated(more))),
      bursts("a text that inflates to a byte more than the limit", text_frame(deflated(more))),
      bursts("fragments that inflate to a byte more than the limit",
             fragmented(2, deflated(more), 2)),
      bursts("a block without compression of a byte more than the limit",
             frame(compressed_binary, stored(more) + no_more)),
      bursts(
          "a message a byte over the limit behind one at the limit",
          frame(compressed_binary, deflated(thousand)) + frame(compressed_binary, deflated(more)),
          {binary(thousand)}),
      bursts("the byte over the limit in a fragment whose last one never comes",
             frame(0x42, stored(thousand)) + frame(0x00, stored("y"))),
      bursts("a wrong byte of text, the first over the limit,",
             text_frame(deflated(thousand + "\xff"))),
      bursts("8 MiB out of 8 KiB", frame(compressed_binary, bomb)),
      bursts("8 MiB out of 8 KiB in fragments", fragmented(2, bomb, 1000)),
      bursts("8 MiB of text out of 8 KiB", text_frame(bomb)),
  };
}
const bool limits_registered = add_rows(suite, __FILE__, __LINE__, limits());

}  // namespace

TEST_SUITE_BEGIN("RFC 7692 7.2.2 inflating");

TEST_CASE("the bits these rows are written in are those of the RFC's examples") {
  CHECK(Bits().header(false, 1).text("Hello").fixed(256).message() == hello);
  CHECK(Bits().header(true, 1).text("Hello").fixed(256).align().done() + no_more == final_hello);
  CHECK(stored("Hello") + no_more ==
        raw({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}));
  CHECK(deflated("Hello") == hello);
  CHECK(Inflating().message(hello) == "Hello");
  CHECK_FALSE(Inflating().message(hello_again).has_value());
}

TEST_SUITE_END();
