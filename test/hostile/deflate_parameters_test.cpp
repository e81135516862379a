// What a server may say of permessage-deflate in its answer, RFC 7692 5.1 and 7.1, and what it may
// not: then the handshake fails. RFC 6455 9.1: "When using the quoted-string syntax variant, the
// value after quoted-string unescaping MUST conform to the 'token' ABNF."
#include <string>
#include <vector>

#include "hostile/deflated.hpp"
#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::compressed_frame;
using hostile::deflate_line;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using support::RawConnection;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

void check_accepted(const std::string& line, const ConnectOptions& options = quick()) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(line);
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(hostile::switching_protocols(request, line) +
                       compressed_frame(true, 1, hostile::deflated_hello));
      hostile::close_in_order(connection);
    });
    const auto visit = hostile::visit(face, server.url(), options);
    CHECK(visit.hostile.errors.empty());
    CHECK(visit.hostile.texts == std::vector<std::string>{"Hello"});
    CHECK(visit.hostile.info.code == 1000);
    check_usable(visit);
  }
}

// RFC 6455 7.4.1: 1010 says that the client expected another answer about extensions.
void check_refused(const std::string& line, const ConnectOptions& options = quick()) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(line);
    support::Mailbox<hostile::Farewell> farewells;
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(hostile::switching_protocols(request, line) +
                       compressed_frame(true, 1, hostile::deflated_hello));
      farewells.push(hostile::read_farewell(connection));
    });
    const auto visit = hostile::visit(face, server.url(), options);
    check_failed(visit, Errc::unexpected_extension);
    CHECK(visit.hostile.errors.at(0).code == Condition::handshake_failed);
    CHECK(visit.hostile.messages == 0);
    const auto farewell = farewells.pop();
    REQUIRE(farewell);
    CHECK(farewell->frames.size() == 1);
    CHECK(farewell->code() == 1010);
  }
}

const char* const parameters_of_bits[] = {"; server_max_window_bits", "; client_max_window_bits"};

}  // namespace

