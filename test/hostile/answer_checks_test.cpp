// What has to be checked in the answer to the opening handshake, RFC 6455 4.1, and what must not be
// refused: field values are the token lists they are (RFC 9110 5.6.1).
#include <string>
#include <vector>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::HostileServer;
using hostile::name_of;
using hostile::quick;
using support::RawConnection;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Errc;

namespace {

std::string accept_for(const std::string& request) {
  return support::accept_value(support::header_value(request, "Sec-WebSocket-Key"));
}

// An answer 101 of exactly these lines, in which KEY stands for the right accept value.
std::string answer_of(const std::string& request, std::string lines) {
  const auto at = lines.find("KEY");
  if (at != std::string::npos) lines.replace(at, 3, accept_for(request));
  return "HTTP/1.1 101 Switching Protocols\r\n" + lines + "\r\n";
}

const std::string upgrade = "Upgrade: websocket\r\n";
const std::string connection_upgrade = "Connection: Upgrade\r\n";
const std::string accept = "Sec-WebSocket-Accept: KEY\r\n";

void check_accepted(const std::string& lines, const ConnectOptions& options = quick()) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(lines);
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(answer_of(request, lines));
      connection.write_text("accepted");
      hostile::close_in_order(connection);
    });
    const auto visit = hostile::visit(face, server.url(), options);
    CHECK(visit.hostile.errors.empty());
    CHECK(visit.hostile.texts == std::vector<std::string>{"accepted"});
    CHECK(visit.hostile.info.code == 1000);
    check_usable(visit);
  }
}

void check_refused(const std::string& lines, Errc code, const ConnectOptions& options = quick()) {
  for (const Face face : both_faces) {
    CAPTURE(name_of(face));
    CAPTURE(lines);
    HostileServer server([&](RawConnection& connection, const std::string& request) {
      connection.write(answer_of(request, lines));
      connection.write_text("not to be seen");
      connection.shutdown();
      connection.wait_for_end();
    });
    const auto visit = hostile::visit(face, server.url(), options);
    check_failed(visit, code);
    CHECK(visit.hostile.errors.at(0).code == Condition::handshake_failed);
    CHECK(visit.hostile.errors[0].stage == websocket::Stage::handshake);
    CHECK(visit.hostile.messages == 0);
  }
}

ConnectOptions offering(std::vector<std::string> subprotocols) {
  ConnectOptions options = quick();
  options.subprotocols = std::move(subprotocols);
  return options;
}

}  // namespace

