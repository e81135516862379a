// RFC 6455 8.1 and RFC 3629: which bytes are text, at every boundary of the encoding, in every cut,
// and how soon what is none has to fail.
#include <array>
#include <string>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::Errc;

namespace {

const char* suite = "RFC 6455 8.1 UTF-8";

struct Sample {
  const char* what;
  std::string bytes;
};

// RFC 3629 4: UTF8-1 to UTF8-4, each alternative at its first and last.
std::vector<Sample> valid_samples() {
  return {{"U+0000, the first of one byte", "\0"s},
          {"U+007F, the last of one byte", "\x7f"},
          {"U+0080, the first of two bytes", "\xc2\x80"},
          {"U+00FF", "\xc3\xbf"},
          {"U+07FF, the last of two bytes", "\xdf\xbf"},
          {"U+0800, the first of three bytes", "\xe0\xa0\x80"},
          {"U+0FFF, the last behind E0", "\xe0\xbf\xbf"},
          {"U+1000, the first behind E1", "\xe1\x80\x80"},
          {"U+CFFF, the last behind EC", "\xec\xbf\xbf"},
          {"U+D000, the first behind ED", "\xed\x80\x80"},
          {"U+D7FF, the last before the surrogates", "\xed\x9f\xbf"},
          {"U+E000, the first behind the surrogates", "\xee\x80\x80"},
          {"U+FEFF, the byte order mark", "\xef\xbb\xbf"},
          {"U+FDD0, a noncharacter", "\xef\xb7\x90"},
          {"U+FFFD, the replacement character", "\xef\xbf\xbd"},
          {"U+FFFE, a noncharacter", "\xef\xbf\xbe"},
          {"U+FFFF, the last of three bytes", "\xef\xbf\xbf"},
          {"U+10000, the first of four bytes", "\xf0\x90\x80\x80"},
          {"U+1FFFE, a noncharacter", "\xf0\x9f\xbf\xbe"},
          {"U+3FFFF, the last behind F0", "\xf0\xbf\xbf\xbf"},
          {"U+40000, the first behind F1", "\xf1\x80\x80\x80"},
          {"U+FFFFF, the last behind F3", "\xf3\xbf\xbf\xbf"},
          {"U+100000, the first behind F4", "\xf4\x80\x80\x80"},
          {"U+10FFFF, the last there is", "\xf4\x8f\xbf\xbf"},
          {"a Greek word", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"},
          {"characters of one to four bytes and back",
           "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa4z"}};
}

// What cannot be the beginning of text. The last byte of each is the one that shows it; `late` has
// more behind it.
std::vector<Sample> invalid_samples() {
  return {{"80, a lone continuation byte", "\x80"},
          {"BF, a lone continuation byte", "\xbf"},
          {"two lone continuation bytes", "a\x80"},
          {"a continuation byte too many behind two bytes", "\xc3\xa4\x80"},
          {"a continuation byte too many behind three bytes", "\xe2\x82\xac\x80"},
          {"a continuation byte too many behind four bytes", "\xf0\x9f\x98\x80\x80"},
          {"C0, which begins only overlong forms", "\xc0"},
          {"C1, which begins only overlong forms", "\xc1"},
          {"F5, which begins nothing", "\xf5"},
          {"F7, which begins nothing", "\xf7"},
          {"F8, which began five bytes once", "\xf8"},
          {"FB, which began five bytes once", "\xfb"},
          {"FC, which began six bytes once", "\xfc"},
          {"FD, which began six bytes once", "\xfd"},
          {"FE", "\xfe"},
          {"FF", "\xff"},
          {"E0 80, overlong in three bytes", "\xe0\x80"},
          {"E0 9F, the last overlong in three bytes", "\xe0\x9f"},
          {"F0 80, overlong in four bytes", "\xf0\x80"},
          {"F0 8F, the last overlong in four bytes", "\xf0\x8f"},
          {"ED A0, the first surrogate", "\xed\xa0"},
          {"ED AF, a high surrogate", "\xed\xaf"},
          {"ED B0, a low surrogate", "\xed\xb0"},
          {"ED BF, the last surrogate", "\xed\xbf"},
          {"F4 90, the first above 10FFFF", "\xf4\x90"},
          {"F4 BF, above 10FFFF", "\xf4\xbf"},
          {"two bytes whose second is 7F", "\xc3\x7f"},
          {"two bytes whose second is C0", "\xc3\xc0"},
          {"two bytes whose second is ASCII",
           "\xdf"
           "a"},
          {"two bytes whose second begins another", "\xc3\xc3"},
          {"three bytes whose second is ASCII",
           "\xe2"
           "a"},
          {"three bytes whose second is C0", "\xe1\xc0"},
          {"three bytes whose third is ASCII",
           "\xe2\x82"
           "a"},
          {"three bytes whose third is C0", "\xef\xbf\xc0"},
          {"three bytes whose third begins another", "\xe2\x82\xe2"},
          {"four bytes whose second is ASCII",
           "\xf0"
           "a"},
          {"four bytes whose second is C0", "\xf1\xc0"},
          {"four bytes whose third is ASCII",
           "\xf0\x9f"
           "a"},
          {"four bytes whose third is C0", "\xf4\x8f\xc0"},
          {"four bytes whose fourth is ASCII",
           "\xf0\x9f\x98"
           "a"},
          {"four bytes whose fourth is 7F", "\xf0\x9f\x98\x7f"},
          {"four bytes whose fourth begins another", "\xf0\x9f\x98\xf0"}};
}

// Whole encodings of what must not be encoded.
std::vector<Sample> forbidden_sequences() {
  return {{"C0 80, U+0000 in two bytes", "\xc0\x80"s},
          {"C0 AF, a slash in two bytes", "\xc0\xaf"},
          {"C1 BF, U+007F in two bytes", "\xc1\xbf"},
          {"E0 80 80, U+0000 in three bytes", "\xe0\x80\x80"s},
          {"E0 80 AF, a slash in three bytes", "\xe0\x80\xaf"},
          {"E0 9F BF, U+07FF in three bytes", "\xe0\x9f\xbf"},
          {"F0 80 80 80, U+0000 in four bytes", "\xf0\x80\x80\x80"s},
          {"F0 80 80 AF, a slash in four bytes", "\xf0\x80\x80\xaf"},
          {"F0 8F BF BF, U+FFFF in four bytes", "\xf0\x8f\xbf\xbf"},
          {"F8 80 80 80 AF, a slash in five bytes", "\xf8\x80\x80\x80\xaf"},
          {"F8 88 80 80 80, U+200000", "\xf8\x88\x80\x80\x80"},
          {"FC 80 80 80 80 AF, a slash in six bytes", "\xfc\x80\x80\x80\x80\xaf"},
          {"ED A0 80, U+D800", "\xed\xa0\x80"},
          {"ED AD BF, U+DB7F", "\xed\xad\xbf"},
          {"ED AE 80, U+DB80", "\xed\xae\x80"},
          {"ED AF BF, U+DBFF", "\xed\xaf\xbf"},
          {"ED B0 80, U+DC00", "\xed\xb0\x80"},
          {"ED BE 80, U+DF80", "\xed\xbe\x80"},
          {"ED BF BF, U+DFFF", "\xed\xbf\xbf"},
          {"ED A0 80 ED B0 80, U+10000 as surrogates", "\xed\xa0\x80\xed\xb0\x80"},
          {"ED AF BF ED BF BF, U+10FFFF as surrogates", "\xed\xaf\xbf\xed\xbf\xbf"},
          {"F4 90 80 80, U+110000", "\xf4\x90\x80\x80"},
          {"F7 BF BF BF, U+1FFFFF", "\xf7\xbf\xbf\xbf"}};
}

// 5.6: "Note that a particular text frame might include a partial UTF-8 sequence; however, the whole
// message MUST contain valid UTF-8."
std::string in_fragments_of_one_byte(const std::string& bytes) {
  std::string frames;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned fin = i + 1 == bytes.size() ? 0x80 : 0;
    frames += frame(fin | (i == 0 ? 1U : 0U), bytes.substr(i, 1));
  }
  return frames;
}

std::vector<Case> valid() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, const std::string& frames,
                       const std::string& whole) {
    cases.push_back({.name = "RFC 6455 8.1: " + what + " is delivered unchanged",
                     .server = {send(frames + close_frame(1000))},
                     .delivered = {text(whole)}});
  };
  for (const auto& [what, bytes] : valid_samples()) {
    add(what, frame(0x81, bytes), bytes);
    if (bytes.size() == 1) continue;
    add(what + " in fragments of one byte"s, in_fragments_of_one_byte(bytes), bytes);
  }
  // Whole words of a fast check, and a character across each of their borders.
  for (const std::size_t before :
       {5U, 6U, 7U, 8U, 13U, 14U, 15U, 16U, 29U, 30U, 31U, 32U, 61U, 62U, 63U, 64U}) {
    const std::string whole = std::string(before, 'a') + "\xf0\x9f\x98\x80" + std::string(70, 'b');
    add("a character of four bytes behind " + std::to_string(before) + " of one",
        frame(0x81, whole), whole);
  }
  std::string long_text;
  while (long_text.size() < 200'000) long_text += "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  add("a text of 200 000 bytes of all lengths", frame(0x81, long_text), long_text);
  add("a text of 200 000 bytes in three fragments cut within characters",
      frame(0x01, long_text.substr(0, 65535)) + frame(0x00, long_text.substr(65535, 70'001)) +
          frame(0x80, long_text.substr(135'536)),
      long_text);
  return cases;
}
const bool valid_registered = add_rows(suite, __FILE__, __LINE__, valid());

// 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not,
// in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_." 7.4.1: 1007.
std::vector<Case> invalid() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes) {
    cases.push_back({.name = "RFC 6455 8.1: " + what + " fails the connection with 1007",
                     .server = {send(frame(0x81, "before") + bytes)},
                     .delivered = {text("before")},
                     .end = fails(Errc::invalid_utf8, 1007)});
  };
  for (const auto& [what, bytes] : forbidden_sequences()) {
    add(what, frame(0x81, bytes));
    add(what + " between letters"s, frame(0x81, "abc" + bytes + "def"));
    add(what + " in fragments of one byte"s, in_fragments_of_one_byte(bytes + "def"));
  }
  for (const auto& [what, bytes] : invalid_samples()) {
    add(what, frame(0x81, bytes));
    // Fail-fast: the byte is there, the rest of its frame never comes.
    add(what + ", at the beginning of a frame whose rest never comes,"s,
        frame16(0x81, 10'000, bytes));
    add(what + ", in a fragment that is not the last,"s, frame(0x01, "abc" + bytes));
  }
  // A character that is not whole when its message ends; each of its beginnings.
  for (const auto& [what, bytes] : valid_samples()) {
    if (std::string_view(what).substr(0, 2) != "U+") continue;
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const std::string name =
          "a text that ends after " + std::to_string(size) + " of the bytes " + hex(bytes);
      add(name, frame(0x81, "abc" + bytes.substr(0, size)));
    }
  }
  return cases;
}
const bool invalid_registered = add_rows(suite, __FILE__, __LINE__, invalid());

std::vector<Case> elsewhere() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& what, std::string bytes,
                       std::vector<Delivery> delivered = {}) {
    cases.push_back({.name = "RFC 6455 8.1: " + what + " fails the connection with 1007",
                     .server = {send(std::move(bytes))},
                     .delivered = std::move(delivered),
                     .end = fails(Errc::invalid_utf8, 1007)});
  };
  add("a text that ends with a cut character in an empty last fragment",
      frame(0x01, "a\xe2\x82") + frame(0x80));
  add("a character begun in one fragment and broken in the next",
      frame(0x01, "a\xe2\x82") + frame(0x00, "b"));
  add("a character begun in one fragment and broken in the first byte of a frame whose rest never "
      "comes",
      frame(0x01, "a\xf0\x9f") + frame16(0x80, 1000, "b"));
  add("a character cut by an empty fragment and then broken",
      frame(0x01, "\xe2") + frame(0x00) + frame(0x00, "\xe2"));
  add("a character cut by a pong and then broken",
      frame(0x01, "\xe2") + frame(0x8a, "p") + frame(0x80, "a"), {pong("p")});
  add("a wrong byte behind 65535 right ones in a frame whose rest never comes",
      frame64(0x81, 1'000'000, std::string(65'535, 'a') + "\xff"));
  add("a wrong byte behind 300000 right ones in a frame whose rest never comes",
      frame64(0x81, 1'000'000, std::string(300'000, 'a') + "\xff"));
  add("a wrong byte in the second of two messages", frame(0x81, "a") + frame(0x81, "\xff"),
      {text("a")});
  for (const std::size_t before : {7U, 8U, 15U, 16U, 31U, 32U, 63U, 64U}) {
    add("a wrong byte behind " + std::to_string(before) + " right ones and before 100",
        frame(0x81, std::string(before, 'a') + "\xff" + std::string(100, 'b')));
  }
  for (const std::string& bytes : {"\xff"s, "\xc0\x80"s, "\xed\xa0\x80"s, "\xe2\x82"s}) {
    cases.push_back({.name = "RFC 6455 5.6: the bytes " + hex(bytes) + " are a binary message",
                     .server = {send(frame(0x82, bytes) + close_frame(1000))},
                     .delivered = {binary(bytes)}});
  }
  cases.push_back(
      {.name = "RFC 6455 8.1: what a binary message ended with is not carried into text",
       .server = {send(frame(0x82, "\xe2\x82") + frame(0x81, "ok") + close_frame(1000))},
       .delivered = {binary("\xe2\x82"), text("ok")}});
  auto unchecked = patient();
  unchecked.skip_utf8_validation = true;
  cases.push_back(
      {.name = "RFC 6455 8.1: text is delivered unchecked where the program asks for that",
       .server = {send(frame(0x81, "\xff") + close_frame(1000))},
       .delivered = {text("\xff")},
       .options = unchecked});
  return cases;
}
const bool elsewhere_registered = add_rows(suite, __FILE__, __LINE__, elsewhere());

}  // namespace