TEST_SUITE("hostile servers: deflate parameters") {
  TEST_CASE(
      "server_max_window_bits 0, 8, 16, 99, 015, empty, and other numbers: 8 to 15 alone is "
      "accepted") {
    if (hostile::skip_without_deflate()) return;
    for (const std::string name : parameters_of_bits) {
      for (int bits = 8; bits <= 15; ++bits) {
        check_accepted(deflate_line(name + "=" + std::to_string(bits)));
      }
      for (const char* value :
           {"0",
            "1",
            "7",
            "16",
            "32",
            "99",
            "015",
            "08",
            "00000000010",
            "-8",
            "+8",
            "8.0",
            "0x8",
            "1e1",
            "10a",
            "a",
            "264",
            "65544",
            "4294967304",
            "18446744073709551624",
            "115792089237316195423570985008687907853269984665640564039457584007913129639946",
            "*"}) {
        check_refused(deflate_line(name + "=" + value));
      }
      check_refused(deflate_line(name));        // without a value
      check_refused(deflate_line(name + "="));  // with an empty one
      check_refused(deflate_line(name + "= "));
      check_refused(deflate_line(name + "=10 10"));
      check_refused(deflate_line(name + "=10=10"));
    }
  }

  TEST_CASE("server_max_window_bits quoted: what is right without quotes is right with them") {
    if (hostile::skip_without_deflate()) return;
    for (const std::string name : parameters_of_bits) {
      check_accepted(deflate_line(name + "=\"10\""));
      check_accepted(deflate_line(name + "=\"\\1\\0\""));
      for (const char* value :
           {"\"\"", "\"0\"", "\"16\"", "\"015\"", "\" 10\"", "\"10 \"", "\"10", "10\"", "\"10\\\"",
            "\"1\"\"0\"", "'10'", "\"10\"x", "\"10,11\"", "\"10;11\""}) {
        check_refused(deflate_line(name + "=" + value));
      }
    }
  }

  TEST_CASE(
      "server_max_window_bits twice, also with the same value, and every other parameter twice") {
    if (hostile::skip_without_deflate()) return;
    for (const std::string name : parameters_of_bits) {
      check_refused(deflate_line(name + "=10" + name + "=10"));
      check_refused(deflate_line(name + "=10" + name + "=11"));
      check_refused(deflate_line(name + "=10; server_no_context_takeover" + name + "=10"));
    }
    check_refused(deflate_line("; server_no_context_takeover; server_no_context_takeover"));
    check_refused(deflate_line("; client_no_context_takeover; client_no_context_takeover"));
  }

  TEST_CASE("unknown parameters, and values where none belong, are refused") {
    if (hostile::skip_without_deflate()) return;
    for (const char* parameters :
         {"; x", "; x=y", "; server_max_window_bit=10", "; server_max_window_bits2=10",
          "; window_bits=10", "; permessage-deflate", "; server_no_context_takeover=1",
          "; server_no_context_takeover=\"\"", "; server_no_context_takeover=true",
          "; client_no_context_takeover=0", "; client_no_context_takeover=", "; mode=lossy"}) {
      check_refused(deflate_line(parameters));
      check_refused(deflate_line(std::string("; server_max_window_bits=10") + parameters));
    }
  }

  TEST_CASE("a list that cannot be read is refused") {
    if (hostile::skip_without_deflate()) return;
    for (const char* parameters :
         {";", "; ", ";;", "; ; server_max_window_bits=10", "; =10",
          "; \"server_max_window_bits\"=10", " server_max_window_bits=10", "=10", "; server max",
          "; \"", "; (", "; x=\xff", "; server_max_window_bits=10;",
          "; server_max_window_bits=10 client_max_window_bits=10"}) {
      check_refused(deflate_line(parameters));
    }
    check_refused("Sec-WebSocket-Extensions: ;permessage-deflate\r\n");
    check_refused("Sec-WebSocket-Extensions: \"permessage-deflate\"\r\n");
    check_refused(deflate_line("; " + std::string(30'000, 'x')));
    check_refused(deflate_line("; server_max_window_bits=" + std::string(30'000, '1')));
    check_refused(deflate_line(hostile::repeated(";", 30'000)));
    check_refused(deflate_line("; x=\"" + std::string(30'000, '\\')));
  }

  TEST_CASE("the extension twice, or unoffered ones beside it, is refused") {
    if (hostile::skip_without_deflate()) return;
    check_refused(deflate_line(", permessage-deflate"));
    check_refused(deflate_line() + deflate_line());
    check_refused(deflate_line("; server_max_window_bits=10, permessage-deflate"));
    check_refused(deflate_line(", x-unknown"));
    check_refused(deflate_line() + "Sec-WebSocket-Extensions: x-unknown\r\n");
    check_refused("Sec-WebSocket-Extensions: x-unknown, permessage-deflate\r\n");
    check_refused(hostile::repeated(deflate_line(), 500));
  }

  TEST_CASE(
      "what is legal beside it is accepted: white space, empty elements, hints not asked for") {
    if (hostile::skip_without_deflate()) return;
    for (const char* parameters :
         {"", "; server_no_context_takeover", "; client_no_context_takeover",
          "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
          "client_max_window_bits=9",
          " ;\tserver_max_window_bits = 10 ", ";server_max_window_bits=10", " , ,",
          "; client_max_window_bits=\"8\";server_no_context_takeover"}) {
      check_accepted(deflate_line(parameters));
    }
    check_accepted("Sec-WebSocket-Extensions: ,, permessage-deflate\r\n");
    check_accepted("Sec-WebSocket-Extensions: \r\n" + deflate_line());
  }

  TEST_CASE("more window than was asked for is refused") {
    if (hostile::skip_without_deflate()) return;
    ConnectOptions options = quick();
    options.compression.server_max_window_bits = 10;
    for (const char* bits : {"8", "9", "10", "\"10\""}) {
      check_accepted(deflate_line(std::string("; server_max_window_bits=") + bits), options);
    }
    for (const char* bits : {"11", "15"}) {
      check_refused(deflate_line(std::string("; server_max_window_bits=") + bits), options);
    }
    check_refused(deflate_line(), options);
  }
}
