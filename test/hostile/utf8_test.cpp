// Text that is not UTF-8, RFC 6455 8.1, and when that is said: as soon as it cannot become valid any
// more, though the frame has not ended and its rest never comes.
#include <string>
#include <vector>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::FrameServer;
using hostile::HostileServer;
using hostile::name_of;
using hostile::Pieces;
using hostile::quick;
using hostile::raw;
using support::RawConnection;
using support::server_frame;
using websocket::Errc;

namespace {

void check_refused(const std::string& bytes) {
  for (const Face face : both_faces) {
    for (const Pieces pieces : {Pieces::whole, Pieces::single_bytes}) {
      CAPTURE(name_of(face));
      FrameServer server(bytes, pieces);
      const auto visit = hostile::visit(face, server.url(), quick());
      check_failed(visit, Errc::invalid_utf8);
      CHECK(visit.hostile.texts == std::vector<std::string>{"before"});
      check_farewell(server, 1007);
    }
  }
}

void check_received(const std::string& bytes, const std::string& text) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(hostile::switching_protocols(request) + bytes);
      hostile::close_in_order(connection);
    });
    const auto visit = hostile::visit(face, server.url(), quick());
    CHECK(visit.hostile.errors.empty());
    CHECK(visit.hostile.texts == std::vector<std::string>{text});
    CHECK(visit.hostile.info.code == 1000);
    check_usable(visit);
  }
}

// A text frame's header that declares more than ever comes.
std::string unfinished(const std::string& payload) {
  return raw({0x81, 127, 0, 0, 0, 0, 0, 16, 0, 0}) + payload;
}

// Beginnings of characters of two, three and four bytes, each a byte short at least.
const char* const cut_characters[] = {
    "\xc2",     "\xdf",     "\xe0",         "\xe0\xa0", "\xed\x9f", "\xef\xbf",    "\xf0",
    "\xf0\x90", "\xf4\x8f", "\xf4\x8f\xbf", "\xe2\x82", "\xf3\xbf", "\xf0\x9f\x99"};

// What no UTF-8 contains; each is invalid from its last byte on.
const char* const impossible[] = {"\x80",     "\xbf",         "\xc0",         "\xc1",
                                  "\xf5",     "\xff",         "\xfe",         "\xc2\x41",
                                  "\xe0\x9f", "\xe0\x80",     "\xed\xa0",     "\xed\xbf",
                                  "\xf0\x8f", "\xf0\x80",     "\xf4\x90",     "\xf4\xbf",
                                  "\xe2\x28", "\xe2\x82\x28", "\xf0\x9f\x28", "\xf0\x9f\x99\x28"};

}  // namespace

TEST_SUITE("hostile servers: UTF-8") {
  TEST_CASE("truncated UTF-8 at the end of a message: 1007") {
    for (const std::string cut : cut_characters) {
      CAPTURE(cut);
      check_refused(server_frame(true, 1, cut));
      check_refused(server_frame(true, 1, "whole and then " + cut));
    }
  }

  TEST_CASE("truncated UTF-8 at the end of a message in fragments: 1007") {
    for (const std::string cut : cut_characters) {
      CAPTURE(cut);
      check_refused(server_frame(false, 1, "a") + server_frame(true, 0, cut));
      check_refused(server_frame(false, 1, cut) + server_frame(true, 0, ""));
      check_refused(server_frame(false, 1, cut) + server_frame(false, 0, "") +
                    server_frame(true, 10, "") + server_frame(true, 0, "a"));
    }
  }

  TEST_CASE("invalid UTF-8 fails as soon as it can't become valid, in the middle of a frame") {
    for (const std::string bad : impossible) {
      CAPTURE(bad);
      check_refused(unfinished(bad));
      check_refused(unfinished("valid until here, " + bad));
    }
  }

  TEST_CASE(
      "invalid UTF-8 fails as soon as it can't become valid, though more fragments are to come") {
    for (const std::string bad : impossible) {
      CAPTURE(bad);
      check_refused(server_frame(false, 1, bad));
      check_refused(server_frame(false, 1, "valid, ") + server_frame(false, 0, bad));
      if (bad.size() < 2) continue;
      const std::string first(bad.begin(), bad.end() - 1);
      check_refused(server_frame(false, 1, first) + server_frame(false, 0, "") +
                    server_frame(false, 0, std::string(1, bad.back())));
    }
  }

  TEST_CASE("a character cut by the end of a fragment is whole when its rest comes") {
    for (const std::string whole :
         {"\xc2\x80", "\xe2\x82\xac", "\xf0\x9f\x99\x82", "\xf4\x8f\xbf\xbf"}) {
      for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        check_received(server_frame(false, 1, "a" + whole.substr(0, cut)) +
                           server_frame(true, 9, "\xff\xff") + server_frame(false, 0, "") +
                           server_frame(true, 0, whole.substr(cut) + "b"),
                       "a" + whole + "b");
      }
    }
  }

  TEST_CASE("binary messages may hold what text may not") {
    for (const std::string bad : impossible) {
      check_received(server_frame(false, 2, bad) + server_frame(true, 0, bad), bad + bad);
    }
  }
}
