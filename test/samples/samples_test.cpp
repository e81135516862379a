// The samples as their readers run them: by themselves, and against a foreign server.
#include <doctest/doctest.h>

#include <cstdlib>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "interop/peers.hpp"
#include "support/process.hpp"

namespace {

using Lines = std::vector<std::string>;

// What a sample said, and how it ended.
struct Result {
  int status;
  Lines output;
  Lines trace;  // standard error
};

Lines lines_of(const std::string& text) {
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string samples_directory() {
  const char* directory = std::getenv("WEBSOCKETAPP_SAMPLES");
  if (directory == nullptr)
    throw std::runtime_error("WEBSOCKETAPP_SAMPLES does not say where they are");
  return directory;
}

Result run(const std::string& sample, Lines arguments = {}) {
  arguments.insert(arguments.begin(), samples_directory() + "/" + sample);
  support::Process process({std::move(arguments)});
  Result result{-1, {}, {}};
  while (auto line = process.read_line()) result.output.push_back(std::move(*line));
  const auto status = process.wait();
  REQUIRE_MESSAGE(status.has_value(), sample << " does not end");
  result.status = *status;
  result.trace = lines_of(process.errors());
  return result;
}

// Runs it by itself, then against Python's websockets.
template <class Check>
void run_on_both_servers(const std::string& sample, Check check) {
  SUBCASE("against its embedded echo server") { check(run(sample)); }
  SUBCASE("against Python's websockets") {
    interop::Peer& peer = interop::shared(interop::Kind::python_websockets);
    if (interop::skip_without(peer)) return;
    check(run(sample, {peer.url("/echo")}));
  }
}

bool has_line(const Lines& lines, const std::string& pattern) {
  const std::regex expression(pattern);
  for (const std::string& line : lines) {
    if (std::regex_search(line, expression)) return true;
  }
  return false;
}

// The trace without the time and the number of the connection, which each line has to begin with.
Lines without_time(const Lines& trace) {
  static const std::regex beginning(R"(^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} #\d+ )");
  Lines lines;
  for (const std::string& line : trace) {
    CAPTURE(line);
    CHECK(std::regex_search(line, beginning));
    lines.push_back(std::regex_replace(line, beginning, ""));
  }
  return lines;
}

}  // namespace

TEST_SUITE("samples") {
  TEST_CASE("long_lived says hello, answers twice and closes") {
    run_on_both_servers("long_lived", [](const Result& result) {
      CHECK(result.status == 0);
      CHECK(result.output == Lines{"message: hello there", "message: hello again",
                                   "message: hello again", "closed: 1000 "});
    });
  }

  TEST_CASE("long_lived shows the handshake and every frame in its trace") {
    run_on_both_servers("long_lived", [](const Result& result) {
      const Lines trace = without_time(result.trace);
      for (const char* line : {
               "^--- request header ---$",
               "^GET /.* HTTP/1\\.1$",
               "^Upgrade: websocket$",
               "^Sec-WebSocket-Version: 13$",
               "^-----------------------$",
               "^--- response header ---$",
               "^HTTP/1\\.1 101 Switching Protocols$",
               "^Websocket connected$",
               R"(^\+\+Sent raw: b['"]\\x81\\x8b.*['"]$)",
               R"(^\+\+Sent decoded: fin=1 opcode=1 data=b'hello there'$)",
               R"(^\+\+Rcv raw: b'\\x(81\\x0bhello there|c1.*)'$)",
               R"(^\+\+Rcv decoded: fin=1 opcode=1 data=b'hello there'$)",
               R"(^\+\+Sent decoded: fin=1 opcode=8 data=b'\\x03\\xe8'$)",
               R"(^\+\+Rcv decoded: fin=1 opcode=8 data=b'\\x03\\xe8'$)",
           }) {
        CAPTURE(line);
        CHECK(has_line(trace, line));
      }
    });
  }

  TEST_CASE("short_lived connects, sends, receives and closes, and says nothing else") {
    run_on_both_servers("short_lived", [](const Result& result) {
      CHECK(result.status == 0);
      CHECK(result.output == Lines{"received: hello there"});
      CHECK(result.trace.empty());
    });
  }

  TEST_CASE("close_on_open closes in order the moment it is open") {
    run_on_both_servers("close_on_open", [](const Result& result) {
      CHECK(result.status == 0);
      CHECK(result.output == Lines{"open", "closed: 1000, in order"});
    });
  }

  TEST_CASE("background receives what main sends, in order") {
    run_on_both_servers("background", [](const Result& result) {
      CHECK(result.status == 0);
      Lines expected;
      for (int number = 1; number <= 5; ++number) {
        expected.push_back("message: number " + std::to_string(number) + ", sent by main");
      }
      expected.push_back("closed: 1000");
      CHECK(result.output == expected);
    });
  }

  TEST_CASE("connect_by_hand exchanges text and bytes and closes in order") {
    run_on_both_servers("connect_by_hand", [](const Result& result) {
      CHECK(result.status == 0);
      CHECK(result.output == Lines{"connected: 101 Switching Protocols", "received: hello there",
                                   "received: 3 bytes", "nothing more for 50 ms",
                                   "closed: 1000, in order"});
    });
  }

  TEST_CASE("foreign_loop sends at its own ticks, hears the answers and closes") {
    run_on_both_servers("foreign_loop", [](const Result& result) {
      CHECK(result.status == 0);
      CHECK(result.output ==
            Lines{"message: tick 1", "message: tick 2", "message: tick 3", "closed: 1000"});
    });
  }

  TEST_CASE("a sample that finds no server says so and ends with a status of its own") {
    // Port 1 of this machine is nobody's; whoever has it is no WebSocket server.
    for (const char* sample : {"long_lived", "short_lived", "close_on_open", "background",
                               "connect_by_hand", "foreign_loop"}) {
      CAPTURE(sample);
      const Result result = run(sample, {"ws://127.0.0.1:1/"});
      CHECK(result.status == 1);
      CHECK((has_line(result.output, "127\\.0\\.0\\.1:1") ||
             has_line(result.trace, "127\\.0\\.0\\.1:1")));
    }
  }
}

TEST_SUITE("the echo server as a program") {
  TEST_CASE("echo_server prints its URL, serves, and ends with its input") {
    support::Process server({{samples_directory() + "/echo_server"}});
    const auto url = server.read_line();
    REQUIRE(url);
    CHECK(run("short_lived", {*url}).output == Lines{"received: hello there"});
    server.close_input();
    CHECK(server.wait() == 0);
  }

  TEST_CASE("echo_server says why it cannot listen") {
    support::Process first({{samples_directory() + "/echo_server"}});
    const auto url = first.read_line();
    REQUIRE(url);
    const std::string port = url->substr(url->rfind(':') + 1);
    const Result second = run("echo_server", {port.substr(0, port.size() - 1)});
    CHECK(second.status == 1);
    CHECK(has_line(second.trace, "^echo_server: cannot listen on 127\\.0\\.0\\.1:[0-9]+: "));
    CHECK(run("echo_server", {"65536"}).status == 2);
  }
}
