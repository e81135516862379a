// The public headers: each compiles alone (header_alone.cpp.in, once per header), and none of them
// asks for more than the standard library.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <websocket/websocket.hpp>

TEST_SUITE("public headers") {
  TEST_CASE("a public header includes the standard library and public headers, nothing else") {
    int headers = 0;
    for (const auto& entry : std::filesystem::directory_iterator(WEBSOCKETAPP_INCLUDE_DIRECTORY)) {
      if (entry.path().extension() != ".hpp") continue;
      ++headers;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("#include")) continue;
        CAPTURE(entry.path());
        CAPTURE(line);
        const bool is_public = line.starts_with("#include <websocket/");
        const bool is_standard =
            line.starts_with("#include <") && line.find_first_of("./") == std::string::npos;
        CHECK((is_public || is_standard));
      }
    }
    CHECK(headers == 15);
  }

  TEST_CASE("options are written with designated initialisers, as many as are wanted") {
    const websocket::ConnectOptions options{.close_timeout = std::chrono::seconds(1),
                                            .header = {{"X-A", "1"}},
                                            .tls = {.verify_peer = false},
                                            .limits = {.max_message_size = 10}};
    CHECK(options.timeout == std::chrono::seconds(30));
    CHECK(options.limits.max_fragments == 131072);
    CHECK(options.limits.max_response_head == 64U * 1024U);
    CHECK(options.limits.max_send_buffer == 16U * 1024U * 1024U);
    const websocket::RunOptions run{.reconnect = websocket::ReconnectPolicy{.max_attempts = 3}};
    CHECK(run.reconnect->initial_delay == std::chrono::milliseconds(500));
    CHECK(run.reconnect->max_delay == std::chrono::seconds(60));
    CHECK(run.ping_interval == std::chrono::milliseconds(0));
  }

  TEST_CASE("headers keep their order and repeats and are found without regard to case") {
    websocket::Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
    CHECK(headers.get("a") == "1");
    CHECK(headers.get_all("A").size() == 2);
    CHECK_FALSE(headers.get("c"));
    headers.set("a", "4");
    CHECK(headers.size() == 2);
    CHECK(headers.begin()->second == "4");
  }
}
