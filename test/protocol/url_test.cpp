// WebSocket URLs: what is read out of them, what is refused, what is never shown.
#include "protocol/url.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>

using namespace websocket;
using namespace websocket::protocol;

namespace {

Url parse(std::string_view text) {
  const auto outcome = parse_url(text);
  if (const auto* failure = std::get_if<base::Failure>(&outcome)) {
    FAIL(failure->message);
    return {};
  }
  return std::get<Url>(outcome);
}

base::Failure refusal(std::string_view text) {
  const auto outcome = parse_url(text);
  if (std::holds_alternative<Url>(outcome)) {
    FAIL("was accepted: " << std::string(text));
    return {};
  }
  return std::get<base::Failure>(outcome);
}

bool says(const base::Failure& failure, std::string_view part) {
  return failure.message.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("RFC 6455 3: WebSocket URIs") {
  TEST_CASE("ws and wss have the ports 80 and 443") {
    const Url ws = parse("ws://example.com");
    CHECK_FALSE(ws.secure);
    CHECK(ws.port == 80);
    CHECK(ws.host == "example.com");
    CHECK(ws.target == "/");
    CHECK_FALSE(ws.user_info.has_value());
    const Url wss = parse("wss://example.com/");
    CHECK(wss.secure);
    CHECK(wss.port == 443);
  }

  TEST_CASE("scheme and host are read without regard to case, the path is not") {
    const Url url = parse("WsS://EXAMPLE.Com/PaTh");
    CHECK(url.secure);
    CHECK(url.host == "example.com");
    CHECK(url.target == "/PaTh");
  }

  TEST_CASE("the resource name is path and query, and begins with a slash") {
    CHECK(parse("ws://h/a/b?c=d&e=?/").target == "/a/b?c=d&e=?/");
    CHECK(parse("ws://h?x=1").target == "/?x=1");
    CHECK(parse("ws://h:81?x=ws://y@z").target == "/?x=ws://y@z");
    CHECK(parse("ws://h?").target == "/?");
    CHECK(parse("ws://h//x").target == "//x");
  }

  TEST_CASE("characters that browsers encode are encoded, everything else stays") {
    CHECK(parse("ws://h/\"<>\\^`{|}").target == "/%22%3C%3E%5C%5E%60%7B%7C%7D");
    CHECK(parse("ws://h/?q={\"a\"}").target == "/?q=%7B%22a%22%7D");
    CHECK(parse("ws://h/a%20b%zz%4").target == "/a%20b%zz%4");
    CHECK(parse("ws://h/[x]!$&'()*+,;=:@-._~").target == "/[x]!$&'()*+,;=:@-._~");
  }

  TEST_CASE("ports") {
    CHECK(parse("ws://h:1").port == 1);
    CHECK(parse("ws://h:65535/").port == 65535);
    CHECK(parse("ws://h:0080").port == 80);
    CHECK(parse("wss://h:").port == 443);
    CHECK(parse("ws://h:/x").port == 80);
    for (const char* text : {"ws://h:0", "ws://h:65536", "ws://h:99999999999999999999", "ws://h:x",
                             "ws://h:-1", "ws://h:+80", "ws://h:80x", "ws://[::1]:x"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
    CHECK(says(refusal("ws://h:65536"), "65536"));
  }

  TEST_CASE("a URL with a fragment is refused with its own code") {
    for (const char* text : {"ws://h#", "ws://h/#x", "wss://h/a?b#c", "ws://h:80#"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::url_has_fragment);
    }
    CHECK(parse("ws://h/%23").target == "/%23");
  }

  TEST_CASE("other schemes are refused, and http and https with what was probably meant") {
    CHECK(refusal("http://h/").code == Errc::unsupported_scheme);
    CHECK(says(refusal("http://h/"), "ws://"));
    CHECK(refusal("HTTPS://h/").code == Errc::unsupported_scheme);
    CHECK(says(refusal("HTTPS://h/"), "wss://"));
    CHECK(refusal("ftp://h/").code == Errc::unsupported_scheme);
    CHECK(refusal("wsss://h/").code == Errc::unsupported_scheme);
  }

  TEST_CASE("a text without scheme and slashes is no URL") {
    for (const char* text : {"", "example.com", "localhost:4040", "localhost:4040/?u=ws://x",
                             "ws:", "ws:h", "ws:/h", "//h", "://h", "/", "?ws://h", "#ws://h"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
  }
}

TEST_SUITE("RFC 3986 3.2: authority") {
  TEST_CASE("a URL without a host is refused") {
    for (const char* text : {"ws://", "ws:///x", "ws://?x", "ws://:80", "ws://user@", "ws://@/"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
  }

  TEST_CASE("hosts are letters, digits and a few marks") {
    CHECK(parse("ws://a-b_c.d~1.").host == "a-b_c.d~1.");
    CHECK(parse("ws://127.0.0.1:9001/").host == "127.0.0.1");
    for (const char* text :
         {"ws://a,b", "ws://a%41", "ws://a;b", "ws://a\"b", "ws://<h>", "ws://a[b]", "ws://a|b",
          "ws://h\\x", "ws://good\\@evil/", "ws://good.com\\.evil.com/"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
  }

  TEST_CASE("a host may have 253 bytes and no more") {
    CHECK(parse("ws://" + std::string(253, 'a')).host.size() == 253);
    const auto failure = refusal("ws://" + std::string(254, 'a'));
    CHECK(failure.code == Errc::invalid_url);
    CHECK(says(failure, "254"));
    CHECK(refusal("ws://" + std::string(100000, 'a') + "/").message.size() < 400);
  }

  TEST_CASE("a host that is not ASCII must be given in its xn-- form") {
    const auto failure = refusal(
        "ws://b\xc3\xbc"
        "cher.example/");
    CHECK(failure.code == Errc::invalid_url);
    CHECK(says(failure, "xn--"));
    CHECK(parse("ws://xn--bcher-kva.example/").host == "xn--bcher-kva.example");
  }

  TEST_CASE("controls, spaces, line ends, NUL and raw non-ASCII are refused everywhere") {
    for (const char bad : {'\0', '\t', '\n', '\r', '\x1b', ' ', '\x7f'}) {
      for (const std::string_view pattern : {"?ws://u:p@h:80/x?y", "w?s://h", "ws://u?:p@h",
                                             "ws://h?h/", "ws://h:8?0", "ws://h/?", "ws://h/x?"}) {
        std::string text(pattern);
        text[text.find('?')] = bad;
        CAPTURE(text);
        CHECK(refusal(text).code == Errc::invalid_url);
      }
      CHECK(refusal(std::string("ws://h/x?y=") + bad).code == Errc::invalid_url);
    }
    CHECK(refusal("ws://h/\xc3\xbc").code == Errc::invalid_url);
    CHECK(refusal("ws://h/?\xff").code == Errc::invalid_url);
    CHECK(refusal("ws://\xc3\xbc@h/").code == Errc::invalid_url);
    CHECK(refusal("ws://h:\xc3\xbc/").code == Errc::invalid_url);
    CHECK(refusal("\xef\xbb\xbfws://h/").code == Errc::unsupported_scheme);
  }

  TEST_CASE("IPv6 addresses stand in brackets") {
    for (const char* address :
         {"::", "::1", "1::", "fe80::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
          "::ffff:192.168.0.1", "1:2:3:4:5:6:1.2.3.4", "abcd::"}) {
      CAPTURE(address);
      const Url url = parse("ws://[" + std::string(address) + "]:9001/x");
      CHECK(url.host == address);
      CHECK(url.port == 9001);
    }
    CHECK(parse("ws://[FE80::A]").host == "fe80::a");
  }

  TEST_CASE("what is no IPv6 address is refused") {
    for (const char* text : {"ws://[",
                             "ws://[::1",
                             "ws://[]",
                             "ws://[:]",
                             "ws://[:1]",
                             "ws://[1:]",
                             "ws://[1]",
                             "ws://[1::2::3]",
                             "ws://[:::]",
                             "ws://[1:2:3:4:5:6:7]",
                             "ws://[1:2:3:4:5:6:7:8:9]",
                             "ws://[1:2:3:4:5:6:7:8::]",
                             "ws://[::12345]",
                             "ws://[::g]",
                             "ws://[::1.2.3]",
                             "ws://[::1.2.3.256]",
                             "ws://[::1.2.3.04]",
                             "ws://[1.2.3.4]",
                             "ws://[::1.2.3.4.5]",
                             "ws://[1:2:3:4:5:6:7:1.2.3.4]",
                             "ws://[::1.2.3.4:5]",
                             "ws://[v1.x]",
                             "ws://[::1]x",
                             "ws://[::1]80",
                             "ws://]::1["}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
    CHECK(says(refusal("ws://fe80::1/"), "[fe80::1]"));
  }

  TEST_CASE("an IPv6 zone serves to resolve and is not sent") {
    const Url url = parse("ws://[fe80::1%25Eth0]:8080/x");
    CHECK(url.host == "fe80::1%Eth0");
    CHECK(url.authority() == "[fe80::1]:8080");
    CHECK(url.origin() == "http://[fe80::1]:8080");
    CHECK(url.host_and_port() == "[fe80::1%Eth0]:8080");
    for (const char* text :
         {"ws://[fe80::1%eth0]", "ws://[fe80::1%25]", "ws://[fe80::1%]", "ws://[fe80::1%2]",
          "ws://[fe80::1%25a/b]", "ws://[fe80::1%25a%20b]", "ws://[%25eth0]"}) {
      CAPTURE(text);
      CHECK(refusal(text).code == Errc::invalid_url);
    }
  }

  TEST_CASE("user info is decoded and always has its colon") {
    CHECK(parse("ws://user:pa%20ss@h").user_info == "user:pa ss");
    CHECK(parse("ws://user@h").user_info == "user:");
    CHECK(parse("ws://:secret@h").user_info == ":secret");
    CHECK(parse("ws://a:b:c@h").user_info == "a:b:c");
    CHECK(parse("ws://me@mail.example:x@h").user_info == "me@mail.example:x");
    CHECK(parse("ws://u:%C3%BC%@h").user_info == "u:\xc3\xbc%");
    CHECK(parse("ws://u:%zz%4@h").user_info == "u:%zz%4");
    CHECK(parse("ws://me@mail.example:x@h").host == "h");
    CHECK_FALSE(parse("ws://@h").user_info.has_value());
    CHECK_FALSE(parse("ws://h/@x").user_info.has_value());
  }

  TEST_CASE("user info that Basic cannot carry is refused") {
    CHECK(refusal("ws://u:%0d%0ax@h").code == Errc::invalid_url);
    CHECK(refusal("ws://u:%00@h").code == Errc::invalid_url);
    CHECK(refusal("ws://u%3Av:x@h").code == Errc::invalid_url);
  }
}

TEST_SUITE("URLs in sentences") {
  TEST_CASE("authority and origin name the port only where it is not the default") {
    CHECK(parse("ws://Example.com:80/x").authority() == "example.com");
    CHECK(parse("ws://example.com:443").authority() == "example.com:443");
    CHECK(parse("wss://example.com:443").authority() == "example.com");
    CHECK(parse("ws://[::1]:9001").authority() == "[::1]:9001");
    CHECK(parse("ws://[::1]").authority() == "[::1]");
    CHECK(parse("ws://example.com:8080").origin() == "http://example.com:8080");
    CHECK(parse("wss://u:p@example.com").origin() == "https://example.com");
    CHECK(parse("wss://example.com").host_and_port() == "example.com:443");
    CHECK(parse("ws://[::1]").host_and_port() == "[::1]:80");
  }

  TEST_CASE("display hides the user info") {
    CHECK(parse("ws://user:secret@example.com/x?y").display() == "ws://***@example.com/x?y");
    CHECK(parse("wss://example.com:444").display() == "wss://example.com:444/");
  }

  TEST_CASE("user info is hidden in any text") {
    CHECK(hide_user_info("ws://u:secret@h/x") == "ws://***@h/x");
    CHECK(hide_user_info("ws://u@secret@h/x@y") == "ws://***@h/x@y");
    CHECK(hide_user_info("u:secret@h/x") == "***@h/x");
    CHECK(hide_user_info("ws:u:secret@h/x") == "***@h/x");
    CHECK(hide_user_info("ws:/u:secret@h/x") == "ws:/***@h/x");
    CHECK(hide_user_info("//u:secret@h") == "//***@h");
    CHECK(hide_user_info("ws://u:sec/ret@h") == "ws://***@h");
    CHECK(hide_user_info("ws://u:sec#ret@h") == "ws://***@h");
    CHECK(hide_user_info("ws://u:sec?ret@h") == "ws://***@h");
    CHECK(hide_user_info("ws://@h") == "ws://@h");
  }

  TEST_CASE("what has no user info stays as it is") {
    for (const char* text : {"", ":", "/", "ws://", "ws://h", "ws://h:80/x?mail=a@b.c", "h:80",
                             "ws://[::1]:80/@", "ws://h:x/y"}) {
      CAPTURE(text);
      CHECK(hide_user_info(text) == text);
    }
  }

  TEST_CASE("no sentence of a refusal shows a password") {
    for (const char* text :
         {"ws://u:secret@", "ws://u:secret@h:x", "ws://u:secret@h#f", "http://u:secret@h",
          "u:secret@h", "ws://u:secret@[", "ws://u:secret@h h", "ws://u:secret%00@h",
          " ws://u:secret@h", "ws://u:sec ret@h", "ws://u:secret#@h", "ws://u:secret\\@h"}) {
      CAPTURE(text);
      const auto failure = refusal(text);
      CHECK_FALSE(says(failure, "sec"));
      CHECK(says(failure, "***"));
    }
  }
}
