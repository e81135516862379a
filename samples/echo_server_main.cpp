// The samples' echo server as a program of its own: prints its URL and runs until its input ends.
//
//   echo_server [port]        without a port: one that is free
#include <charconv>
#include <cstdint>
#include <exception>
#include <iostream>
#include <limits>
#include <string_view>

#include "echo_server.hpp"

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) {
      std::cerr << "echo_server: \"" << text << "\" is no port, which is a number up to 65535\n";
      return 2;
    }
  }
  try {
    const samples::EchoServer server(port);
    std::cout << server.url() << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  } catch (const std::exception& problem) {
    std::cerr << "echo_server: cannot listen on 127.0.0.1:" << port << ": " << problem.what()
              << '\n';
    return 1;
  }
}