TEST_SUITE("hostile servers: what the answer says") {
  TEST_CASE("Connection: keep-alive, Upgrade is accepted, and every other list with that token") {
    for (const std::string lines :
         {"Connection: keep-alive, Upgrade\r\n", "Connection: Upgrade, keep-alive\r\n",
          "Connection: keep-alive,Upgrade\r\n", "Connection:Upgrade\r\n", "connection: uPGRADE\r\n",
          "CONNECTION: \t Upgrade \t\r\n", "Connection: ,, Upgrade ,\r\n",
          "Connection: keep-alive\r\nConnection: Upgrade\r\n",
          "Connection: a, b, c, d, UPGRADE, e, f\r\n"}) {
      check_accepted(upgrade + lines + accept);
    }
  }

  TEST_CASE("Connection without the token Upgrade is refused") {
    for (const std::string lines :
         {"", "Connection: keep-alive\r\n", "Connection: close\r\n", "Connection: Upgraded\r\n",
          "Connection: keep-alive Upgrade\r\n", "Connection: \"Upgrade\"\r\n", "Connection: \r\n",
          "Connection: ,,,\r\n", "X-Connection: Upgrade\r\n", "Connection: Upgrade;x\r\n"}) {
      check_refused(upgrade + lines + accept, Errc::invalid_connection);
    }
  }

  TEST_CASE("Upgrade is websocket without regard to case, and nothing else") {
    for (const std::string lines :
         {"Upgrade: WebSocket\r\n", "upgrade: WEBSOCKET\r\n", "UPGRADE:websocket \r\n"}) {
      check_accepted(lines + connection_upgrade + accept);
    }
    for (const std::string lines : {"", "Upgrade: websocket2\r\n", "Upgrade: websockets\r\n",
                                    "Upgrade: web socket\r\n", "Upgrade: h2c\r\n", "Upgrade: \r\n",
                                    "Upgrade: \"websocket\"\r\n", "Upgrade: websocket/13\r\n"}) {
      check_refused(lines + connection_upgrade + accept, Errc::invalid_upgrade);
    }
  }

  TEST_CASE("the accept value is checked: white space around it alone may differ") {
    for (const std::string line :
         {"Sec-WebSocket-Accept:KEY\r\n", "sec-websocket-accept: \t KEY \t \r\n"}) {
      check_accepted(upgrade + connection_upgrade + line);
    }
    for (const std::string line :
         {"", "Sec-WebSocket-Accept: \r\n",
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
          "Sec-WebSocket-Accept: KEY=\r\n", "Sec-WebSocket-Accept: \"KEY\"\r\n",
          "Sec-WebSocket-Accept: KEY, KEY\r\n", "Sec-WebSocket-Accept: xKEY\r\n",
          "X-Sec-WebSocket-Accept: KEY\r\n",
          "Sec-WebSocket-Accept: KEY\r\nSec-WebSocket-Accept: other\r\n"}) {
      check_refused(upgrade + connection_upgrade + line, Errc::invalid_accept);
    }
  }

  TEST_CASE("the accept value is checked: every character of it, its case and its end") {
    const auto variations = [](const std::string& right) {
      std::vector<std::string> wrong = {right.substr(0, 27), right.substr(0, 26), right.substr(1)};
      for (std::size_t i = 0; i < right.size(); ++i) {
        wrong.push_back(right);
        wrong.back()[i] = right[i] == 'A' ? 'B' : 'A';
      }
      return wrong;
    };
    const std::size_t count = variations(std::string(28, 'x')).size();
    for (const Face face : both_faces) {
      for (std::size_t i = 0; i < count; ++i) {
        CAPTURE(name_of(face));
        CAPTURE(i);
        HostileServer server([&](RawConnection& connection, const std::string& request) {
          connection.write("HTTP/1.1 101 X\r\n" + upgrade + connection_upgrade +
                           "Sec-WebSocket-Accept: " + variations(accept_for(request))[i] +
                           "\r\n\r\n");
          connection.shutdown();
          connection.wait_for_end();
        });
        check_failed(hostile::visit(face, server.url(), quick()), Errc::invalid_accept);
      }
    }
  }

  TEST_CASE("the key sent back, or another connection's accept value, is refused") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      HostileServer echoing([&](RawConnection& connection, const std::string& request) {
        connection.write("HTTP/1.1 101 X\r\n" + upgrade + connection_upgrade +
                         "Sec-WebSocket-Accept: " +
                         support::header_value(request, "Sec-WebSocket-Key") + "\r\n\r\n");
        connection.wait_for_end();
      });
      check_failed(hostile::visit(face, echoing.url(), quick()), Errc::invalid_accept);
    }
  }

  TEST_CASE("the subprotocol is checked: one of those offered, as it was offered") {
    const std::string opened = upgrade + connection_upgrade + accept;
    check_accepted(opened, offering({"chat", "chat2"}));
    check_accepted(opened + "Sec-WebSocket-Protocol: chat2\r\n", offering({"chat", "chat2"}));
    for (const std::string line :
         {"Sec-WebSocket-Protocol: other\r\n", "Sec-WebSocket-Protocol: CHAT\r\n",
          "Sec-WebSocket-Protocol: cha\r\n", "Sec-WebSocket-Protocol: chat3\r\n",
          "Sec-WebSocket-Protocol: chat, chat2\r\n", "Sec-WebSocket-Protocol: \"chat\"\r\n",
          "Sec-WebSocket-Protocol: \r\n",
          "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat2\r\n"}) {
      check_refused(opened + line, Errc::unexpected_subprotocol, offering({"chat", "chat2"}));
    }
    check_refused(opened + "Sec-WebSocket-Protocol: chat\r\n", Errc::unexpected_subprotocol);
  }

  TEST_CASE("the extension is checked: none that was not offered") {
    const std::string opened = upgrade + connection_upgrade + accept;
    for (const std::string line :
         {"Sec-WebSocket-Extensions: x-unknown\r\n", "Sec-WebSocket-Extensions: x-unknown; a=b\r\n",
          "Sec-WebSocket-Extensions: permessage-deflat\r\n",
          "Sec-WebSocket-Extensions: permessage-deflate2\r\n",
          "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n",
          "Sec-WebSocket-Extensions: , x-unknown\r\n",
          "Sec-WebSocket-Extensions: \r\nSec-WebSocket-Extensions: x-unknown\r\n"}) {
      check_refused(opened + line, Errc::unexpected_extension);
    }
    ConnectOptions without = quick();
    without.compression.enabled = false;
    check_refused(opened + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                  Errc::unexpected_extension, without);
    // RFC 6455 9.1: extension-list = 1#extension, so one there has to be.
    check_refused(opened + "Sec-WebSocket-Extensions: \r\n", Errc::unexpected_extension);
    check_refused(opened + "Sec-WebSocket-Extensions: , ,\r\n", Errc::unexpected_extension,
                  without);
  }
}
