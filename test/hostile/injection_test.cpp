// CR LF in what a program passes on: RFC 9110 5.5, "Field values containing CR, LF, or NUL characters
// are invalid and dangerous". It is refused before anything is sent, whoever may have put it there.
#include <string>
#include <string_view>
#include <vector>

#include "hostile/expect.hpp"

using hostile::both_faces;
using hostile::Face;
using hostile::name_of;
using hostile::quick;
using hostile::Seen;
using support::RawConnection;
using support::RawServer;
using websocket::Condition;
using websocket::ConnectOptions;
using websocket::Headers;
using namespace std::string_literals;

namespace {

// What an attacker would put into a value.
const std::string poisons[] = {"\r\nX-Injected: yes"s,
                               "\nX-Injected: yes"s,
                               "\rX-Injected: yes"s,
                               "\r\n\r\nGET /second HTTP/1.1\r\n"s,
                               "\r"s,
                               "\n"s,
                               "\0"s,
                               "\0\r\nX-Injected: yes"s};

// Where a poison goes: the URL or the options.
struct Place {
  std::string what;
  void (*put)(std::string& url, ConnectOptions& options, const std::string& poison);
};

const Place places[] = {
    {"a header's value",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.header.add("X-Mine", "a" + poison + "b");
     }},
    {"the end of a header's value",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.header.add("X-Mine", "a" + poison);
     }},
    {"a header's name",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.header.add("X-Mine" + poison, "value");
     }},
    {"a header of the factory",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.header_factory = [poison] { return Headers{{"X-Token", "a" + poison}}; };
     }},
    {"the name of a header of the factory",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.header_factory = [poison] { return Headers{{poison + "X-Token", "value"}}; };
     }},
    {"the path",
     [](std::string& url, ConnectOptions&, const std::string& poison) { url += "a" + poison; }},
    {"the query",
     [](std::string& url, ConnectOptions&, const std::string& poison) { url += "?a=b" + poison; }},
    {"the host in the URL",
     [](std::string& url, ConnectOptions&, const std::string& poison) {
       url.insert(url.find("127") + 3, poison);
     }},
    {"the port in the URL", [](std::string& url, ConnectOptions&,
                               const std::string& poison) { url.insert(url.size() - 1, poison); }},
    {"the user in the URL",
     [](std::string& url, ConnectOptions&, const std::string& poison) {
       url.insert(url.find("127"), "me" + poison + ":secret@");
     }},
    {"the cookie", [](std::string&, ConnectOptions& options,
                      const std::string& poison) { options.cookie = "a=b" + poison; }},
    {"a subprotocol",
     [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.subprotocols = {"chat", "chat2" + poison};
     }},
    {"the host", [](std::string&, ConnectOptions& options,
                    const std::string& poison) { options.host = "example.com" + poison; }},
    {"the origin",
     [](std::string&, ConnectOptions& options,
        const std::string& poison) { options.origin = "https://example.com" + poison; }},
    {"the user agent", [](std::string&, ConnectOptions& options, const std::string& poison) {
       options.user_agent = "mine/1.0" + poison;
     }}};

// Welcomes everybody and keeps the requests.
struct Listener {
  support::Mailbox<std::string> requests;
  RawServer server{[this](RawConnection& connection) {
    requests.push(connection.accept_handshake());
    connection.write_text(hostile::welcome);
    hostile::close_in_order(connection);
  }};

  // A harmless visit's request; it is the first that came.
  std::string first_request(Face face, const ConnectOptions& options = quick(),
                            std::string_view path = "/") {
    const auto visit = hostile::visit(face, server.url(path), options);
    hostile::check_welcome(visit.hostile);
    CHECK(server.accepted() == 3);
    return requests.pop().value_or("");
  }
};

void check_refused(const Seen& seen) {
  REQUIRE(seen.errors.size() == 1);
  const auto& error = seen.errors[0];
  CAPTURE(error.message);
  CHECK(error.code == Condition::invalid_argument);
  CHECK(seen.ends == 1);
  CHECK(seen.info.code == 1006);
  // Nor does it get into a log by way of the error.
  CHECK(error.message.find_first_of("\r\n\0"s) == std::string::npos);
}

}  // namespace

TEST_SUITE("hostile servers: injection") {
  TEST_CASE(
      "CR LF through header, path, cookie, subprotocol, host, origin, user agent: nothing is "
      "sent") {
    for (const Face face : both_faces) {
      for (const Place& place : places) {
        CAPTURE(name_of(face));
        CAPTURE(place.what);
        Listener listener;
        for (const std::string& poison : poisons) {
          std::string url = listener.server.url();
          ConnectOptions options = quick();
          place.put(url, options, poison);
          const auto visit = hostile::visit(face, url, options);
          check_refused(visit.before);
          check_refused(visit.hostile);
          check_refused(visit.after);
        }
        // The first connection that server ever sees is the harmless one that comes now.
        CHECK(listener.first_request(face).starts_with("GET / HTTP/1.1\r\n"));
      }
    }
  }

  TEST_CASE(
      "CR LF that is percent-encoded stays so: the request has the lines it would have without") {
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      Listener listener;
      const std::string request =
          listener.first_request(face, quick(), "/a%0d%0aX-Injected:%20yes?b=%0D%0A%00");
      CHECK(request.starts_with("GET /a%0d%0aX-Injected:%20yes?b=%0D%0A%00 HTTP/1.1\r\n"));
      CHECK(support::header_value(request, "X-Injected").empty());
    }
  }

  TEST_CASE("what looks alike and is harmless goes through as it is") {
    ConnectOptions options = quick();
    options.header.add("X-Mine", "a\\r\\nX-Injected: yes %0d%0a");
    options.cookie = "a=b; c=d";
    for (const Face face : both_faces) {
      CAPTURE(name_of(face));
      Listener listener;
      const std::string request = listener.first_request(face, options);
      CHECK(support::header_value(request, "X-Mine") == "a\\r\\nX-Injected: yes %0d%0a");
      CHECK(support::header_value(request, "Cookie") == "a=b; c=d");
      CHECK(support::header_value(request, "X-Injected").empty());
    }
  }
}
