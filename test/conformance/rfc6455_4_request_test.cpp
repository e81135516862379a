// RFC 6455 4.1: the request the client makes, byte by byte, as the server receives it.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conformance/bytes.hpp"
#include "conformance/play.hpp"
#include "conformance/rows.hpp"

using namespace conformance;
using namespace std::string_literals;
using websocket::ConnectOptions;

namespace {

const char* suite = "RFC 6455 4.1 the client's request";

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string line;
  Fields fields;
};

// Reads it strictly: CR LF, "Name: value", names of tokens, no white space around, nothing folded.
Request read_strictly(const std::string& head) {
  REQUIRE(head.ends_with("\r\n\r\n"));
  Request request;
  std::size_t at = 0;
  while (at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    at = end + 2;
    CAPTURE(line);
    REQUIRE(line.find_first_of("\r\n\0"s) == std::string::npos);
    if (request.line.empty()) {
      request.line = line;
      continue;
    }
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "!#$%&'*+-.^_`|~") == std::string::npos);
    CHECK(value == value.substr(value.find_first_not_of(" \t")));
    CHECK(value.find_last_not_of(" \t") + 1 == value.size());
    request.fields.emplace_back(name, value);
  }
  return request;
}

// In lower case, sorted: fields of different names may come in any order (RFC 9110 5.3).
Fields comparable(Fields fields) {
  for (auto& [name, value] : fields) {
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

// What the server receives of a client that connects to that path: all there is before the server
// has said a word.
std::string received(Face face, const std::string& path, const ConnectOptions& options) {
  Case row{.name = {}, .options = options};
  std::string head;
  server().serve_next([&](support::RawConnection& connection) {
    head = connection.accept_handshake();
    connection.write(close_frame(1000));
    std::string unread;
    const auto close = next_frame(connection, unread);
    if (!close || close->opcode != 8) throw support::RawError("more than a request came");
    connection.shutdown();
    connection.wait_for_end();
  });
  const Told told = talk(face, server().url(path), row);
  CHECK(server().wait() == "");
  CHECK(told.opened == 1);
  return head;
}

std::string host() {
  const std::string url = server().url("");
  return url.substr(url.find("//") + 2);
}

// Base64 of 16 bytes: 22 characters of its alphabet and "==", the last of them of four bits alone.
bool is_key(const std::string& key) {
  return key.size() == 24 && key.ends_with("==") &&
         key.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == 22 &&
         "AQgw"s.find(key[21]) != std::string::npos;
}

struct Row {
  std::string name;
  std::string path;
  std::string target;
  ConnectOptions options = patient();
  Fields more{};         // besides the six that are always there
  std::string origin{};  // "": http://host:port
  std::string host{};    // "": the URL's
  bool has_origin = true;
};

void check(const Row& row) {
  for (const Face face : all_faces) {
    auto options = row.options;
    options.compression.enabled = false;
    const Request request = read_strictly(received(face, row.path, options));
    // 4.1, 2: "The method of the request MUST be GET, and the HTTP version MUST be at least 1.1."
    CHECK(request.line == "GET " + row.target + " HTTP/1.1");
    Fields expected = row.more;
    expected.emplace_back("Host", row.host.empty() ? host() : row.host);
    expected.emplace_back("Upgrade", "websocket");
    expected.emplace_back("Connection", "Upgrade");
    expected.emplace_back("Sec-WebSocket-Version", "13");
    if (row.has_origin) {
      expected.emplace_back("Origin", row.origin.empty() ? "http://" + host() : row.origin);
    }
    Fields fields = comparable(request.fields);
    // 4.1, 7: "a nonce consisting of a randomly selected 16-byte value that has been
    // base64-encoded".
    const auto is_field_of_key = [](const auto& field) {
      return field.first == "sec-websocket-key";
    };
    REQUIRE(std::count_if(fields.begin(), fields.end(), is_field_of_key) == 1);
    const auto key = std::find_if(fields.begin(), fields.end(), is_field_of_key);
    CHECK(is_key(key->second));
    fields.erase(key);
    CHECK(fields == comparable(expected));
  }
}

std::vector<Row> rows() {
  std::vector<Row> all;
  // RFC 6455 3: resource-name = "/" if the path component is empty, the path component, "?" if the
  // query component is non-empty, the query component.
  const std::pair<const char*, const char*> targets[] = {
      {"", "/"},
      {"/", "/"},
      {"/chat", "/chat"},
      {"/a/b/c", "/a/b/c"},
      {"//a//b", "//a//b"},
      {"/a?b=c", "/a?b=c"},
      {"?b=c", "/?b=c"},
      {"/?b=c&d=e", "/?b=c&d=e"},
      {"/a?b?c", "/a?b?c"},
      {"/a?b=/c/d", "/a?b=/c/d"},
      {"/%20%C3%A4", "/%20%C3%A4"},
      {"/a;b=c", "/a;b=c"},
      {"/a:b@c", "/a:b@c"},
      {"/~a_b-c.d!e$f&g'h(i)j*k+l,m", "/~a_b-c.d!e$f&g'h(i)j*k+l,m"}};
  for (const auto& [path, target] : targets) {
    all.push_back({.name = "RFC 6455 3: the URL's \""s + path + "\" is asked for as " + target,
                   .path = path,
                   .target = target});
  }
  const std::string long_path = "/" + std::string(6000, 'p');
  all.push_back({.name = "RFC 6455 3: a path of 6000 bytes is asked for as it is",
                 .path = long_path,
                 .target = long_path});
  const auto with = [&](const std::string& name, const std::function<void(Row&)>& change) {
    Row row{.name = name, .path = "/x", .target = "/x"};
    change(row);
    all.push_back(std::move(row));
  };
  // 4.1, 10: "The value if present MUST be comma-separated lists [...] ordered by preference".
  with("RFC 6455 4.1: one subprotocol is offered", [](Row& row) {
    row.options.subprotocols = {"chat"};
    row.more = {{"Sec-WebSocket-Protocol", "chat"}};
  });
  with("RFC 6455 4.1: subprotocols are offered in their order", [](Row& row) {
    row.options.subprotocols = {"z.v2", "a", "Z.v2"};
    row.more = {{"Sec-WebSocket-Protocol", "z.v2, a, Z.v2"}};
  });
  // 4.1, 8: "The request MUST include a header field with the name |Origin| if the request is coming
  // from a browser client. If [...] from a non-browser client, the request MAY include this".
  with("RFC 6455 4.1: the program's origin is sent", [](Row& row) {
    row.options.origin = "https://example.com";
    row.origin = row.options.origin;
  });
  with("RFC 6455 4.1: no origin is sent where the program wants none", [](Row& row) {
    row.options.suppress_origin = true;
    row.has_origin = false;
  });
  with("RFC 6455 4.1: the program's host is sent in place of the URL's", [](Row& row) {
    row.options.host = "example.com:8080";
    row.host = row.options.host;
    row.options.origin = "null";
    row.origin = "null";
  });
  // 4.1, 12: "The request MAY include any other header fields, for example, cookies".
  with("RFC 6455 4.1: the program's header fields are sent as they are", [](Row& row) {
    row.options.header = {{"X-One", "1"}, {"x-two", "a, b; c=\"d\""}, {"X-One", "again"}};
    row.more = {{"X-One", "1"}, {"x-two", "a, b; c=\"d\""}, {"X-One", "again"}};
  });
  with("RFC 6455 4.1: the program's cookie and user agent are sent", [](Row& row) {
    row.options.cookie = "a=b; c=d";
    row.options.user_agent = "test/1.0";
    row.more = {{"Cookie", "a=b; c=d"}, {"User-Agent", "test/1.0"}};
  });
  return all;
}

const bool registered = [] {
  for (const Row& row : rows()) {
    add_row(suite, __FILE__, __LINE__, row.name, [row] { check(row); });
  }
  return true;
}();

}  // namespace

TEST_SUITE("RFC 6455 4.1 the client's request") {
  // 4.1, 7: "The nonce MUST be selected randomly for each connection."
  TEST_CASE("RFC 6455 4.1: the key is another for each of 100 connections, and varies everywhere") {
    std::set<std::string> keys;
    std::map<std::size_t, std::set<char>> at;
    const auto connect = [&](Face face) {
      const std::string key =
          support::header_value(received(face, "/", patient()), "Sec-WebSocket-Key");
      CHECK(is_key(key));
      CHECK(keys.insert(key).second);
      for (std::size_t i = 0; i < 22; ++i) at[i].insert(key[i]);
    };
    for (int i = 0; i < 50; ++i) {
      connect(Face::app);
      connect(Face::client);
    }
    // 100 of 64 letters: fewer than 20 of them is no chance. The last of them has but four values.
    for (std::size_t i = 0; i < 21; ++i) CHECK(at[i].size() > 20);
    CHECK(at[21].size() == 4);
  }

  TEST_CASE("RFC 6455 4.1: one object's second connection has another key") {
    std::set<std::string> keys;
    websocket::WebSocketApp app(server().url(), patient());
    websocket::WebSocket socket(patient());
    const Case row{.name = {}};
    for (int i = 0; i < 6; ++i) {
      server().serve_next([&](support::RawConnection& connection) {
        keys.insert(support::header_value(connection.accept_handshake(), "Sec-WebSocket-Key"));
        connection.write(close_frame(1000));
        connection.shutdown();
        connection.wait_for_end();
      });
      static_cast<void>(i % 2 ? talk(app, row, Face::app) : talk(socket, server().url(), row));
      CHECK(server().wait() == "");
    }
    CHECK(keys.size() == 6);
  }
}
